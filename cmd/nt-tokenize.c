/* SPDX-License-Identifier: MIT */
/*
 * nt-tokenize - text to a token stream, and back
 *
 * Forward: documents in, one stream out, or with --ids one line of numbers a document.
 * A stream holds text tokens only; [B] and [E] are nt-pack's. Three more forms are for
 * looking at a vocabulary: the text cut visibly, the places of the cuts, what is used how often.
 * Backward (-d): the bytes again, with a NUL between documents, as nt-cat writes them.
 */
#include <string.h>
#include <unistd.h>

#include "cli/main.h"
#include "cmd/documents.h"
#include "nt/data.h"
#include "nt/encode.h"
#include "nt/file.h"
#include "nt/idlines.h"
#include "nt/inspect.h"
#include "nt/nultext.h"
#include "nt/text.h"

struct options {
	const char *tokenizer, *pattern, *manifest, *output;
	struct document_options documents;
	bool decode, ids, pieces, offsets, stats, json, allow_special, strict, force;
	uint64_t top;
};

#define AT(field) offsetof(struct options, field)
static const struct nt_opt opts[] = {
	{.help = "What to do"},
	{'d', "decode", NT_OPT_FLAG, AT(decode), NULL, NULL, 0, 0,
	 "read token streams or data files and write their text"},
	{0, "ids", NT_OPT_FLAG, AT(ids), NULL, NULL, 0, 0,
	 "write, or with -d read, one line of decimal ids a document"},
	{0, "pieces", NT_OPT_FLAG, AT(pieces), NULL, NULL, 0, 0,
	 "write the text cut visibly at its tokens: in colours, or with | between them"},
	{0, "offsets", NT_OPT_FLAG, AT(offsets), NULL, NULL, 0, 0,
	 "write a JSON line a document: ids, and the bytes [start, end) that each stands for"},
	{0, "stats", NT_OPT_FLAG, AT(stats), NULL, NULL, 0, 0,
	 "write how the vocabulary is used: bytes a token, tokens a document, the share of each "
	 "token, entries that never come"},
	{0, "top", NT_OPT_COUNT, AT(top), "N", "20", 0, 1 << 24,
	 "tokens that --stats lists, the most frequent first"},
	{0, "json", NT_OPT_FLAG, AT(json), NULL, NULL, 0, 0,
	 "with --stats, one JSON object that holds all tokens"},
	{.help = "Tokenizer"},
	{'t', "tokenizer", NT_OPT_STR, AT(tokenizer), "FILE", NULL, 0, 0,
	 "a tokenizer.json, a .tiktoken file, a SentencePiece .model, a folder with tokenizer.json, or "
	 "the word bytes; without it, the built-in vocabulary of 8,192 entries"},
	{0, "pattern", NT_OPT_STR, AT(pattern), "NAME|REGEX", NULL, 0, 0,
	 "how text is cut before merging, for a file that does not say: gpt2, cl100k, qwen2, "
	 "o200k, deepseek, none, or a regular expression"},
	{0, "allow-special", NT_OPT_FLAG, AT(allow_special), NULL, NULL, 0, 0,
	 "special tokens written out in the text become special tokens"},
	{.help = "Documents"},
	DOCUMENT_OPTIONS(documents),
	{0, "strict", NT_OPT_FLAG, AT(strict), NULL, NULL, 0, 0,
	 "refuse text that is not UTF-8, with the place of the first wrong byte"},
	{0, "manifest", NT_OPT_STR, AT(manifest), "FILE", NULL, 0, 0,
	 "when the text has ended, take over from FILE what the program before counted with its own "
	 "--manifest; text that is not all of what that one let through is refused"},
	{.help = "Output"},
	{'o', "output", NT_OPT_STR, AT(output), "FILE", NULL, 0, 0, "write to FILE"},
	{'f', "force", NT_OPT_FLAG, AT(force), NULL, NULL, 0, 0, "write a stream even to a terminal"},
	{0},
};

struct job {
	const struct nt_cli *cli;
	const struct options *o;
	struct nt_out *out;
	struct nt_tokenizer *t;
	struct nt_buf line; /* backward: what goes out next */
	uint64_t documents, units, tokens, bytes, invalid;
	struct nt_digest text; /* that became a stream */
	struct nt_nultext back; /* text out of ids */
	bool is_on_screen; /* the product: a progress line would run into it */

	struct nt_docs *docs;            /* forward */
	struct nt_stream_writer *stream; /* forward, the product if no other form is asked for */
	struct nt_usage *usage;          /* forward, --stats */
};

