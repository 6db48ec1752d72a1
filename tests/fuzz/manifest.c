/* SPDX-License-Identifier: MIT */
/*
 * manifest.c - any bytes as a manifest: two of them joined, added to, counted, taken over, and shown
 *
 * What is taken for a manifest stays one, whatever is done to it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "data/manifest.h"
#include "nt/manifest.h"
#include "nt/table.h"
#include "tests/fuzz/folder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(const struct nt_buf *b, size_t len)
{
	if (nt_manifest_check((const char *)b->data, len, "made") < 0)
		abort();
}

/* One that is kept in a file, of text that came and of text that did not. */
static void keep(const char *json)
{
	struct nt_buf members = {0}, said = {0}, loaded = {0};
	struct nt_digest came = {.documents = 2, .bytes = 7}, other = {.hash = {.lo = 1}};
	const struct nt_stream_counts counts = {1, 2, 3, 4};
	char *path = path_of("manifest");
	nt_assert(nt_manifest_tokens(&members, "in", &counts) == 0 && nt_manifest_text(&members, "out", &came) == 0);
	nt_assert(nt_manifest_add(&said, json, "fuzz", (const char *)members.data + 2) == 0);
	put("manifest", said.data, said.len);
	nt_assert(nt_manifest_load(&loaded, path, &came) == 0 && nt_manifest_load(&loaded, path, &other) == NT_EFORMAT);
	nt_assert(nt_manifest_save(path, json) == 0);
	nt_manifest_load(&loaded, path, &came);
	nt_assert(nt_manifest_clear(path) == 0 && access(path, F_OK) < 0);
	nt_assert(nt_manifest_load(&loaded, path, &came) == NT_EFORMAT);
	put("manifest", members.data, members.len); /* another kind of file stays */
	nt_assert(nt_manifest_clear(path) == NT_EARG && access(path, F_OK) == 0);
	nt_buf_release(&members);
	nt_buf_release(&said);
	nt_buf_release(&loaded);
}

/* A page whose lines hold no byte that a terminal obeys. */
static void show(const char *manifest)
{
	struct nt_buf json = {0}, table = {0};
	nt_assert(nt_buf_printf(&json, "{\"file\": \"a\", \"manifest\": %s}", manifest) == 0);
	if (nt_table(&table, json.data, json.len) == 0)
		for (size_t i = 0; i < table.len; i++)
			nt_assert((table.data[i] >= 0x20 && table.data[i] != 0x7f) || table.data[i] == '\n');
	nt_buf_release(&json);
	nt_buf_release(&table);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nt_buf text = {0}, all = {0}, more = {0}, counted = {0};
	const struct nt_stream_counts counts = {1, 2, 3, UINT64_MAX};
	if (nt_manifest_check((const char *)data, size, "fuzz") < 0 || nt_buf_add(&text, data, size) < 0 ||
	    nt_buf_add(&text, "", 1) < 0) {
		nt_buf_release(&text);
		return 0;
	}
	const char *json = (const char *)text.data;
	for (int i = 0; i < 2; i++) {
		if (nt_manifest_join(&all, json) < 0)
			abort();
		require(&all, all.len - 1);
	}
	if (nt_manifest_add(&more, (const char *)all.data, "fuzz", "\"in\": {\"hash\": \"\"}") < 0 ||
	    nt_manifest_count(&counted, (const char *)more.data, &counts) < 0)
		abort();
	require(&more, more.len);
	keep(json);
	show(json);
	require(&counted, counted.len - 1);
	nt_buf_release(&text);
	nt_buf_release(&all);
	nt_buf_release(&more);
	nt_buf_release(&counted);
	return 0;
}
