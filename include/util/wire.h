/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Little-endian fields of guest structures: structs, so that arithmetic on them won't compile. */
#ifndef UTIL_WIRE_H
#define UTIL_WIRE_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct { uint16_t raw; } __attribute__((packed)) le16;
typedef struct { uint32_t raw; } __attribute__((packed)) le32;
typedef struct { uint64_t raw; } __attribute__((packed)) le64;

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define WIRE_SWAP(n, x) (x)
#else
#define WIRE_SWAP(n, x) __builtin_bswap##n(x)
#endif
static inline uint16_t le16_get(le16 v) { return WIRE_SWAP(16, v.raw); }
static inline uint32_t le32_get(le32 v) { return WIRE_SWAP(32, v.raw); }
static inline uint64_t le64_get(le64 v) { return WIRE_SWAP(64, v.raw); }
static inline le16 le16_of(uint16_t v) { return (le16){ WIRE_SWAP(16, v) }; }
static inline le32 le32_of(uint32_t v) { return (le32){ WIRE_SWAP(32, v) }; }
static inline le64 le64_of(uint64_t v) { return (le64){ WIRE_SWAP(64, v) }; }

/* unaligned memory */
static inline uint16_t ldle16(const void *p) { le16 v; memcpy(&v, p, 2); return le16_get(v); }
static inline uint32_t ldle32(const void *p) { le32 v; memcpy(&v, p, 4); return le32_get(v); }
static inline uint64_t ldle64(const void *p) { le64 v; memcpy(&v, p, 8); return le64_get(v); }
static inline void stle16(void *p, uint16_t x) { le16 v = le16_of(x); memcpy(p, &v, 2); }
static inline void stle32(void *p, uint32_t x) { le32 v = le32_of(x); memcpy(p, &v, 4); }
static inline void stle64(void *p, uint64_t x) { le64 v = le64_of(x); memcpy(p, &v, 8); }

#define WIRE_SIZE(T, n)         static_assert(sizeof(T) == (n), #T " size")
#define WIRE_AT(T, field, n)    static_assert(offsetof(T, field) == (n), #T "." #field " offset")

#endif