/* --- forward ---------------------------------------------------------------------- */

static unsigned flags_of(const struct options *o)
{
	return o->allow_special ? NT_ALLOW_SPECIAL : 0;
}

static void show_progress(const struct job *j, uint64_t input_bytes)
{
	double read = (double)input_bytes, total = (double)nt_docs_total(j->docs);
	if (j->is_on_screen || !nt_cli_progress_due(j->cli))
		return;
	if (total > 0)
		nt_cli_progress(j->cli, "%s, %s, %.0f %% of %.1f MB",
				nt_counted(j->documents, "document"), nt_counted(j->tokens, "token"),
				100 * read / total, total / 1e6);
	else
		nt_cli_progress(j->cli, "%s, %s, %.1f MB", nt_counted(j->documents, "document"),
				nt_counted(j->tokens, "token"), (double)j->bytes / 1e6);
}

/* A document, or the next part of one: of bytes that are not UTF-8 it had n_invalid. */
static void count_text(struct job *j, const struct nt_encoded *text)
{
	if (text->n_invalid)
		nt_cli_note(j->cli, "%s: invalid UTF-8: %s", text->source, nt_counted(text->n_invalid, "byte"));
	j->documents += text->begins;
	j->units += text->tokens.n_unit - (!text->begins && text->tokens.n_unit);
	j->tokens += text->tokens.n;
	j->bytes += text->bytes;
	j->invalid += text->n_invalid;
	show_progress(j, text->input_bytes);
}

static int take(void *arg, const struct nt_encoded *text)
{
	struct job *j = arg;
	const struct nt_tokens *tokens = &text->tokens;
	int rc;
	count_text(j, text);
	if (j->usage) {
		nt_usage_add(j->usage, tokens->id, tokens->n, text->bytes);
		return text->goes_on ? 0 : nt_usage_end_document(j->usage);
	}
	if (j->stream && (rc = nt_digest_add(&j->text, text->text, text->bytes, text->goes_on)) < 0)
		return rc;
	if (!j->stream)
		return nt_idlines_write_part(j->out, tokens->id, tokens->n, text->begins, !text->goes_on);
	return text->begins ? nt_stream_write(j->stream, tokens) : nt_stream_write_more(j->stream, tokens);
}

/* What the result depends on, and at the end what came. */
static int make_members(const struct job *j, struct nt_buf *members, bool at_end)
{
	const char *name = nt_tokenizer_ident(j->t)->name, *pattern = nt_tokenizer_pattern(j->t);
	struct nt_docs_options how = documents_how(&j->o->documents);
	int rc = nt_buf_printf(members, "\"options\": {\"tokenizer\": ");
	if (rc == 0)
		rc = nt_json_string(members, name, strlen(name));
	if (rc == 0)
		rc = nt_buf_printf(members, ", \"pattern\": ");
	if (rc == 0)
		rc = nt_json_string(members, pattern, strlen(pattern));
	if (rc == 0)
		rc = nt_buf_printf(members, ", ");
	if (rc == 0)
		rc = nt_docs_describe(members, &how);
	if (rc == 0)
		rc = nt_buf_printf(members, ", \"allow_special\": %s}", j->o->allow_special ? "true" : "false");
	return rc == 0 && at_end ? nt_manifest_text(members, "in", &j->text) : rc;
}

static int make_manifest(const struct job *j, struct nt_buf *manifest, bool at_end)
{
	struct nt_buf members = {0}, before = {0};
	int rc = make_members(j, &members, at_end);
	if (rc == 0 && at_end && j->o->manifest)
		rc = nt_manifest_load(&before, j->o->manifest, &j->text);
	if (rc == 0)
		rc = nt_manifest_add(manifest, (char *)before.data, j->cli->name, (char *)members.data);
	nt_buf_release(&members);
	nt_buf_release(&before);
	return rc;
}

/* HELLO goes out before the first document, so it knows only how we were called. */
static int begin_stream(struct job *j)
{
	const struct nt_ident *id = nt_tokenizer_ident(j->t);
	struct nt_buf manifest = {0};
	int rc = id ? make_manifest(j, &manifest, false) : NT_ESYS;
	if (rc == 0)
		rc = nt_stream_create(&j->stream, j->out, id, (char *)manifest.data);
	nt_buf_release(&manifest);
	return rc;
}

