/* SPDX-License-Identifier: MIT */
/*
 * nt-info - what a file of the suite is and holds
 *
 * What kind of file it is, its first bytes say. Each kind has a function that makes a JSON
 * object of it; --json prints that, and the table for people is printed from it too, so
 * the two cannot differ. Only a checkpoint knows better what of it people want to see.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/main.h"
#include "nt/data.h"
#include "nt/dedup.h"
#include "nt/file.h"
#include "nt/gguf.h"
#include "nt/manifest.h"
#include "nt/mem.h"
#include "nt/model.h"
#include "nt/safetensors.h"
#include "nt/table.h"
#include "nt/tokenizer.h"
#include "nt/train.h"
#include "nt/vocab.h"

struct options {
	const char *output;
	bool verify, json;
};

#define AT(field) offsetof(struct options, field)
static const struct nt_opt opts[] = {
	{.help = "What to do"},
	{0, "verify", NT_OPT_FLAG, AT(verify), NULL, NULL, 0, 0,
	 "check every hash; exit with status 1 if there is damage"},
	{0, "json", NT_OPT_FLAG, AT(json), NULL, NULL, 0, 0, "print one JSON object a file, a line each"},
	{'o', "output", NT_OPT_STR, AT(output), "FILE", NULL, 0, 0, "write to FILE"},
	{0},
};

/* --- one function a kind: a JSON object, or text where that is made elsewhere ------- */

static int describe_data(const char *path, const struct options *o, struct nt_buf *json)
{
	struct nt_data *d;
	int rc = nt_data_open(&d, path);
	if (rc == 0 && o->verify)
		rc = nt_data_verify(d);
	if (rc == 0)
		rc = nt_data_describe(d, json);
	nt_data_close(d);
	return rc;
}

static int describe_stream(const char *path, const struct options *o, struct nt_buf *json)
{
	(void)o; /* a stream cannot be read without checking all of it */
	return nt_stream_describe(path, json);
}

static int describe_tokenizer(const char *path, const struct options *o, struct nt_buf *json)
{
	(void)o; /* nor can a vocabulary */
	struct nt_tokenizer *t;
	int rc = nt_tokenizer_open(&t, path, NULL);
	const struct nt_ident *ident = rc == 0 ? nt_tokenizer_ident(t) : NULL;
	if (rc == 0)
		rc = ident ? nt_ident_describe(ident, path, json) : NT_ESYS;
	nt_tokenizer_free(t);
	return rc;
}

static int describe_counts(const char *path, const struct options *o, struct nt_buf *json)
{
	(void)o; /* nor can they */
	return nt_counts_describe(path, json);
}

/* What nt-cat and nt-filter leave beside their text. */
static int describe_manifest(const char *path, const struct options *o, struct nt_buf *json)
{
	(void)o; /* a manifest has no hashes of its own */
	return nt_manifest_describe(path, json);
}

static int describe_state(const char *path, const struct options *o, struct nt_buf *json)
{
	(void)o; /* nor can they */
	return nt_state_describe(path, json);
}

static int describe_checkpoint(const char *dir, const struct options *o, struct nt_buf *json)
{
	int rc = o->verify ? nt_checkpoint_verify(dir) : 0;
	return rc < 0 ? rc : nt_checkpoint_describe(dir, o->json, json);
}

/* Hugging Face's directory, of any program. */
static int describe_model(const char *dir, const struct options *o, struct nt_buf *json)
{
	(void)o; /* there are no hashes; names, shapes and places are checked when it is opened */
	return nt_model_describe(dir, json);
}

/* {"name": "model.norm.weight", "dtype": "F32", "shape": [64], "bytes": 256} */
static int describe_tensor(const struct nt_safetensor *t, struct nt_buf *json)
{
	int rc = nt_buf_printf(json, "{\"name\": ");
	if (rc == 0)
		rc = nt_json_string(json, t->name, strlen(t->name));
	if (rc == 0)
		rc = nt_buf_printf(json, ", \"dtype\": \"%s\", \"shape\": [", t->dtype);
	for (uint32_t i = 0; rc == 0 && i < t->n_dim; i++)
		rc = nt_buf_printf(json, "%s%zu", i ? ", " : "", t->shape[i]);
	return rc < 0 ? rc : nt_buf_printf(json, "], \"bytes\": %zu}", t->n_bytes);
}

