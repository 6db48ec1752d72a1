/* SPDX-License-Identifier: MIT */
/*
 * nt-dedup - drops what was there before
 *
 * One of four things is done, each by its own part of the library: exact repeats go, near
 * duplicates, what overlaps with test texts, or long repeated runs. Documents come from token
 * streams, or with --ids from lines of numbers, each a document of one unit, and what is left of
 * them goes the same way.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/main.h"
#include "nt/dedup.h"
#include "nt/docs.h"
#include "nt/file.h"
#include "nt/idlines.h"
#include "nt/manifest.h"
#include "nt/mem.h"
#include "nt/near.h"
#include "nt/overlap.h"
#include "nt/pool.h"
#include "nt/substring.h"
#include "nt/tokenizer.h"
#include "nt/words.h"

struct options {
	int by;
	double threshold, least;
	uint64_t bands, rows, memory, substring;
	int64_t seed;
	bool keep_blank, is_near, two_pass, is_check, ids, force;
	struct nt_list against, field;
	const char *part, *tokenizer, *state, *kept, *output;
};

#define AT(field) offsetof(struct options, field)
static const struct nt_opt opts[] = {
	{.help = "Exact repeats"},
	{0, "by", NT_OPT_ENUM, AT(by), "unit|document|line", "unit", 0, 0,
	 "compare the units of the stream (paragraphs), whole documents, or lines"},
	{0, "keep-blank", NT_OPT_FLAG, AT(keep_blank), NULL, NULL, 0, 0,
	 "with --by=line: compare blank lines with nothing; each goes where the one before it goes"},
	{0, "part", NT_OPT_STR, AT(part), "I/N", NULL, 0, 0,
	 "with --by=document: take only part I of N, from 1, by a hash of the document, so that N runs, "
	 "each with an Nth of the memory, do what one would"},
	{.help = "Near duplicates"},
	{0, "near", NT_OPT_FLAG, AT(is_near), NULL, NULL, 0, 0,
	 "drop whole documents that share most runs of five words with one that stayed"},
	{0, "threshold", NT_OPT_REAL, AT(threshold), "J", "0.8", 0.1, 1,
	 "Jaccard similarity at which nine of ten are found; it chooses bands and rows"},
	{0, "bands", NT_OPT_COUNT, AT(bands), "N", NULL, 1, 4096,
	 "bands of a sketch: documents that agree in one are looked at"},
	{0, "rows", NT_OPT_COUNT, AT(rows), "N", NULL, 1, 4096, "bytes of a band"},
	{0, "least", NT_OPT_REAL, AT(least), "J", NULL, 0.0001, 1,
	 "of those looked at, drop the ones estimated at this or more (default 0.74 of the threshold)"},
	{0, "two-pass", NT_OPT_FLAG, AT(two_pass), NULL, NULL, 0, 0,
	 "find whole groups first, connected in however many steps, and keep the first of each"},
	{'S', "memory", NT_OPT_SIZE, AT(memory), "SIZE", NULL, 1 << 20, 0x1p53,
	 "for the table (default: what it needs, 70 to 93 bytes a document). When it is full a Bloom "
	 "filter takes its place, of 28 bytes or more a document, and one shared band is enough to go"},
	{'s', "seed", NT_OPT_INT, AT(seed), "N", "1337", 0, 9007199254740992.0, "of the sketches"},
	{.help = "Test texts"},
	{0, "against", NT_OPT_LIST, AT(against), "FILE", NULL, 0, 0,
	 "drop units (--by=document: documents) that share thirteen words in a row with a text of FILE, "
	 "which is whatever nt-cat reads; may be repeated"},
	{0, "field", NT_OPT_LIST, AT(field), "NAME", NULL, 0, 0,
	 "field of FILE's JSON lines that holds text (default text); several, repeated or with commas"},
	{.help = "Repeated runs"},
	{0, "substring", NT_OPT_COUNT, AT(substring), "N", NULL, NT_SUBSTRING_LEAST, 1000000,
	 "take out runs of N tokens or more that stood somewhere before; 50 is usual"},
	{.help = "Input"},
	{0, "ids", NT_OPT_FLAG, AT(ids), NULL, NULL, 0, 0,
	 "read and write lines of decimal ids, each a document that is compared whole"},
	{'t', "tokenizer", NT_OPT_STR, AT(tokenizer), "FILE", NULL, 0, 0,
	 "with --ids: what the ids stand for, where words are compared; the default is the built-in one"},
	{0, "state", NT_OPT_STR, AT(state), "FILE", NULL, 0, 0,
	 "what FILE remembers counts as seen, and at the end it remembers this run, too; begun if not there"},
	{.help = "Output"},
	{0, "check", NT_OPT_FLAG, AT(is_check), NULL, NULL, 0, 0,
	 "write nothing; exit with status 1 if anything repeats"},
	{0, "kept", NT_OPT_STR, AT(kept), "FILE", NULL, 0, 0,
	 "write the numbers of the documents that stayed, from 0, one a line, to FILE "
	 "(where whole documents are compared)"},
	{'o', "output", NT_OPT_STR, AT(output), "FILE", NULL, 0, 0, "write to FILE"},
	{'f', "force", NT_OPT_FLAG, AT(force), NULL, NULL, 0, 0, "write a stream even to a terminal"},
	{0},
};

static const char *const by_name[] = {"unit", "document", "line"}; /* as the option has it */