static int end_stream(struct job *j)
{
	struct nt_buf manifest = {0};
	int rc = make_manifest(j, &manifest, true);
	if (rc == 0)
		rc = nt_stream_report(j->stream, (char *)manifest.data);
	if (rc == 0)
		rc = nt_stream_end(j->stream, j->bytes);
	nt_buf_release(&manifest);
	return rc;
}

static void report_encoded(const struct job *j)
{
	if (nt_docs_remark(j->docs))
		nt_cli_say(j->cli, "%s", nt_docs_remark(j->docs));
	if (j->invalid)
		nt_cli_warn(j->cli, "invalid UTF-8: %s, kept", nt_counted(j->invalid, "byte"));
	if (!j->usage)
		nt_cli_say(j->cli, "%s, %s%s%s, %.3f bytes/token", nt_counted(j->documents, "document"),
			   j->units ? nt_counted(j->units, "unit") : "", j->units ? ", " : "",
			   nt_counted(j->tokens, "token"),
			   j->tokens ? (double)j->bytes / (double)j->tokens : 0.0);
}

static int write_documents(struct job *j)
{
	struct nt_encode_options how = {.flags = flags_of(j->o), .strict = j->o->strict};
	struct nt_pool *pool = nt_pool_new((int)j->cli->threads);
	int rc = pool ? 0 : NT_ESYS;
	if (rc == 0 && j->o->stats)
		rc = nt_usage_new(&j->usage, j->t);
	else if (rc == 0 && !j->o->ids)
		rc = begin_stream(j);
	if (rc == 0)
		rc = nt_encode_docs(j->t, j->docs, &how, pool, take, j);
	if (rc == 0 && j->usage)
		rc = nt_usage_write(j->usage, j->out, j->o->json, j->o->top);
	if (rc == 0 && j->stream)
		rc = end_stream(j);
	nt_pool_free(pool);
	return rc;
}

/* The forms that show the text beside its tokens. */
static int show_document(struct job *j, struct nt_encoder *e, const struct nt_doc *doc,
			 struct nt_ids *ids, struct nt_spans *spans)
{
	struct nt_utf8_damage damage = nt_utf8_check(doc->text, doc->len);
	if (damage.n_byte && j->o->strict)
		return nt_fail(NT_EFORMAT, "%s: not UTF-8 at byte %zu", doc->source, damage.first);
	ids->n = spans->n = 0;
	int rc = nt_encode_offsets(e, doc->text, doc->len, flags_of(j->o), ids, spans);
	if (rc < 0)
		return nt_fail(rc, "%s: %s", doc->source, nt_errmsg());
	struct nt_cut_text cut = {.number = j->documents, .source = doc->source, .text = doc->text,
				  .len = doc->len, .ids = ids, .spans = spans};
	count_text(j, &(struct nt_encoded){.tokens = {.n = ids->n}, .bytes = doc->len, .begins = true,
					   .n_invalid = damage.n_byte, .source = doc->source,
					   .input_bytes = nt_docs_bytes(j->docs)});
	return j->o->offsets ? nt_offsets_write(j->out, &cut)
			     : nt_pieces_write(j->out, j->t, &cut, j->cli->has_color);
}

static int show_documents(struct job *j)
{
	struct nt_encoder *e = nt_encoder_new(j->t);
	struct nt_spans spans = {0};
	struct nt_ids ids = {0};
	struct nt_doc doc;
	int rc = e ? 0 : NT_ESYS;
	while (rc == 0 && (rc = nt_docs_next(j->docs, &doc)) > 0)
		rc = show_document(j, e, &doc, &ids, &spans);
	nt_ids_release(&ids);
	nt_spans_release(&spans);
	nt_encoder_free(e);
	return rc;
}

static int encode(struct job *j, char **operand, int n_operand)
{
	const struct options *o = j->o;
	struct nt_docs_options how = documents_how(&o->documents);
	how.n_thread = (int)j->cli->threads;
	int rc = nt_tokenizer_open(&j->t, o->tokenizer, o->pattern);
	if (rc == 0 && nt_tokenizer_remark(j->t))
		nt_cli_note(j->cli, "%s", nt_tokenizer_remark(j->t));
	if (rc == 0 && !o->pieces && !o->offsets)
		nt_encode_parts(j->t, &how);
	if (rc == 0)
		rc = nt_docs_open(&j->docs, &how, operand, (size_t)n_operand);
	if (rc == 0)
		rc = o->pieces || o->offsets ? show_documents(j) : write_documents(j);
	return rc;
}

