/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests of hv-balloon: a Dynamic Memory driver's messages, over fake-guest.h's rings. */
#ifndef HW_HYPERV_FAKE_DM_H
#define HW_HYPERV_FAKE_DM_H

#include "dynmem-wire.h"
#include "fake-guest.h"

extern FakeRings dm_rings;

void dm_connect(void);                          /* machine reset, then up to the open channel */
void dm_reopen(void);                           /* closes and opens it: a driver loaded again */
bool dm_negotiate(uint32_t version, bool last); /* accepted? */
void dm_offer_caps(uint64_t bits);              /* and takes the answer */

void dm_send_version(uint32_t version, bool last);
void dm_send_caps(uint64_t bits);
void dm_send_status(uint64_t available, uint64_t committed);
void dm_send_pages(const PageRange *r, unsigned n, bool more);
void dm_send_unballooned(void);
void dm_send_hot_added(uint32_t n_pages, uint32_t result);

uint32_t dm_expect_request(void);               /* pages of the BALLOON_REQUEST that comes next */
/* takes all UNBALLOON_REQUESTs of one transaction; returns pages */
uint64_t dm_expect_return(unsigned *n_ranges, unsigned *n_messages);
PageRange dm_expect_hot_add(void);
void dm_expect_nothing(void);

#endif
