/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SYSTEM_QOM_TYPES_H
#define SYSTEM_QOM_TYPES_H

void qom_types_register(void);          /* before type_init_all() */
void qom_containers_make(void);         /* after it: the paths that are always there */

#endif