/* --- backward --------------------------------------------------------------------- */

/* In slices, so that a long document does not need its text in memory as well. */
static int write_text(struct job *j, const uint32_t *id, size_t n)
{
	enum { SLICE = 1 << 16 };
	uint64_t before = j->bytes;
	int rc = nt_nultext_begin(&j->back);
	for (size_t i = 0, k; rc == 0 && i < n; i += k) {
		k = n - i < SLICE ? n - i : SLICE;
		j->line.len = 0;
		rc = j->bytes == before ? nt_decode_document(j->t, id + i, k, &j->line)
					: nt_decode(j->t, id + i, k, &j->line);
		if (rc == 0)
			rc = nt_nultext_add(&j->back, j->line.data, j->line.len);
		j->bytes += j->line.len;
	}
	j->tokens += n;
	j->documents++;
	if (!j->is_on_screen && nt_cli_progress_due(j->cli))
		nt_cli_progress(j->cli, "%s, %s", nt_counted(j->documents, "document"),
				nt_counted(j->tokens, "token"));
	return rc;
}

/* The tokenizer that the ids came with; all inputs have the same. */
static int use_tokenizer(struct job *j, const struct nt_ident *id, const char *path)
{
	if (!j->t)
		return nt_tokenizer_parse(&j->t, id->json, id->json_len, id->name);
	const struct nt_ident *before = nt_tokenizer_ident(j->t);
	if (!before || memcmp(before->fingerprint, id->fingerprint, 16) == 0)
		return before ? 0 : NT_ESYS;
	return nt_fail(NT_EFORMAT, "%s: of another tokenizer ('%s') than what came before ('%s')", path,
		       id->name, before->name);
}

static int decode_streams(struct job *j, char **operand, int n_operand)
{
	struct nt_stream_reader *r;
	struct nt_tokens doc;
	int rc = nt_stream_open(&r, operand, (size_t)n_operand);
	if (rc < 0)
		return rc;
	rc = use_tokenizer(j, nt_stream_ident(r), "");
	while (rc == 0 && (rc = nt_stream_next(r, &doc)) == 1)
		rc = write_text(j, doc.id, doc.n);
	nt_stream_close(r);
	return rc;
}

static int decode_data(struct job *j, const char *path)
{
	struct nt_data_docs *docs = NULL;
	struct nt_data *d;
	struct nt_tokens doc;
	int rc = nt_data_open(&d, path);
	if (rc < 0)
		return rc;
	rc = use_tokenizer(j, nt_data_ident(d), path);
	if (rc == 0)
		rc = nt_data_docs_new(&docs, d);
	while (rc == 0 && (rc = nt_data_docs_next(docs, &doc)) == 1)
		rc = write_text(j, doc.id, doc.n);
	nt_data_docs_free(docs);
	nt_data_close(d);
	return rc;
}

static int decode_lines(struct job *j, char **operand, int n_operand)
{
	struct nt_idlines *lines = NULL;
	struct nt_ids ids = {0};
	int rc = nt_tokenizer_open(&j->t, j->o->tokenizer, j->o->pattern);
	if (rc == 0)
		rc = nt_idlines_open(&lines, operand, (size_t)n_operand);
	if (rc == 0)
		nt_idlines_limit(lines, nt_tokenizer_summary(j->t)->vocab_size, nt_tokenizer_summary(j->t)->name);
	while (rc == 0 && (rc = nt_idlines_next(lines, &ids)) == 1)
		rc = write_text(j, ids.id, ids.n);
	nt_idlines_close(lines);
	nt_ids_release(&ids);
	return rc;
}

static int decode_operands(struct job *j, char **operand, int n_operand)
{
	if (j->o->ids)
		return decode_lines(j, operand, n_operand);
	if (j->o->tokenizer)
		return nt_fail(NT_EARG, "-t says nothing with -d: streams and data files hold their "
			       "tokenizer");
	int rc = nt_data_is(n_operand ? operand[0] : "-");
	if (rc <= 0)
		return rc < 0 ? rc : decode_streams(j, operand, n_operand);
	rc = n_operand ? 0 : decode_data(j, "-");
	for (int i = 0; rc == 0 && i < n_operand; i++)
		rc = decode_data(j, operand[i]);
	return rc;
}

static int decode(struct job *j, char **operand, int n_operand)
{
	j->back.out = j->out;
	int rc = decode_operands(j, operand, n_operand);
	return rc < 0 ? rc : nt_nultext_end(&j->back);
}

