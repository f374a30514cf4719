/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fake-dm.h"
#include "hw/core/device.h"
#include "util/wire.h"
#include "vmbus-wire.h"

FakeRings dm_rings;

void dm_send_version(uint32_t version, bool last)
{
    uint8_t w[16] = { DM_VERSION_REQUEST, 0, 16, 0, 1 };

    stle32(w + 8, version);
    stle32(w + 12, last);
    fake_send(&dm_rings, w, sizeof(w));
}

void dm_send_caps(uint64_t bits)
{
    uint8_t w[32] = { DM_CAPS_REPORT, 0, 32, 0, 2 };

    stle64(w + 8, bits);
    stle64(w + 24, UINT64_MAX);
    fake_send(&dm_rings, w, sizeof(w));
}

void dm_send_status(uint64_t available, uint64_t committed)
{
    uint8_t w[48] = { DM_STATUS_REPORT, 0, 48, 0, 3 };

    stle64(w + 8, available);
    stle64(w + 16, committed);
    fake_send(&dm_rings, w, sizeof(w));
    fake_pump();
}

void dm_send_pages(const PageRange *r, unsigned n, bool more)
{
    uint8_t w[4096] = { DM_BALLOON_RESPONSE, 0, 0, 0, 4 };

    stle16(w + 2, (uint16_t)(16 + n * 8));
    stle32(w + 12, n << 1 | more);
    for (unsigned i = 0; i < n; i++) {
        stle64(w + 16 + i * 8, r[i].start_pfn | r[i].n_pages << 40);
    }
    fake_send(&dm_rings, w, 16 + n * 8);
    fake_pump();
}

void dm_send_unballooned(void)
{
    uint8_t w[8] = { DM_UNBALLOON_RESPONSE, 0, 8, 0, 5 };

    fake_send(&dm_rings, w, sizeof(w));
    fake_pump();
}

void dm_send_hot_added(uint32_t n_pages, uint32_t result)
{
    uint8_t w[16] = { DM_HOT_ADD_RESPONSE, 0, 16, 0, 6 };

    stle32(w + 8, n_pages);
    stle32(w + 12, result);
    fake_send(&dm_rings, w, sizeof(w));
    fake_pump();
}

uint32_t dm_expect_request(void)
{
    uint8_t w[4096];

    g_assert_cmpuint(fake_recv(&dm_rings, w), ==, 16);
    g_assert_cmpuint(ldle16(w), ==, DM_BALLOON_REQUEST);
    return ldle32(w + 8);
}

void dm_expect_nothing(void)
{
    uint8_t w[4096];

    g_assert_cmpuint(fake_recv(&dm_rings, w), ==, 0);
}

uint64_t dm_expect_return(unsigned *n_ranges, unsigned *n_messages)
{
    uint64_t pages = 0;
    uint8_t w[4096];
    bool more;

    *n_ranges = *n_messages = 0;
    do {
        size_t len = fake_recv(&dm_rings, w);
        g_assert_cmpuint(len, >=, 24);
        g_assert_cmpuint(ldle16(w), ==, DM_UNBALLOON_REQUEST);
        unsigned n = ldle32(w + 12);
        more = ldle32(w + 8) & 1;
        g_assert_cmpuint(len, ==, 16 + n * 8);
        for (unsigned i = 0; i < n; i++) {
            pages += ldle64(w + 16 + i * 8) >> 40;
        }
        *n_ranges += n;
        ++*n_messages;
    } while (more);
    return pages;
}

PageRange dm_expect_hot_add(void)
{
    uint8_t w[4096];

    g_assert_cmpuint(fake_recv(&dm_rings, w), ==, 24);
    g_assert_cmpuint(ldle16(w), ==, DM_HOT_ADD_REQUEST);
    g_assert_cmphex(ldle64(w + 8), ==, ldle64(w + 16));         /* region = range */
    return (PageRange){ ldle64(w + 8) & 0xffffffffff, ldle64(w + 8) >> 40 };
}

void dm_connect(void)
{
    uint8_t guid[16];
    uint32_t relid;

    device_reset_all();
    hv_partition_reset(fake.partition);
    fake_synic_on(0);
    g_assert_true(fake_contact(VMBUS_VERSION_4_0));
    relid = fake_take_offers(guid);
    static const uint8_t expect[16] = { 0xdc, 0x74, 0x50, 0x52, 0x85, 0x89, 0xe2, 0x46, 0x80, 0x57,
                                        0xa3, 0x07, 0xdc, 0x18, 0xa5, 0x02 };
    g_assert_cmpmem(guid, 16, expect, 16);
    g_assert_cmpuint(fake_gpadl(relid, FAKE_GPADL), ==, 0);
    fake_rings_clear();
    g_assert_cmpuint(fake_open(relid, FAKE_GPADL, FAKE_RING_DOWN), ==, 0);
    fake_rings_init(&dm_rings, relid);
}

void dm_reopen(void)
{
    fake_close(dm_rings.relid);
    fake_rings_clear();
    g_assert_cmpuint(fake_open(dm_rings.relid, FAKE_GPADL, FAKE_RING_DOWN), ==, 0);
    fake_rings_init(&dm_rings, dm_rings.relid);
}

bool dm_negotiate(uint32_t version, bool last)
{
    uint8_t w[4096];

    dm_send_version(version, last);
    g_assert_cmpuint(fake_recv(&dm_rings, w), ==, 16);
    g_assert_cmpuint(ldle16(w), ==, DM_VERSION_RESPONSE);
    g_assert_cmpuint(ldle32(w + 4), ==, 1);     /* the request's transaction id */
    return ldle64(w + 8) & 1;
}

void dm_offer_caps(uint64_t bits)
{
    uint8_t w[4096];

    dm_send_caps(bits);
    g_assert_cmpuint(fake_recv(&dm_rings, w), ==, 16);
    g_assert_cmpuint(ldle16(w), ==, DM_CAPS_RESPONSE);
    g_assert_cmpuint(ldle64(w + 8), ==, 1);     /* accepted; status reports wanted */
}
