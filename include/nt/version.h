/* SPDX-License-Identifier: MIT */
#ifndef NT_VERSION_H
#define NT_VERSION_H
#define NT_VERSION "0.1.0"
#define NT_VERSION_DATE "November 23, 2026" /* as manual pages print it */
#endif
