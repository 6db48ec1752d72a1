/* SPDX-License-Identifier: MIT */
#ifndef IO_ARCHIVE_H
#define IO_ARCHIVE_H
/*
 * archive.h - libarchive, loaded when the first archive or compressed file comes along
 *
 * With the 13 libraries that it needs in turn it takes a millisecond to load, as long as
 * all else that a command needs to begin; and most runs read plain text.
 */
#include <archive.h>
#include <archive_entry.h>

#define NT_ARCHIVE_FUNCTIONS(f)                                                                    \
	f(archive_entry_filetype) f(archive_entry_free) f(archive_entry_hardlink)                  \
	f(archive_entry_is_encrypted) f(archive_entry_new)                                         \
	f(archive_entry_pathname) f(archive_entry_pathname_utf8) f(archive_errno)                  \
	f(archive_error_string) f(archive_filter_bytes) f(archive_read_append_filter)              \
	f(archive_read_data) f(archive_read_free) f(archive_read_new)                              \
	f(archive_read_next_header2) f(archive_read_open1) f(archive_read_set_callback_data)       \
	f(archive_read_set_format) f(archive_read_set_option) f(archive_read_set_read_callback)    \
	f(archive_read_set_seek_callback) f(archive_read_support_format_7zip)                      \
	f(archive_read_support_format_ar) f(archive_read_support_format_cpio)                      \
	f(archive_read_support_format_tar) f(archive_read_support_format_zip_seekable)             \
	f(archive_read_support_format_zip_streamable) f(archive_set_error)

/* Its functions, under their own names. */
struct nt_libarchive {
#define NT_POINTER(name) __typeof__(name) *name;
	NT_ARCHIVE_FUNCTIONS(NT_POINTER)
#undef NT_POINTER
};

/* NULL if it is not there, or not what it should be. Loaded once, for all threads. */
const struct nt_libarchive *nt_libarchive(void);

#endif