static int describe_tensors(const struct nt_safetensors *s, struct nt_buf *json)
{
	int rc = nt_buf_printf(json, ", \"metadata\": ");
	if (rc == 0)
		rc = nt_safetensors_metadata(s, json);
	if (rc == 0)
		rc = nt_buf_printf(json, ", \"list\": [");
	for (size_t i = 0; rc == 0 && i < nt_safetensors_count(s); i++) {
		rc = nt_buf_printf(json, i ? ", " : "");
		if (rc == 0)
			rc = describe_tensor(nt_safetensors_at(s, i), json);
	}
	return rc < 0 ? rc : nt_buf_printf(json, "]}");
}

static int describe_safetensors(const char *path, const struct options *o, struct nt_buf *json)
{
	(void)o; /* the format has no hashes; its offsets are checked when it is opened */
	struct nt_safetensors *s;
	uint64_t parameters = 0, bytes = 0;
	int rc = nt_safetensors_open(&s, path);
	if (rc < 0)
		return rc;
	size_t n = nt_safetensors_count(s);
	const char *dtype = n ? nt_safetensors_at(s, 0)->dtype : "";
	for (size_t i = 0; i < n; i++) {
		const struct nt_safetensor *t = nt_safetensors_at(s, i);
		parameters += t->n;
		bytes += t->n_bytes;
		dtype = strcmp(dtype, t->dtype) == 0 ? dtype : "mixed";
	}
	if ((rc = nt_buf_printf(json, "{\"file\": ")) == 0)
		rc = nt_json_string(json, path, strlen(path));
	if (rc == 0)
		rc = nt_buf_printf(json, ", \"kind\": \"tensors\", \"format\": \"safetensors\", "
				   "\"tensors\": %zu, \"parameters\": %" PRIu64
				   ", \"dtype\": \"%s\", \"tensor_bytes\": %" PRIu64,
				   n, parameters, dtype, bytes);
	if (rc == 0)
		rc = describe_tensors(s, json);
	nt_safetensors_close(s);
	return rc;
}

static int describe_gguf(const char *path, const struct options *o, struct nt_buf *json)
{
	(void)o; /* nor has this one */
	struct nt_gguf *g;
	int rc = nt_gguf_open(&g, path);
	if (rc == 0)
		rc = nt_gguf_describe(g, path, json);
	nt_gguf_close(g);
	return rc;
}

/* --- which kind is it? ----------------------------------------------------------- */

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);
	return n >= m && strcmp(s + n - m, end) == 0;
}

static int describe(const char *path, const struct options *o, struct nt_buf *json)
{
	uint8_t magic[8] = {0};
	if (nt_is_standard(path)) {
		int is = nt_data_is(path);
		return is < 0 ? is : is ? describe_data(path, o, json) : describe_stream(path, o, json);
	}
	if (nt_is_folder(path))
		return nt_checkpoint_is(path) ? describe_checkpoint(path, o, json)
		       : nt_model_is(path)    ? describe_model(path, o, json)
					      : describe_tokenizer(path, o, json);
	int fd = nt_open_read(path);
	if (fd < 0)
		return fd;
	ssize_t n = nt_read_full(fd, magic, sizeof(magic), path);
	nt_close_read(fd);
	if (n < 0)
		return (int)n;
	size_t seen = n < 4 ? (size_t)n : 4; /* one cut down to a byte is still told by it */
	if (n > 0 && memcmp(magic, "\x89NTD", seen) == 0)
		return describe_data(path, o, json);
	if (n > 0 && memcmp(magic, "NTS1", seen) == 0)
		return describe_stream(path, o, json);
	if (n > 3 && memcmp(magic, "\x89NTC", seen) == 0)
		return describe_counts(path, o, json);
	if (n > 3 && memcmp(magic, "\x89NTK", seen) == 0)
		return describe_state(path, o, json);
	if (n > 2 && memcmp(magic, "[{\"", 3) == 0)
		return describe_manifest(path, o, json);
	if (n > 3 && memcmp(magic, "GGUF", 4) == 0)
		return describe_gguf(path, o, json);
	if (n == 8 && ends_with(path, ".safetensors"))
		return describe_safetensors(path, o, json);
	if (magic[0] == '{' || ends_with(path, ".tiktoken"))
		return describe_tokenizer(path, o, json);
	return nt_fail(NT_EFORMAT,
		       "%s: %s; nt-info knows token streams, data files, tokenizers, counts, states, "
		       "manifests, checkpoints, models, safetensors and GGUF",
		       path, n == 0 ? "empty" : "not a file of this suite");
}

