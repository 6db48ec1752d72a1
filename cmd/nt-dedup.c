/* SPDX-License-Identifier: MIT */
/*
 * nt-dedup - drops units, documents or lines that were there before
 *
 * The first one stays, and the order of what stays. Two forms of input take the same
 * way: token streams, and with --ids lines of numbers, each a document of one unit.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/main.h"
#include "nt/dedup.h"
#include "nt/file.h"
#include "nt/idlines.h"
#include "nt/mem.h"
#include "nt/near.h"
#include "nt/tokenizer.h"

struct options {
	int by;
	double threshold;
	uint64_t bands, rows;
	int64_t seed;
	bool keep_blank, is_near, is_check, ids, force;
	const char *state, *kept, *output;
};

#define AT(field) offsetof(struct options, field)
static const struct nt_opt opts[] = {
	{.help = "What to compare"},
	{0, "by", NT_OPT_ENUM, AT(by), "unit|document|line", "unit", 0, 0,
	 "compare the units of the stream (paragraphs), whole documents, or lines"},
	{0, "keep-blank", NT_OPT_FLAG, AT(keep_blank), NULL, NULL, 0, 0,
	 "with --by=line: compare blank lines with nothing; each goes where the one before it goes"},
	{0, "ids", NT_OPT_FLAG, AT(ids), NULL, NULL, 0, 0,
	 "read and write lines of decimal ids, each a document that is compared whole"},
	{0, "state", NT_OPT_STR, AT(state), "FILE", NULL, 0, 0,
	 "what is in FILE counts as seen; all that was seen is in it at the end. Begins it, if it is not there"},
	{.help = "Near duplicates"},
	{0, "near", NT_OPT_FLAG, AT(is_near), NULL, NULL, 0, 0,
	 "drop whole documents that share most runs of five words with one that stayed"},
	{0, "threshold", NT_OPT_REAL, AT(threshold), "J", "0.8", 0.1, 1,
	 "Jaccard similarity at which at least nine of ten are found; it chooses bands and rows"},
	{0, "bands", NT_OPT_COUNT, AT(bands), "N", NULL, 1, 4096,
	 "bands of the sketch; documents that agree in one are looked at"},
	{0, "rows", NT_OPT_COUNT, AT(rows), "N", NULL, 1, 4096, "bytes of a band"},
	{'s', "seed", NT_OPT_INT, AT(seed), "N", "1337", 0, 9007199254740992.0, "of the sketches"},
	{.help = "Output"},
	{0, "check", NT_OPT_FLAG, AT(is_check), NULL, NULL, 0, 0,
	 "write nothing; exit with status 1 if anything repeats"},
	{0, "kept", NT_OPT_STR, AT(kept), "FILE", NULL, 0, 0,
	 "write the numbers of the documents that stayed, from 0, one a line, to FILE "
	 "(with --by=document or --ids)"},
	{'o', "output", NT_OPT_STR, AT(output), "FILE", NULL, 0, 0, "write to FILE"},
	{'f', "force", NT_OPT_FLAG, AT(force), NULL, NULL, 0, 0, "write a stream even to a terminal"},
	{0},
};

struct job {
	const struct nt_cli *cli;
	const struct options *o;
	struct nt_stream_reader *reader; /* one of these two */
	struct nt_idlines *lines;
	struct nt_ids line;
	uint32_t line_unit;
	struct nt_dedup_counts count; /* of what was decided so far */
	struct nt_dedup *dedup;       /* exactly, or ... */
	struct nt_tokenizer *tokenizer;
	struct nt_dedup_token *token; /* [vocab_size], of which the text is the tokenizer's */
	struct nt_near *near;         /* ... nearly */
	struct nt_near_options how;
	struct nt_near_batch *batch;
	struct nt_words *words;
	struct nt_pool *pool;
	struct nt_out *out, *kept;
	struct nt_stream_writer *writer;
};

static int next(struct job *j, struct nt_tokens *doc)
{
	if (j->reader)
		return nt_stream_next(j->reader, doc);
	int rc = nt_idlines_next(j->lines, &j->line);
	j->line_unit = (uint32_t)j->line.n;
	*doc = (struct nt_tokens){
		.id = j->line.id, .n = j->line.n, .unit = &j->line_unit, .n_unit = 1};
	return rc;
}

static int write_doc(struct job *j, const struct nt_tokens *doc)
{
	if (!j->out)
		return 0;
	return j->writer ? nt_stream_write(j->writer, doc) : nt_idlines_write(j->out, doc->id, doc->n);
}

