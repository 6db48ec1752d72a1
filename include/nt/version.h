/* SPDX-License-Identifier: MIT */
#ifndef NT_VERSION_H
#define NT_VERSION_H
#define NT_VERSION "0.1.0"
#define NT_VERSION_DATE "November 23, 2026" /* as manual pages print it */
#define NT_UNICODE_VERSION "16.0.0" /* of the table of character classes in lib/text ... */
#define NT_NORMAL_VERSION  "9.0.0"  /* ... and of that of normal forms, which follows the reference */
#endif