enum way { EXACT, NEAR, AGAINST, SUBSTRING };

struct job {
	const struct nt_cli *cli;
	const struct options *o;
	enum way way;
	struct nt_stream_reader *reader; /* one of these two */
	struct nt_idlines *lines;
	struct nt_ids line;
	uint32_t line_unit;
	const struct nt_ident *ident; /* NULL: nothing need be known of the ids */
	struct nt_tokenizer *tokenizer;
	struct nt_dedup_token *token; /* [vocab_size], of which the text is the tokenizer's */
	struct nt_words *words;
	struct nt_dedup *dedup;       /* one of these four */
	struct nt_near *near;
	struct nt_overlap *overlap;
	struct nt_substring *substring;
	struct nt_near_options how;
	struct nt_near_docs *near_docs;
	struct nt_pool *pool;
	uint64_t part, n_part; /* 1 to n_part; n_part 0: no parts */
	struct nt_out *out, *kept;
	struct nt_stream_writer *writer;
};

/* Of the documents that were decided about. */
static const struct nt_dedup_counts *counts(const struct job *j)
{
	switch (j->way) {
	case NEAR:
		return nt_near_docs_counts(j->near_docs);
	case AGAINST:
		return nt_overlap_counts(j->overlap);
	case SUBSTRING:
		return nt_substring_counts(j->substring);
	default:
		return nt_dedup_counts(j->dedup);
	}
}

static void show_progress(const struct job *j)
{
	if (!nt_cli_progress_due(j->cli))
		return;
	const struct nt_dedup_counts *c = counts(j);
	nt_cli_progress(j->cli, "%s, %s, %s dropped", nt_counted(c->in.documents, "document"),
			nt_counted(c->in.tokens, "token"), nt_counted(c->repeated, "repeat"));
}