static int write_number(struct job *j, uint64_t number)
{
	char text[24];
	int n = snprintf(text, sizeof(text), "%llu\n", nt_llu(number));
	return j->kept ? nt_out_write(j->kept, text, (size_t)n) : 0;
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static void know_token(struct nt_dedup_token *token, const struct nt_tokenizer *t, uint32_t id)
{
	size_t len, end;
	const uint8_t *bytes = nt_token_bytes(t, id, &len);
	*token = (struct nt_dedup_token){.text = bytes, .bytes = (uint32_t)len, .trimmed = id};
	for (end = len; end && is_blank(bytes[end - 1]); end--)
		;
	if (end == len)
		return;
	uint32_t found = nt_token_find(t, bytes, end);
	token->trimmed = end == 0 ? NT_NO_TOKEN : found == NT_NO_TOKEN ? id : found;
}

/* What lines, words, bytes and white space are is known to the tokenizer inside the stream. */
static int know_tokens(struct job *j)
{
	const struct nt_ident *ident = nt_stream_ident(j->reader);
	int rc = nt_tokenizer_parse(&j->tokenizer, ident->json, ident->json_len, ident->name);
	const struct nt_tokenizer *t = j->tokenizer;
	if (rc < 0)
		return rc;
	if (!(j->token = nt_alloc(ident->vocab_size, sizeof(*j->token))))
		rc = NT_ESYS;
	if (rc == 0 && j->o->is_near)
		rc = nt_words_new(&j->words, ident->vocab_size);
	for (uint32_t id = 0; rc == 0 && id < ident->vocab_size; id++) {
		size_t len;
		const uint8_t *bytes = nt_token_bytes(t, id, &len);
		know_token(&j->token[id], t, id);
		if (j->words && len)
			rc = nt_words_set(j->words, id, bytes, len);
	}
	return rc;
}

static uint32_t find_token(const void *tokenizer, const uint8_t *bytes, size_t len)
{
	return nt_token_find(tokenizer, bytes, len);
}

/* The manifest with this program's entry, which at the end says what came. */
static int make_manifest(struct job *j, struct nt_buf *manifest, bool at_end)
{
	static const char *const by[] = {"unit", "document", "line"};
	struct nt_buf members = {0};
	manifest->len = 0;
	int rc;
	if (j->near)
		rc = nt_buf_printf(&members,
				   "\"options\": {\"near\": %g, \"bands\": %u, \"rows\": %u, \"seed\": %llu}",
				   j->how.least, j->how.bands, j->how.rows, nt_llu(j->how.seed));
	else
		rc = nt_buf_printf(&members, "\"options\": {\"by\": \"%s\"}", by[j->o->by]);
	if (rc == 0 && at_end)
		rc = nt_manifest_tokens(&members, "in", nt_stream_counts(j->reader));
	if (rc == 0)
		rc = nt_manifest_add(manifest, nt_stream_manifest(j->reader), j->cli->name,
				     (char *)members.data);
	nt_buf_release(&members);
	return rc;
}

static int open_near(struct job *j)
{
	const struct options *o = j->o;
	nt_near_options_for(&j->how, o->threshold);
	if (o->rows)
		j->how.rows = (uint32_t)o->rows;
	if (o->bands || o->rows)
		j->how.bands = (uint32_t)(o->bands ? o->bands : 1 + (NT_NEAR_BYTES - 1) / o->rows);
	j->how.seed = (uint64_t)o->seed;
	j->how.of_ids = o->ids;
	if ((uint64_t)j->how.bands * j->how.rows > 4096)
		return nt_fail(NT_EARG, "--bands, --rows: a sketch of %u x %u bytes; the most is 4096",
			       j->how.bands, j->how.rows);
	if (!(j->pool = nt_pool_new((int)j->cli->threads)))
		return NT_ESYS;
	int rc = nt_near_new(&j->near, &j->how);
	return rc < 0 ? rc : nt_near_batch_new(&j->batch, j->near, j->words, j->pool);
}

static int open_input(struct job *j, char *const *operand, size_t n)
{
	struct nt_dedup_options how = {.by = (enum nt_dedup_by)j->o->by, .keep_blank = j->o->keep_blank};
	int rc;
	if (j->o->ids) {
		how.by = NT_DEDUP_DOCUMENT;
		rc = nt_idlines_open(&j->lines, operand, n);
	} else if ((rc = nt_stream_open(&j->reader, operand, n)) == 0) {
		rc = know_tokens(j);
	}
	how.token = j->token;
	how.find = find_token;
	how.find_arg = j->tokenizer;
	if (rc < 0)
		return rc;
	return j->o->is_near ? open_near(j) : nt_dedup_new(&j->dedup, &how);
}

static int load_state(struct job *j)
{
	static const uint8_t none[16];
	const uint8_t *fingerprint = j->reader ? nt_stream_ident(j->reader)->fingerprint : none;
	if (!j->o->state)
		return 0;
	int rc = j->near ? nt_near_load(j->near, j->o->state, fingerprint)
			 : nt_dedup_load(j->dedup, j->o->state, fingerprint);
	if (rc == 0)
		nt_cli_say(j->cli, "%s: not there: begun", j->o->state);
	return rc < 0 ? rc : 0;
}

/* Last of all: what a state holds has been written. */
static int save_state(struct job *j)
{
	static const uint8_t none[16];
	const uint8_t *fingerprint = j->reader ? nt_stream_ident(j->reader)->fingerprint : none;
	if (!j->o->state || j->o->is_check)
		return 0;
	return j->near ? nt_near_save(j->near, j->o->state, fingerprint)
		       : nt_dedup_save(j->dedup, j->o->state, fingerprint);
}

static int open_output(struct job *j)
{
	const struct options *o = j->o;
	struct nt_buf manifest = {0};
	int rc = 0;
	if (o->kept)
		rc = nt_out_open(&j->kept, o->kept, 0);
	if (rc == 0 && !o->is_check)
		rc = nt_out_open(&j->out, o->output,
				 (o->ids ? 0 : NT_OUT_BINARY) | (o->force ? NT_OUT_FORCE : 0));
	if (rc == 0 && j->out && !o->ids && (rc = make_manifest(j, &manifest, false)) == 0)
		rc = nt_stream_create(&j->writer, j->out, nt_stream_ident(j->reader),
				      (char *)manifest.data);
	nt_buf_release(&manifest);
	return rc;
}

static void show_progress(const struct job *j)
{
	const struct nt_dedup_counts *c = &j->count;
	nt_cli_progress(j->cli, "%s, %s, %s dropped", nt_cli_count(c->in.documents, "document"),
			nt_cli_count(c->in.tokens, "token"), nt_cli_count(c->repeated, "repeat"));
}

static int copy_exact(struct job *j)
{
	struct nt_tokens doc, left;
	int rc;
	while ((rc = next(j, &doc)) == 1) {
		rc = nt_dedup_next(j->dedup, &left, &doc);
		j->count = *nt_dedup_counts(j->dedup);
		if (rc < 0)
			break;
		if (rc == 1 && ((rc = write_doc(j, &left)) < 0 ||
				(rc = write_number(j, j->count.in.documents - 1)) < 0))
			break;
		show_progress(j);
	}
	return rc;
}

static void count_doc(struct job *j, const struct nt_tokens *doc, bool stays)
{
	struct nt_dedup_counts *c = &j->count;
	c->compared++;
	nt_stream_count(&c->in, doc);
	if (stays) {
		nt_stream_count(&c->kept, doc);
		return;
	}
	c->repeated++;
	for (size_t i = 0; i < doc->n && j->token; i++)
		c->dropped_bytes += j->token[doc->id[i]].bytes;
}

static int write_batch(struct job *j)
{
	struct nt_tokens doc;
	bool stays;
	int rc = nt_near_batch_decide(j->batch);
	while (rc == 0 && nt_near_batch_take(j->batch, &doc, &stays)) {
		count_doc(j, &doc, stays);
		if (stays && (rc = write_doc(j, &doc)) == 0)
			rc = write_number(j, j->count.in.documents - 1);
	}
	show_progress(j);
	return rc;
}

static int copy_near(struct job *j)
{
	struct nt_tokens doc;
	int rc;
	while ((rc = next(j, &doc)) == 1)
		if ((rc = nt_near_batch_put(j->batch, &doc)) < 0 || (rc == 1 && (rc = write_batch(j)) < 0))
			return rc;
	return rc < 0 ? rc : write_batch(j);
}

static int finish(struct job *j)
{
	struct nt_buf manifest = {0};
	int rc = 0;
	if (j->writer) {
		uint64_t in = nt_stream_counts(j->reader)->source_bytes;
		uint64_t dropped = j->count.dropped_bytes;
		if ((rc = make_manifest(j, &manifest, true)) == 0)
			rc = nt_stream_report(j->writer, (char *)manifest.data);
		if (rc == 0)
			rc = nt_stream_end(j->writer, in > dropped ? in - dropped : 0);
	}
	if (rc == 0 && j->out) {
		rc = nt_out_close(j->out);
		j->out = NULL;
	}
	if (rc == 0 && j->kept) {
		rc = nt_out_close(j->kept);
		j->kept = NULL;
	}
	nt_buf_release(&manifest);
	return rc;
}

static int report(const struct job *j)
{
	static const char *const what[] = {"unit", "document", "line"};
	const struct nt_dedup_counts *c = &j->count;
	const char *name = what[j->o->ids || j->near ? NT_DEDUP_DOCUMENT : j->o->by];
	if (j->o->is_check && c->repeated)
		return nt_fail(NT_EFAIL, "%llu of %s repeat", nt_llu(c->repeated),
			       nt_cli_count(c->compared, name));
	nt_cli_say(j->cli, "%llu of %s repeat (%.2f %%); %llu of %s and %llu of %s kept",
		   nt_llu(c->repeated), nt_cli_count(c->compared, name),
		   c->compared ? 100 * (double)c->repeated / (double)c->compared : 0.0,
		   nt_llu(c->kept.documents), nt_cli_count(c->in.documents, "document"), nt_llu(c->kept.tokens),
		   nt_cli_count(c->in.tokens, "token"));
	return 0;
}

static int run(struct nt_cli *cli, void *opt, char **operand, int n_operand)
{
	const struct options *o = opt;
	struct job j = {.cli = cli, .o = o};
	if (o->kept && !o->ids && !o->is_near && o->by != NT_DEDUP_DOCUMENT)
		return nt_fail(NT_EARG, "--kept numbers whole documents: use it with --by=document or --near");
	if (o->kept && !o->is_check && nt_out_is_same(o->kept, o->output))
		return nt_fail(NT_EARG, "--kept: %s is where the documents go: name another file", o->kept);
	int rc = open_input(&j, operand, (size_t)n_operand);
	if (rc == 0)
		rc = load_state(&j);
	if (rc == 0)
		rc = open_output(&j);
	if (rc == 0)
		rc = j.near ? copy_near(&j) : copy_exact(&j);
	if (rc == 0)
		rc = finish(&j);
	if (rc == 0)
		rc = save_state(&j);
	if (rc == 0)
		rc = report(&j);
	nt_stream_free(j.writer);
	nt_out_discard(j.out);
	nt_out_discard(j.kept);
	nt_dedup_free(j.dedup);
	nt_near_batch_free(j.batch);
	nt_near_free(j.near);
	nt_words_free(j.words);
	nt_pool_free(j.pool);
	nt_stream_close(j.reader);
	nt_idlines_close(j.lines);
	nt_ids_release(&j.line);
	free(j.token);
	nt_tokenizer_free(j.tokenizer);
	return rc;
}

static const struct nt_example examples[] = {
	{"nt-tokenize books/*.txt | nt-dedup | nt-pack > data.bin", "Drop repeated paragraphs on the way"},
	{"nt-dedup --by=document --kept kept.txt -o unique.nts all.nts",
	 "Drop repeated documents, and say which stayed"},
	{"nt-dedup --check corpus.nts", "Fail if a paragraph occurs twice"},
	{0},
};

static const struct nt_cmd cmd = {
	.name = "nt-dedup",
	.what = "drop repeated paragraphs or documents",
	.synopsis = "[OPTION...] [FILE...]",
	.about = "Reads token streams and writes one without what was there before: of several equal "
		 "units the first stays, in its place. A document of which nothing is left is dropped.\n\n"
		 "Units are the pieces that nt-tokenize made, by default paragraphs, which end at a blank "
		 "line. Equal means equal ids, white space at the end aside, compared by a hash of 128 "
		 "bits, at 21 to 43 bytes of memory for each different one. Whole documents are compared "
		 "to their last space.\n\n"
		 "With --by=line what stays is what awk '!seen[$0]++' leaves of the text: bytes are compared, "
		 "and blank lines are lines, too, unless --keep-blank says otherwise.",
	.examples = examples,
	.see_also = "nt-info nt-pack nt-shuffle nt-tokenize",
	.opts = opts,
	.opts_bytes = sizeof(struct options),
	.run = run,
};

int main(int argc, char **argv)
{
	return nt_cli_main(&cmd, argc, argv);
}