/* --- out ------------------------------------------------------------------------- */

static int write_lines(struct nt_out *out, const struct nt_buf *lines)
{
	int rc = nt_out_write(out, lines->data, lines->len);
	return rc == 0 && lines->data[lines->len - 1] != '\n' ? nt_out_write(out, "\n", 1) : rc;
}

static int write_table(struct nt_out *out, const char *path, const struct nt_buf *json)
{
	struct nt_buf table = {0};
	int rc = nt_table(&table, json->data, json->len);
	rc = rc < 0 ? nt_fail(rc, "%s: %s", path, nt_errmsg()) : write_lines(out, &table);
	nt_buf_release(&table);
	return rc;
}

/* What is known goes out at once: the next file may take long, or be none of ours. */
static int write_one(const struct options *o, struct nt_out *out, const char *path, const struct nt_buf *made,
		     bool is_first)
{
	int rc = o->json || is_first ? 0 : nt_out_write(out, "\n", 1);
	if (rc == 0)
		rc = o->json || made->data[0] != '{' ? write_lines(out, made) : write_table(out, path, made);
	return rc < 0 ? rc : nt_out_flush(out);
}

static int run(struct nt_cli *cli, void *opt, char **operand, int n_operand)
{
	static char *const standard_input[] = {"-"};
	const struct options *o = opt;
	struct nt_buf json = {0};
	struct nt_out *out;
	char *const *path = n_operand ? operand : standard_input;
	int n = n_operand ? n_operand : 1, n_damaged = 0, rc = nt_out_open(&out, o->output, 0);
	for (int i = 0; i < n && rc == 0; i++) {
		json.len = 0;
		rc = describe(path[i], o, &json);
		if (rc == 0)
			rc = write_one(o, out, path[i], &json, i == n_damaged);
		if (rc == NT_EFORMAT && o->verify && n > 1) { /* the others are asked all the same */
			nt_cli_complain(cli, "%s", nt_errmsg());
			n_damaged++;
			rc = 0;
		}
	}
	nt_buf_release(&json);
	if (rc == 0 && n_damaged)
		rc = nt_fail(NT_EFORMAT, "damage in %d of %s", n_damaged, nt_counted((uint64_t)n, "file"));
	if (rc == 0)
		rc = nt_out_close(out);
	else
		nt_out_discard(out);
	if (o->verify && rc == 0)
		nt_cli_say(cli, "%s, no damage", nt_counted((uint64_t)n, "file"));
	/* asked whether there is damage, the answer is yes; only reading on would be an error */
	return o->verify && rc == NT_EFORMAT ? NT_EFAIL : rc;
}

static const struct nt_example examples[] = {
	{"nt-info data.bin", "What is in a data file, and how it came about"},
	{"nt-tokenize a.txt | nt-info", "How many tokens a text has"},
	{"nt-info --verify *.bin && echo whole", "Check every hash"},
	{"nt-info --json data.bin | jq .tokens", "One number out of it"},
	{"nt-info model.gguf", "What anybody's GGUF file says of itself, and its tensors"},
	{0},
};

static const struct nt_cmd cmd = {
	.name = "nt-info",
	.what = "describe and verify any file of the suite",
	.synopsis = "[OPTION...] [FILE...]",
	.about = "Describes token streams, data files, tokenizers (tokenizer.json, .tiktoken), counts, states, "
		 "manifests, checkpoints, safetensors and GGUF files, or the stream on standard input. Streams "
		 "and data files tell how they came about: each program of the pipeline with its options and what it counted.\n\n"
		 "Without --verify the tokens of a data file are not read; its header, indexes and "
		 "footers always are checked. A file that is cut or damaged ends it with status 3; with "
		 "--verify all files are looked at, each that is damaged has a line on standard error, and the "
		 "status is 1.",
	.examples = examples,
	.see_also = "nt-dedup nt-pack nt-score nt-tokenize nt-train",
	.opts = opts,
	.opts_bytes = sizeof(struct options),
	.run = run,
};

int main(int argc, char **argv)
{
	return nt_cli_main(&cmd, argc, argv);
}
