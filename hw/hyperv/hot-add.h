/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The range of guest-physical addresses where a memory backend's memory is added to the guest, from
 * its start on, in pieces. A piece is mapped when it is offered; what the guest does not take is
 * unmapped again. Host memory behind addresses that are not mapped stays untouched.
 *
 *     gpa                              next                                  gpa + backend's size
 *      |-gap-|--piece, taken--|--taken--|- - - - - - room - - - - - - - - - - - -|
 *
 * A gap comes from the guest's alignment. Knows no protocol; big lock.
 *
 * When another kernel takes over without a reset nobody knows whether it was told of the pieces: it
 * may have them in its memory map, and its own image in them. They stay mapped, and are offered
 * again before new ones. What is refused then, is known already.
 */
#ifndef HW_HYPERV_HOT_ADD_H
#define HW_HYPERV_HOT_ADD_H

#include "memory/memory.h"
#include "page-range-tree.h"

typedef struct HotAdd HotAdd;

/* @ram: at least 4 KiB; @gpa: a page multiple. The reference to @ram is shared. */
HotAdd *hot_add_new(MemoryRegion *space, uint64_t gpa, RAMBlock *ram);
void hot_add_free(HotAdd *h);                   /* unmaps all; NULL is fine */

/* what the guest that is there wants: pieces of multiples of @pages at multiples of it; 2^n */
void hot_add_set_align(HotAdd *h, uint64_t pages);

/**
 * hot_add_next - the piece to offer next when @want_pages are missing
 * @round_up: rather too much than too little, where there is room
 * Returns n_pages 0 when there is no room, or less is missing than may be added at a time.
 */
PageRange hot_add_next(const HotAdd *h, uint64_t want_pages, bool round_up);
/* maps a piece of hot_add_next()'s, if it is not mapped yet; one at a time */
void hot_add_offer(HotAdd *h, PageRange piece);
/**
 * hot_add_taken - the guest has taken the first @n_pages of what was offered
 * The rest is unmapped. Less than all ends hot-adding until the next reset: what became of the rest
 * in the guest is unknown. Nothing at all with @may_retry leaves the piece to be offered again.
 * Returns the pages that the guest has more than before: at most what was offered, but for a kernel
 * that took over and refuses: then all that is mapped.
 */
uint64_t hot_add_taken(HotAdd *h, uint64_t n_pages, bool may_retry);

uint64_t hot_add_pages(const HotAdd *h);        /* taken */
uint64_t hot_add_max_pages(const HotAdd *h);    /* of the backend */
uint64_t hot_add_offered(const HotAdd *h);      /* on offer */
bool hot_add_closed(const HotAdd *h);           /* no more until reset */
unsigned hot_add_pieces(const HotAdd *h);       /* taken */
PageRange hot_add_piece(const HotAdd *h, unsigned i);

/* Another kernel has taken over. */
void hot_add_new_guest(HotAdd *h);
/* The machine starts again: all is unmapped, its content given back to the host. */
void hot_add_reset(HotAdd *h);

#endif
