/* SPDX-License-Identifier: MIT */
/*
 * nt-info - what a file of the suite is and holds
 *
 * What kind of file it is, its first bytes say. Each kind has a function that makes a JSON
 * object of it; --json prints that, and the table for people is printed from it too, so
 * the two cannot differ. Only a checkpoint knows better what of it people want to see.
 */
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/main.h"
#include "nt/data.h"
#include "nt/dedup.h"
#include "nt/file.h"
#include "nt/gguf.h"
#include "nt/manifest.h"
#include "nt/mem.h"
#include "nt/model.h"
#include "nt/safetensors.h"
#include "nt/tokenizer.h"
#include "nt/train.h"
#include "nt/vocab.h"

struct options {
	bool verify, json;
};

#define AT(field) offsetof(struct options, field)
static const struct nt_opt opts[] = {
	{.help = "What to do"},
	{0, "verify", NT_OPT_FLAG, AT(verify), NULL, NULL, 0, 0,
	 "check every hash; exit with status 1 if there is damage"},
	{0, "json", NT_OPT_FLAG, AT(json), NULL, NULL, 0, 0, "print one JSON object a file, a line each"},
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
	struct stat st;
	uint8_t magic[8] = {0};
	if (strcmp(path, "-") == 0) {
		int is = nt_data_is(path);
		return is < 0 ? is : is ? describe_data(path, o, json) : describe_stream(path, o, json);
	}
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
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

/* --- for people ------------------------------------------------------------------ */

static const char *text_of(json_object *value)
{
	return value ? json_object_get_string(value) : "none";
}

static json_object *member(json_object *o, const char *key)
{
	return json_object_object_get(o, key); /* nothing has no members */
}

/* A member that has members: what stands in a manifest may be anything. */
static json_object *object(json_object *o, const char *key)
{
	json_object *value = member(o, key);
	return json_object_is_type(value, json_type_object) ? value : NULL;
}

/* The text without control bytes: it comes out of a file, and a terminal obeys them. */
static const char *plain(struct nt_buf *text)
{
	for (size_t i = 0; i < text->len; i++)
		if (text->data[i] < 0x20 || text->data[i] == 0x7f)
			text->data[i] = '?';
	return (const char *)text->data;
}

/* --- the funnel ------------------------------------------------------------------ */

static const char *const column[] = {"bytes", "documents", "tokens"};
enum { N_COLUMN = sizeof(column) / sizeof(*column), PAGE_WIDTH = 80, INDENT = 6, GAP = 10 };

/* What was let through, and the share of what came that was lost: "790001  -3.2 %". The gap
 * is the room before the next column. */
static void print_column(int *gap, json_object *in, json_object *out)
{
	char number[24] = "-", share[16] = "";
	double before = in ? json_object_get_double(in) : 0;
	uint64_t n = out ? json_object_get_uint64(out) : 0;
	if (out && n < 1000000000000)
		snprintf(number, sizeof(number), "%llu", nt_llu(n));
	else if (out)
		snprintf(number, sizeof(number), "%.3f T", (double)n / 1e12);
	if (out && (double)n < before)
		snprintf(share, sizeof(share), "-%.3g %%", 100 * (1 - (double)n / before));
	printf("%*s%12s%s%s", *gap, "", number, *share ? "  " : "", share);
	*gap = GAP - (*share ? 2 + (int)strlen(share) : 0);
}

static bool is_one_of(const char *key, const char *const *word, size_t n)
{
	for (size_t k = 0; k < n; k++)
		if (strcmp(key, word[k]) == 0)
			return true;
	return false;
}

/* Adds what stands in no column: " by=unit", " units=3 of 4". */
static int add_words(struct nt_buf *words, json_object *o, json_object *came)
{
	int rc = 0;
	json_object_object_foreach(o, key, value)
	{
		json_object *before = member(came, key);
		if (rc < 0 || strcmp(key, "hash") == 0 || is_one_of(key, column, N_COLUMN))
			continue;
		if (json_object_is_type(value, json_type_object)) { /* --json has it whole */
			rc = nt_buf_printf(words, " %s=%d", key, json_object_object_length(value));
			continue;
		}
		rc = nt_buf_printf(words, " %s=%s", key, text_of(value));
		if (rc == 0 && before && !json_object_equal(before, value))
			rc = nt_buf_printf(words, " of %s", text_of(before));
	}
	return rc;
}

/* Adds what else was counted: " dropped: short=12"; what is 0 is not worth a word. */
static int add_counts(struct nt_buf *words, json_object *entry)
{
	static const char *const told[] = {"program", "version", "options", "in", "out"};
	int rc = 0;
	json_object_object_foreach(entry, name, counts)
	{
		if (rc < 0 || is_one_of(name, told, sizeof(told) / sizeof(*told)))
			continue;
		if (!json_object_is_type(counts, json_type_object)) {
			rc = nt_buf_printf(words, " %s=%s", name, text_of(counts));
			continue;
		}
		rc = nt_buf_printf(words, " %s:", name);
		json_object_object_foreach(counts, key, value)
			if (rc == 0 && json_object_get_double(value) != 0)
				rc = nt_buf_printf(words, " %s=%s", key, text_of(value));
	}
	return rc;
}

/* All of it: options, counts, and which text came out, or came. */
static int describe_entry(struct nt_buf *words, json_object *entry)
{
	json_object *in = object(entry, "in"), *out = object(entry, "out"), *options = object(entry, "options");
	json_object *text = member(out, "hash") ? member(out, "hash") : member(in, "hash");
	int rc = options ? add_words(words, options, NULL) : 0;
	if (rc == 0 && out)
		rc = add_words(words, out, in);
	if (rc == 0)
		rc = add_counts(words, entry);
	return rc < 0 || !text ? rc : nt_buf_printf(words, " text=%s", text_of(text));
}

/* Lines as long as the page; a word that is longer has one to itself. */
static void print_words(const char *words)
{
	size_t at = 0;
	for (const char *end; *words; words = end) {
		words += *words == ' ';
		size_t len = (size_t)((end = strchrnul(words, ' ')) - words);
		if (at == 0 || at + 1 + len > PAGE_WIDTH)
			at = (size_t)printf("%s%*s", at ? "\n" : "", INDENT, "") - (at > 0);
		else
			at += (size_t)printf(" ");
		at += (size_t)printf("%.*s", (int)len, words);
	}
	if (at)
		putchar('\n');
}

/* Chains of several inputs stand one behind the other. One begins with text that is not what
 * the program before let through, or with files. */
static bool begins_chain(json_object *in, json_object *before)
{
	json_object *hash = member(in, "hash");
	return before && (member(in, "file_bytes") || (hash && !json_object_equal(hash, member(before, "hash"))));
}

/* What a program let through, of what came: from `before`, what the one before it did, if it does
 * not say. words: room to put some together. */
static int print_entry(json_object *entry, json_object *before, struct nt_buf *words)
{
	json_object *in = object(entry, "in"), *out = object(entry, "out");
	int gap = 0;
	words->len = 0;
	int rc = nt_buf_printf(words, "%s", text_of(member(entry, "program")));
	if (rc < 0)
		return rc;
	printf("%c %-12s", begins_chain(in, before) ? '+' : ' ', plain(words));
	for (size_t k = 0; k < N_COLUMN; k++)
		print_column(&gap, member(in ? in : before, column[k]), member(out, column[k]));
	putchar('\n');
	words->len = 0;
	if ((rc = describe_entry(words, entry)) == 0 && words->len)
		print_words(plain(words));
	return rc;
}

/* The manifest as a funnel: what each program let through, of what came from the one before. */
static int print_funnel(json_object *manifest)
{
	struct nt_buf words = {0};
	json_object *before = NULL;
	int rc = 0;
	printf("%-14s%12s", "made by", column[0]);
	for (size_t k = 1; k < N_COLUMN; k++)
		printf("%*s", GAP + 12, column[k]);
	putchar('\n');
	for (size_t i = 0; i < json_object_array_length(manifest) && rc == 0; i++) {
		json_object *entry = json_object_array_get_idx(manifest, i);
		rc = print_entry(entry, before, &words);
		before = object(entry, "out");
	}
	nt_buf_release(&words);
	return rc;
}

/* What is counted by name: "wiki: 12 documents, 3456 tokens", a line each. */
static void print_sources(json_object *o)
{
	json_object_object_foreach(o, name, counts)
	{
		printf("%-14s  %s:", "source", name);
		const char *comma = "";
		json_object_object_foreach(counts, what, n)
		{
			printf("%s %s %s", comma, text_of(n), what);
			comma = ",";
		}
		putchar('\n');
	}
}

static int print_value(const char *label, int width, json_object *value)
{
	struct nt_buf text = {0};
	int rc = nt_buf_printf(&text, "%s", text_of(value));
	if (rc == 0)
		printf("%-*s  %s\n", width, label, plain(&text));
	nt_buf_release(&text);
	return rc;
}

/* --- tensors ---------------------------------------------------------------------- */

/* What a file of tensors says of itself; of an array its beginning. */
static int print_metadata(json_object *o)
{
	int rc = 0;
	struct nt_buf text = {0};
	json_object_object_foreach(o, key, value)
	{
		json_object *first = object(o, key) ? member(value, "first") : NULL;
		text.len = 0;
		if (rc == 0)
			rc = nt_buf_printf(&text, "%-40s  ", key);
		if (rc == 0 && first)
			rc = nt_buf_printf(&text, "%s items: ", text_of(member(value, "items")));
		if (rc == 0)
			rc = nt_buf_printf(&text, "%s%s", first ? json_object_to_json_string_ext(first, JSON_C_TO_STRING_NOSLASHESCAPE)
					      : text_of(value), first ? " ..." : "");
		if (rc == 0)
			printf("  %s\n", plain(&text));
	}
	nt_buf_release(&text);
	return rc;
}

/* A line each: name, dtype, shape, bytes. */
static int print_tensors(json_object *list)
{
	int rc = 0;
	struct nt_buf text = {0};
	for (size_t i = 0; rc == 0 && i < json_object_array_length(list); i++) {
		json_object *t = json_object_array_get_idx(list, i), *shape = member(t, "shape");
		text.len = 0;
		rc = nt_buf_printf(&text, "%-40s  %-5s ", text_of(member(t, "name")), text_of(member(t, "dtype")));
		for (size_t k = 0; rc == 0 && k < json_object_array_length(shape); k++)
			rc = nt_buf_printf(&text, k ? " x %s" : " %s", text_of(json_object_array_get_idx(shape, k)));
		if (rc == 0)
			printf("  %-70s %12s bytes\n", plain(&text), text_of(member(t, "bytes")));
	}
	nt_buf_release(&text);
	return rc;
}

static int print_table(json_object *o)
{
	int rc = 0, width = 14;
	json_object_object_foreach(o, name, any)
		if (!json_object_is_type(any, json_type_object) && !json_object_is_type(any, json_type_array))
			width = (int)strlen(name) > width ? (int)strlen(name) : width;
	json_object_object_foreach(o, key, value)
	{
		char label[32];
		snprintf(label, sizeof(label), "%s", key);
		for (char *c = label; *c; c++)
			if (*c == '_')
				*c = ' ';
		if (rc < 0)
			break;
		if (strcmp(key, "metadata") == 0)
			rc = print_metadata(value);
		else if (strcmp(key, "list") == 0)
			rc = print_tensors(value);
		else if (json_object_is_type(value, json_type_object))
			print_sources(value);
		else if (!json_object_is_type(value, json_type_array))
			rc = print_value(label, width, value);
		else if (json_object_array_length(value))
			rc = print_funnel(value);
	}
	return rc;
}

static int print(const struct options *o, const char *path, const struct nt_buf *made, bool is_first)
{
	if (!o->json && !is_first)
		putchar('\n');
	if (o->json || made->data[0] != '{') {
		fwrite(made->data, 1, made->len, stdout);
		if (made->data[made->len - 1] != '\n')
			putchar('\n');
		return 0;
	}
	json_object *object = json_tokener_parse((char *)made->data);
	if (!object)
		return nt_fail(NT_EFORMAT, "%s: cannot be described", path);
	int rc = print_table(object);
	json_object_put(object);
	return rc;
}

static int run(struct nt_cli *cli, void *opt, char **operand, int n_operand)
{
	static char *const standard_input[] = {"-"};
	const struct options *o = opt;
	struct nt_buf json = {0};
	char *const *path = n_operand ? operand : standard_input;
	int n = n_operand ? n_operand : 1, rc = 0;
	for (int i = 0; i < n && rc == 0; i++) {
		json.len = 0;
		rc = describe(path[i], o, &json);
		if (rc == 0)
			rc = print(o, path[i], &json, i == 0);
	}
	nt_buf_release(&json);
	if (o->verify && rc == 0)
		nt_cli_say(cli, "%d file%s, no damage", n, n == 1 ? "" : "s");
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
	.about = "Describes token streams, data files, tokenizers (tokenizer.json, .tiktoken), counts, manifests, "
		 "checkpoints, safetensors and GGUF files, or the stream on standard input. Streams and data files tell how they came about: each "
		 "program of the pipeline with its options and what it counted.\n\n"
		 "Without --verify the tokens of a data file are not read; its header, indexes and "
		 "footers always are checked. A file that is cut or damaged ends with status 3, or with "
		 "--verify 1.",
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
