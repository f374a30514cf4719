/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fw_cfg: named blobs that firmware and drivers read. */
#ifndef HW_NVRAM_FW_CFG_H
#define HW_NVRAM_FW_CFG_H

#include "hw/core/device.h"

#define TYPE_FW_CFG "fw_cfg_io"
DECLARE_TYPE(FwCfg, fw_cfg, TYPE_FW_CFG)

enum { FW_CFG_SIGNATURE = 0x00, FW_CFG_ID = 0x01, FW_CFG_UUID = 0x02, FW_CFG_RAM_SIZE = 0x03,
       FW_CFG_NOGRAPHIC = 0x04, FW_CFG_NB_CPUS = 0x05, FW_CFG_NUMA = 0x0d,
       FW_CFG_BOOT_MENU = 0x0e, FW_CFG_MAX_CPUS = 0x0f, FW_CFG_FILE_DIR = 0x19,
       FW_CFG_FILE_FIRST = 0x20 };

/* ports 0x510..0x51b in @io */
FwCfg *fw_cfg_new(MemoryRegion *io, Error **errp);
/* the data is copied */
void fw_cfg_add(FwCfg *s, uint16_t key, const void *data, uint32_t n_bytes);
void fw_cfg_add_u16(FwCfg *s, uint16_t key, uint16_t v);
void fw_cfg_add_u64(FwCfg *s, uint16_t key, uint64_t v);
/* replaces a file of the same name; false: the directory is full */
bool fw_cfg_add_file(FwCfg *s, const char *name, const void *data, uint32_t n_bytes);

#endif
