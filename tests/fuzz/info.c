/* SPDX-License-Identifier: MIT */
/* info.c - bytes as a file that nt-info is asked about: whatever describes it makes one JSON value, or refuses;
 * of GGUF, gguf.c shows it */
#include <stdint.h>
#include <string.h>

#include "io/json.h"
#include "nt/data.h"
#include "nt/dedup.h"
#include "nt/manifest.h"
#include "nt/safetensors.h"
#include "nt/stream.h"
#include "nt/tokenizer.h"
#include "nt/vocab.h"
#include "tests/fuzz/folder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static int describe_data(const char *path, struct nt_buf *json)
{
	struct nt_data *d;
	int rc = nt_data_is(path) == 1 ? nt_data_open(&d, path) : NT_EFORMAT;
	if (rc < 0)
		return rc;
	rc = nt_data_describe(d, json);
	nt_data_close(d);
	return rc;
}

static int describe_safetensors(const char *path, struct nt_buf *json)
{
	struct nt_safetensors *s;
	int rc = nt_safetensors_open(&s, path);
	if (rc < 0)
		return rc;
	rc = nt_safetensors_metadata(s, json);
	nt_safetensors_close(s);
	return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static int (*const describe[])(const char *path, struct nt_buf *json) = {
		nt_counts_describe, nt_state_describe, nt_manifest_describe, nt_stream_describe,
		describe_data, describe_safetensors,
	};
	put("file", data, len);
	for (size_t i = 0; i < sizeof(describe) / sizeof(*describe); i++) {
		struct nt_buf json = {0};
		struct nt_json j;
		if (describe[i](path_of("file"), &json) == 0) {
			nt_json_init(&j, json.data, json.len);
			nt_assert(nt_json_skip(&j, NULL) == 0 && nt_json_end(&j) == 0);
			nt_json_release(&j);
		}
		nt_buf_release(&json);
	}
	return 0;
}