static void report_decoded(const struct job *j)
{
	nt_cli_say(j->cli, "%s, %s, %s", nt_counted(j->documents, "document"),
		   nt_counted(j->tokens, "token"), nt_counted(j->bytes, "byte"));
}

/* At most one form, and of text. */
static int check_forms(const struct options *o)
{
	if (o->ids + o->pieces + o->offsets + o->stats > 1)
		return nt_fail(NT_EARG, "--ids, --pieces, --offsets, --stats: choose one");
	if (o->decode && (o->pieces || o->offsets || o->stats))
		return nt_fail(NT_EARG, "--pieces, --offsets and --stats read text: they say nothing with -d");
	if (o->json && !o->stats)
		return nt_fail(NT_EARG, "--json says nothing without --stats; --offsets writes JSON as it is");
	if (o->manifest && (o->decode || o->ids || o->pieces || o->offsets || o->stats))
		return nt_fail(NT_EARG, "--manifest: only a token stream carries a manifest");
	return 0;
}

static int run(struct nt_cli *cli, void *opt, char **operand, int n_operand)
{
	struct options *o = opt;
	struct job j = {.cli = cli, .o = o, .is_on_screen = !o->output && isatty(STDOUT_FILENO)};
	bool is_text = o->ids || o->decode || o->pieces || o->offsets || o->stats;
	unsigned flags = (is_text ? 0 : NT_OUT_BINARY) | (o->force ? NT_OUT_FORCE : 0);
	int rc = check_forms(o);
	if (rc == 0)
		rc = nt_out_open(&j.out, o->output, flags);
	if (rc == 0)
		rc = o->decode ? decode(&j, operand, n_operand) : encode(&j, operand, n_operand);
	if (rc == 0) {
		rc = nt_out_close(j.out);
		j.out = NULL;
	}
	if (rc == 0 && o->decode)
		report_decoded(&j);
	else if (rc == 0)
		report_encoded(&j);
	nt_stream_free(j.stream);
	nt_usage_free(j.usage);
	nt_digest_release(&j.text);
	nt_out_discard(j.out);
	nt_docs_close(j.docs);
	nt_tokenizer_free(j.t);
	nt_buf_release(&j.line);
	return rc;
}

static const struct nt_example examples[] = {
	{"nt-cat corpus/ | nt-tokenize | nt-pack > data.bin", "From files to what nt-train maps"},
	{"nt-tokenize -t tokenizer.json --ids poem.txt", "Ids to read"},
	{"nt-tokenize --pieces -t tokenizer.json poem.txt | less -R", "Where a vocabulary cuts"},
	{"nt-tokenize --stats corpus.jsonl", "How well a vocabulary fits a corpus"},
	{"nt-tokenize --offsets -0 < corpus.nul | jq -c .offsets", "The bytes behind each token"},
	{"nt-tokenize -d data.bin | head -c 500", "The text that a data file was made of"},
	{0},
};

static const struct nt_cmd cmd = {
	.name = "nt-tokenize",
	.what = "text to token stream, and back",
	.synopsis = "[OPTION...] [FILE...]",
	.about = "Reads documents and writes their tokens as a stream that says which tokenizer made "
		 "it and carries that tokenizer, so that no later command asks for it.\n\n"
		 "A unit, what nt-dedup compares, ends at a blank line; ids do not depend on units. "
		 "Special tokens written out in the text are text. Bytes that are not UTF-8 are kept: "
		 "-d gives back exactly what was read, unless the tokenizer normalizes, to NFC for one.\n\n"
		 "--pieces shows the text cut at its tokens. On a terminal neighbours differ in colour; "
		 "else, or with --color=never, a | stands between two, a | in the text is \\|, a "
		 "backslash is \\\\, and control bytes, cut characters and characters that nobody sees are "
		 "\\n, \\t, \\xNN and \\u{NNNN}. A line ends where a token ends with a newline; an empty "
		 "line stands between two documents.\n\n"
		 "--offsets writes {\"doc\", \"source\", \"bytes\", \"ids\", \"offsets\"} for each document: token "
		 "ids[i] stands for the bytes from offsets[i][0] to before offsets[i][1] of the text as it "
		 "was given.",
	.examples = examples,
	.see_also = "nt-cat nt-dedup nt-pack nt-vocab",
	.opts = opts,
	.opts_bytes = sizeof(struct options),
	.run = run,
};

int main(int argc, char **argv)
{
	return nt_cli_main(&cmd, argc, argv);
}
