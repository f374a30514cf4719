/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where Elbrus' kernel structures and flags differ from the host's. */
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/sem.h>
#include <sys/stat.h>
#include "e2k.h"

#define HOST(type, field) offsetof(struct type, field), sizeof(((struct type *)0)->field)

static const FieldMap stat_fields[] = {
    { HOST(stat, st_dev), 0, 4 }, { HOST(stat, st_ino), 8, 8 }, { HOST(stat, st_mode), 16, 4 },
    { HOST(stat, st_nlink), 20, 4 }, { HOST(stat, st_uid), 24, 4 }, { HOST(stat, st_gid), 28, 4 },
    { HOST(stat, st_rdev), 32, 4 }, { HOST(stat, st_size), 40, 8 },
    { HOST(stat, st_blksize), 48, 8 }, { HOST(stat, st_blocks), 56, 8 },
    { HOST(stat, st_atim.tv_sec), 64, 8 }, { HOST(stat, st_atim.tv_nsec), 72, 8 },
    { HOST(stat, st_mtim.tv_sec), 80, 8 }, { HOST(stat, st_mtim.tv_nsec), 88, 8 },
    { HOST(stat, st_ctim.tv_sec), 96, 8 }, { HOST(stat, st_ctim.tv_nsec), 104, 8 }, { 0 },
};
const StructMap e2k_stat = { sizeof(struct stat), 112, stat_fields };

static const FieldMap stat64_fields[] = {
    { HOST(stat, st_dev), 0, 8 }, { HOST(stat, st_ino), 8, 8 }, { HOST(stat, st_mode), 16, 4 },
    { HOST(stat, st_nlink), 20, 4 }, { HOST(stat, st_uid), 24, 4 }, { HOST(stat, st_gid), 28, 4 },
    { HOST(stat, st_rdev), 32, 8 }, { HOST(stat, st_size), 40, 8 },
    { HOST(stat, st_blksize), 48, 4 }, { HOST(stat, st_blocks), 56, 8 },
    { HOST(stat, st_atim.tv_sec), 64, 4 }, { HOST(stat, st_atim.tv_nsec), 68, 4 },
    { HOST(stat, st_mtim.tv_sec), 72, 4 }, { HOST(stat, st_mtim.tv_nsec), 76, 4 },
    { HOST(stat, st_ctim.tv_sec), 80, 4 }, { HOST(stat, st_ctim.tv_nsec), 84, 4 }, { 0 },
};
const StructMap e2k_stat64 = { sizeof(struct stat), 88, stat64_fields };

/* packed on x86-64 only */
static const FieldMap epoll_fields[] = {
    { HOST(epoll_event, events), 0, 4 }, { HOST(epoll_event, data), 8, 8 }, { 0 },
};
const StructMap e2k_epoll_event = { sizeof(struct epoll_event), 16, epoll_fields };

/* sem_perm is the same; without the spare words behind the times */
static const FieldMap semid_fields[] = {
    { 0, 8, 0, 8 }, { 8, 8, 8, 8 }, { 16, 8, 16, 8 }, { 24, 8, 24, 8 }, { 32, 8, 32, 8 },
    { 40, 8, 40, 8 }, { HOST(semid_ds, sem_otime), 48, 8 }, { HOST(semid_ds, sem_ctime), 56, 8 },
    { HOST(semid_ds, sem_nsems), 64, 8 }, { 0 },
};
const StructMap e2k_semid_ds = { sizeof(struct semid_ds), 88, semid_fields };

/* but for the sharing type, which is the same */
const FlagMap e2k_mmap_flags[] = {
    { 0x10, MAP_ANONYMOUS }, { 0x100, MAP_FIXED }, { 0x800, MAP_DENYWRITE },
    { 0x4000, MAP_EXECUTABLE }, { 0x8000, MAP_LOCKED }, { 0x10000, MAP_NORESERVE },
    { 0x20000, MAP_POPULATE }, { 0x40000, MAP_NONBLOCK }, { 0x80000, MAP_32BIT },
    { 0x200000, MAP_HUGETLB }, { 0x400000, MAP_FIXED_NOREPLACE }, { 0 },
};