static int next(void *arg, struct nt_tokens *doc)
{
	struct job *j = arg;
	show_progress(j);
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

/* Of the document that was written last. */
static int write_number(struct job *j)
{
	char text[24];
	if (!j->kept)
		return 0;
	int n = snprintf(text, sizeof(text), "%llu\n", nt_llu(counts(j)->in.documents - 1));
	return nt_out_write(j->kept, text, (size_t)n);
}

/* What lines, words, bytes and white space are is known to the tokenizer inside the stream. Lines of
 * ids bring none: it is asked for where words are compared. */
static int know_tokens(struct job *j)
{
	bool of_words = j->way == NEAR || j->way == AGAINST;
	int rc = 0;
	if (j->reader) {
		j->ident = nt_stream_ident(j->reader);
		rc = nt_tokenizer_parse_tokens(&j->tokenizer, j->ident->json, j->ident->json_len,
					       j->ident->name);
	} else if (of_words) {
		rc = nt_tokenizer_open(&j->tokenizer, j->o->tokenizer, NULL);
		if (rc == 0 && !(j->ident = nt_tokenizer_ident(j->tokenizer)))
			rc = NT_ESYS;
		if (rc == 0)
			nt_idlines_limit(j->lines, j->ident->vocab_size, j->ident->name);
	}
	if (rc < 0 || !j->ident)
		return rc;
	if (!(j->token = nt_alloc(j->ident->vocab_size, sizeof(*j->token))))
		rc = NT_ESYS;
	if (rc == 0 && of_words)
		rc = nt_words_new(&j->words, j->ident->vocab_size);
	for (uint32_t id = 0; rc == 0 && id < j->ident->vocab_size; id++) {
		size_t len;
		const uint8_t *bytes = nt_token_bytes(j->tokenizer, id, &len);
		j->token[id] = (struct nt_dedup_token){
			.text = bytes, .bytes = (uint32_t)len,
			.trimmed = j->way == EXACT ? nt_token_trimmed(j->tokenizer, id) : id};
		if (j->words && len)
			rc = nt_words_set(j->words, id, bytes, len);
	}
	return rc;
}

static uint32_t find_token(const void *tokenizer, const uint8_t *bytes, size_t len)
{
	return nt_token_find(tokenizer, bytes, len);
}

/* --- the four ways --------------------------------------------------------------- */

static int open_exact(struct job *j)
{
	struct nt_dedup_options how = {
		.by = j->o->ids ? NT_DEDUP_DOCUMENT : (enum nt_dedup_by)j->o->by, .token = j->token,
		.vocab_size = j->ident ? j->ident->vocab_size : 0,
		.find = find_token, .find_arg = j->tokenizer, .keep_blank = j->o->keep_blank,
		.part = j->part - 1, .n_part = j->n_part};
	return nt_dedup_new(&j->dedup, &how);
}

static int open_near(struct job *j)
{
	const struct options *o = j->o;
	struct nt_near_docs_options docs = {.next = next, .arg = j, .words = j->words, .token = j->token,
					    .in_groups = o->two_pass};
	j->how = (struct nt_near_options){.bands = (uint32_t)o->bands, .rows = (uint32_t)o->rows, .least = o->least,
					  .seed = (uint64_t)o->seed, .memory = o->memory};
	nt_near_options_for(&j->how, o->threshold);
	if ((uint64_t)j->how.bands * j->how.rows > 4096)
		return nt_fail(NT_EARG, "--bands, --rows: a sketch of %u x %u bytes; the most is 4096",
			       j->how.bands, j->how.rows);
	if (!(docs.pool = j->pool = nt_pool_new((int)j->cli->threads)))
		return NT_ESYS;
	int rc = nt_near_new(&j->near, &j->how);
	return rc < 0 ? rc : nt_near_docs_new(&j->near_docs, j->near, &docs);
}

static int open_against(struct job *j)
{
	const struct options *o = j->o;
	struct nt_overlap_options how = {.by_document = o->by == NT_DEDUP_DOCUMENT, .words = j->words,
					 .token = j->token};
	struct nt_docs_options from = {.field = o->field.item, .n_field = o->field.n};
	struct nt_docs *docs = NULL;
	uint64_t n = 0, n_short = 0;
	int rc = nt_overlap_new(&j->overlap, &how);
	if (rc == 0)
		rc = nt_docs_open(&docs, &from, (char *const *)o->against.item, o->against.n);
	if (rc == 0)
		rc = nt_overlap_against_docs(j->overlap, docs, &n, &n_short);
	if (rc == 0)
		nt_cli_say(j->cli, "%s to test on, %s of %d words; %llu with fewer than %d words passed over",
			   nt_counted(n, "text"), nt_counted(nt_overlap_n_gram(j->overlap), "gram"),
			   NT_GRAM_WORDS, nt_llu(n_short), NT_GRAM_LEAST);
	nt_docs_close(docs);
	return rc;
}

static int open_way(struct job *j)
{
	switch (j->way) {
	case NEAR:
		return open_near(j);
	case AGAINST:
		return open_against(j);
	case SUBSTRING:
		return nt_substring_new(&j->substring, (size_t)j->o->substring, j->token);
	default:
		return open_exact(j);
	}
}

/* What is left of a document, for the ways that know at once. */
static int judge(struct job *j, struct nt_tokens *left, const struct nt_tokens *doc)
{
	if (j->way == AGAINST)
		return nt_overlap_next(j->overlap, left, doc);
	if (j->way == SUBSTRING)
		return nt_substring_next(j->substring, left, doc);
	return nt_dedup_next(j->dedup, left, doc);
}

/* The inside of "options" in the manifest. */
static int write_options(const struct job *j, struct nt_buf *out)
{
	const char *by = by_name[j->o->by];
	switch (j->way) {
	case NEAR:
		return nt_buf_printf(out, "\"near\": %g, \"bands\": %u, \"rows\": %u, \"two_pass\": %s, \"seed\": %llu",
				     j->how.least, j->how.bands, j->how.rows, j->o->two_pass ? "true" : "false",
				     nt_llu(j->how.seed));
	case AGAINST:
		return nt_buf_printf(out, "\"by\": \"%s\", \"against\": %llu", by,
				     nt_llu(nt_overlap_n_gram(j->overlap)));
	case SUBSTRING:
		return nt_buf_printf(out, "\"substring\": %llu", nt_llu(j->o->substring));
	default:
		return j->n_part ? nt_buf_printf(out, "\"by\": \"%s\", \"part\": \"%llu/%llu\"", by,
						 nt_llu(j->part), nt_llu(j->n_part))
				 : nt_buf_printf(out, "\"by\": \"%s\"", by);
	}
}

/* --- from input to output -------------------------------------------------------- */

/* The manifest with this program's entry, which at the end says what came. */
static int make_manifest(struct job *j, struct nt_buf *manifest, bool at_end)
{
	struct nt_buf members = {0};
	manifest->len = 0;
	int rc = nt_buf_printf(&members, "\"options\": {");
	if (rc == 0)
		rc = write_options(j, &members);
	if (rc == 0)
		rc = nt_buf_printf(&members, "}");
	if (rc == 0 && at_end)
		rc = nt_manifest_tokens(&members, "in", nt_stream_counts(j->reader));
	if (rc == 0)
		rc = nt_manifest_add(manifest, nt_stream_manifest(j->reader), j->cli->name,
				     (char *)members.data);
	nt_buf_release(&members);
	return rc;
}

static int open_input(struct job *j, char *const *operand, size_t n)
{
	int rc = j->o->ids ? nt_idlines_open(&j->lines, operand, n) : nt_stream_open(&j->reader, operand, n);
	return rc < 0 ? rc : know_tokens(j);
}

/* Of the tokenizer that an exact state belongs to. */
static const uint8_t *fingerprint(const struct job *j)
{
	static const uint8_t none[16];
	return j->reader ? nt_stream_ident(j->reader)->fingerprint : none;
}

static int load_state(struct job *j)
{
	if (!j->o->state)
		return 0;
	int rc = j->near ? nt_near_load(j->near, j->o->state)
			 : nt_dedup_load(j->dedup, j->o->state, fingerprint(j));
	if (rc == 0)
		nt_cli_say(j->cli, "%s: not there: begun", j->o->state);
	return rc < 0 ? rc : 0;
}

/* Last of all: what a state holds has been written. */
static int save_state(struct job *j)
{
	if (!j->o->state || j->o->is_check)
		return 0;
	return j->near ? nt_near_save(j->near, j->o->state)
		       : nt_dedup_save(j->dedup, j->o->state, fingerprint(j));
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

/* What is left of the next document of which anything is. */
static int next_left(struct job *j, struct nt_tokens *left)
{
	struct nt_tokens doc;
	int rc;
	if (j->way == NEAR)
		return nt_near_docs_next(j->near_docs, left);
	while ((rc = next(j, &doc)) == 1 && (rc = judge(j, left, &doc)) == 0)
		;
	return rc;
}

static int copy(struct job *j)
{
	struct nt_tokens left;
	int rc;
	while ((rc = next_left(j, &left)) == 1)
		if ((rc = write_doc(j, &left)) < 0 || (rc = write_number(j)) < 0)
			break;
	return rc;
}

static int finish(struct job *j)
{
	struct nt_buf manifest = {0};
	int rc = 0;
	if (j->writer) {
		uint64_t in = nt_stream_counts(j->reader)->source_bytes;
		uint64_t dropped = counts(j)->dropped_bytes;
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
	static const char *const what[] = {"repeat", "are near duplicates", "overlap", "repeat"};
	const struct nt_dedup_counts *c = counts(j);
	const char *name = j->o->ids || j->way == NEAR ? "document" : by_name[j->o->by];
	if (j->way == SUBSTRING)
		name = "token";
	if (j->o->is_check && c->repeated)
		return nt_fail(NT_EFAIL, "%llu of %s %s", nt_llu(c->repeated),
			       nt_counted(c->compared, name), what[j->way]);
	nt_cli_say(j->cli, "%llu of %s %s (%.2f %%); %llu of %s and %llu of %s kept",
		   nt_llu(c->repeated), nt_counted(c->compared, name), what[j->way],
		   c->compared ? 100 * (double)c->repeated / (double)c->compared : 0.0,
		   nt_llu(c->kept.documents), nt_counted(c->in.documents, "document"), nt_llu(c->kept.tokens),
		   nt_counted(c->in.tokens, "token"));
	if (j->near && nt_near_is_short(j->near))
		nt_cli_warn(j->cli, "the table did not fit into -S: documents went for one shared band, which "
				    "more of them do that are not alike");
	return 0;
}

static int read_part(struct job *j)
{
	unsigned long long part, n_part;
	char behind;
	if (sscanf(j->o->part, "%llu/%llu%c", &part, &n_part, &behind) != 2 || part < 1 || part > n_part ||
	    n_part > UINT32_MAX) /* what is too large for a number becomes the largest */
		return nt_fail(NT_EARG, "--part: '%s' is not I/N, such as 3/16", j->o->part);
	j->part = part;
	j->n_part = n_part;
	if (j->way != EXACT || (j->o->by != NT_DEDUP_DOCUMENT && !j->o->ids))
		return nt_fail(NT_EARG, "--part divides whole documents: use it with --by=document");
	return 0;
}

/* What cannot go together, and what is to be done. */
static int check_options(struct job *j)
{
	const struct options *o = j->o;
	bool whole = o->ids || o->is_near || o->by == NT_DEDUP_DOCUMENT;
	if (o->is_near + (o->against.n > 0) + (o->substring > 0) > 1)
		return nt_fail(NT_EARG, "--near, --against and --substring are three things: do one after the other");
	j->way = o->is_near ? NEAR : o->against.n ? AGAINST : o->substring ? SUBSTRING : EXACT;
	if (o->tokenizer && !(o->ids && (j->way == NEAR || j->way == AGAINST)))
		return nt_fail(NT_EARG, "--tokenizer is for --ids with --near or --against: streams bring their own");
	if (j->way == AGAINST && o->by == NT_DEDUP_LINE)
		return nt_fail(NT_EARG, "--against knows units and documents, not lines");
	if (o->state && (j->way > NEAR || o->two_pass))
		return nt_fail(NT_EARG, "--state remembers exact repeats, and near ones of one pass");
	if (o->two_pass && !o->is_near)
		return nt_fail(NT_EARG, "--two-pass is for --near");
	if (o->kept && (!whole || j->way == SUBSTRING))
		return nt_fail(NT_EARG, "--kept numbers whole documents: use it with --by=document or --near");
	if (o->kept && !o->is_check && nt_out_is_same(o->kept, o->output))
		return nt_fail(NT_EARG, "--kept: %s is where the documents go: name another file", o->kept);
	return o->part ? read_part(j) : 0;
}

static int work(struct job *j, char *const *operand, size_t n)
{
	int rc = check_options(j);
	if (rc == 0)
		rc = open_input(j, operand, n);
	if (rc == 0)
		rc = open_way(j);
	if (rc == 0)
		rc = load_state(j);
	if (rc == 0)
		rc = open_output(j);
	if (rc == 0)
		rc = copy(j);
	if (rc == 0)
		rc = finish(j);
	if (rc == 0)
		rc = save_state(j);
	return rc < 0 ? rc : report(j);
}

static int run(struct nt_cli *cli, void *opt, char **operand, int n_operand)
{
	struct job j = {.cli = cli, .o = opt};
	int rc = work(&j, operand, (size_t)n_operand);
	nt_stream_free(j.writer);
	nt_out_discard(j.out);
	nt_out_discard(j.kept);
	nt_dedup_free(j.dedup);
	nt_near_docs_free(j.near_docs);
	nt_near_free(j.near);
	nt_overlap_free(j.overlap);
	nt_substring_free(j.substring);
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
	{"nt-dedup --near --state seen.near monday.nts > new.nts",
	 "Drop documents nearly like one of this run or of earlier ones"},
	{"nt-dedup --against test.jsonl --field question,answer all.nts > clean.nts",
	 "Drop paragraphs that a test set has, too"},
	{"nt-dedup --substring 50 all.nts > short.nts", "Take out long runs that were there before"},
	{"nt-dedup --check corpus.nts", "Fail if a paragraph occurs twice"},
	{0},
};

static const struct nt_cmd cmd = {
	.name = "nt-dedup",
	.what = "drop repeated paragraphs, lines or documents, exact and near",
	.synopsis = "[OPTION...] [FILE...]",
	.about = "Reads token streams and writes one without what was there before: of several equal "
		 "units the first stays, in its place. A document of which nothing is left is dropped.\n\n"
		 "Units are the pieces that nt-tokenize made, by default paragraphs, which end at a blank "
		 "line. Equal means equal ids, white space at the end aside, compared by a keyed hash of 128 "
		 "bits, at 21 to 43 bytes of memory for each different one. Whole documents are compared "
		 "to their last space. With --by=line what stays is what awk '!seen[$0]++' leaves of the "
		 "text: bytes are compared, and blank lines are lines, too, unless --keep-blank says otherwise.\n\n"
		 "--near compares documents by their runs of five words, whatever the tokenizer, case, spacing "
		 "and punctuation. For each that goes a near duplicate stays. It takes 70 to 93 bytes of memory "
		 "and 112 of temporary file for each document that stays.\n\n"
		 "--against and --substring do something else instead: they drop what a test set has, and take "
		 "out runs of tokens that stood somewhere before, which are compared token for token, at "
		 "1.2 to 2.4 bytes of memory and 4 of temporary file a token.",
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
