/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VMBus control messages (payload of port and slot messages), protocol versions up to 4.0. */
#ifndef HW_HYPERV_VMBUS_WIRE_H
#define HW_HYPERV_VMBUS_WIRE_H

#include "util/wire.h"

typedef enum VMBusMsgType {
    VMBUS_OFFERCHANNEL = 1, VMBUS_RESCIND, VMBUS_REQUESTOFFERS, VMBUS_ALLOFFERS_DELIVERED,
    VMBUS_OPENCHANNEL, VMBUS_OPENCHANNEL_RESULT, VMBUS_CLOSECHANNEL, VMBUS_GPADL_HEADER,
    VMBUS_GPADL_BODY, VMBUS_GPADL_CREATED, VMBUS_GPADL_TEARDOWN, VMBUS_GPADL_TORNDOWN,
    VMBUS_RELID_RELEASED, VMBUS_INITIATE_CONTACT, VMBUS_VERSION_RESPONSE, VMBUS_UNLOAD,
    VMBUS_UNLOAD_RESPONSE, VMBUS_LAST_MSG_TYPE = 29
} VMBusMsgType;

enum { VMBUS_VERSION_2_4 = 0x20004, VMBUS_VERSION_4_0 = 0x40000 };

typedef struct WireVMBus { le32 type, pad; } WireVMBus;
WIRE_SIZE(WireVMBus, 8);

typedef struct WireInitiate {
    WireVMBus h;
    le32 version;
    le32 target_vp;
    le64 interrupt_page, monitor_page1, monitor_page2;  /* not used by us */
} WireInitiate;
WIRE_SIZE(WireInitiate, 40);

typedef struct WireVersionResponse {
    WireVMBus h;
    uint8_t supported;
    uint8_t state;
    le16 pad;
    le32 connection_id;         /* from 5.0 on */
} WireVersionResponse;
WIRE_SIZE(WireVersionResponse, 16);

typedef struct WireOffer {
    WireVMBus h;
    uint8_t type_guid[16], instance_guid[16];
    le64 reserved[2];
    le16 flags;
    le16 mmio_mib;
    uint8_t user[120];
    le16 sub_index;
    le16 reserved2;
    le32 relid;
    uint8_t monitor_id;
    uint8_t monitor_allocated;
    le16 dedicated_interrupt;
    le32 connection_id;
} WireOffer;
WIRE_SIZE(WireOffer, 196);
WIRE_AT(WireOffer, flags, 56);
WIRE_AT(WireOffer, sub_index, 180);
WIRE_AT(WireOffer, relid, 184);
WIRE_AT(WireOffer, connection_id, 192);

typedef struct WireOpen {
    WireVMBus h;
    le32 relid, open_id, gpadl_id, target_vp, downstream_page;
    uint8_t user[120];
} WireOpen;
WIRE_SIZE(WireOpen, 148);

typedef struct WireOpenResult {
    WireVMBus h;
    le32 relid, open_id, status;
} WireOpenResult;
WIRE_SIZE(WireOpenResult, 20);

typedef struct WireRelid {      /* RESCIND, CLOSECHANNEL, RELID_RELEASED */
    WireVMBus h;
    le32 relid;
} WireRelid;
WIRE_SIZE(WireRelid, 12);

typedef struct WireGpadlHeader {
    WireVMBus h;
    le32 relid, gpadl_id;
    le16 ranges_bytes;          /* sum of 8 + 8 * PFNs of all ranges */
    le16 n_ranges;
    le32 byte_count, byte_offset;       /* of range 0 */
    /* le64 pfns[] follow, at 28 */
} WireGpadlHeader;
WIRE_SIZE(WireGpadlHeader, 28);

typedef struct WireGpadlBody {
    WireVMBus h;
    le32 number, gpadl_id;
    /* le64 pfns[] follow */
} WireGpadlBody;
WIRE_SIZE(WireGpadlBody, 16);

typedef struct WireGpadlCreated {
    WireVMBus h;
    le32 relid, gpadl_id, status;
} WireGpadlCreated;
WIRE_SIZE(WireGpadlCreated, 20);

typedef struct WireGpadlTeardown {
    WireVMBus h;
    le32 relid, gpadl_id;
} WireGpadlTeardown;
WIRE_SIZE(WireGpadlTeardown, 16);

typedef struct WireGpadlTorndown {
    WireVMBus h;
    le32 gpadl_id;
} WireGpadlTorndown;
WIRE_SIZE(WireGpadlTorndown, 12);

#endif
