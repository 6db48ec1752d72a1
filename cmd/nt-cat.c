/* SPDX-License-Identifier: MIT */
/*
 * nt-cat - documents out of files, one NUL between them
 *
 * What cat would erase, where a document ends, is kept: as a NUL, which no text holds, or
 * as one JSON object a line. A single document comes out as it is, byte for byte.
 *
 * n documents have n - 1 NULs between them. Only an empty last document gets one behind
 * it: without it nobody could tell it from none.
 */
#include "cli/main.h"
#include "cmd/documents.h"

#include <string.h>

#include "nt/file.h"
#include "nt/manifest.h"
#include "nt/nultext.h"
#include "nt/text.h"

struct options {
	struct document_options documents;
	const char *manifest, *output;
	struct nt_list where;
	uint64_t max_ratio, max_size, memory;
	bool is_jsonl, is_lenient;
};

#define AT(field) offsetof(struct options, field)
static const struct nt_opt opts[] = {
	{.help = "Documents"},
	DOCUMENT_OPTIONS(documents),
	{0, "where", NT_OPT_LIST, AT(where), "FIELD=VALUE", NULL, 0, 0,
	 "take only JSON lines in which it is so; repeated, all must be; VALUE may be several with "
	 "commas; also != < <= > >="},
	{.help = "Limits"},
	{0, "lenient", NT_OPT_FLAG, AT(is_lenient), NULL, NULL, 0, 0,
	 "pass over what is damaged, count it, warn, and exit 0"},
	{0, "max-ratio", NT_OPT_COUNT, AT(max_ratio), "N", NULL, 1, 1e15,
	 "unpack at most N bytes for each byte of a file (default 1000, behind the first GiB)"},
	{0, "max-size", NT_OPT_SIZE, AT(max_size), "SIZE", "1T", 1, 1e18,
	 "unpack at most SIZE bytes of a file"},
	{'S', "memory", NT_OPT_SIZE, AT(memory), "SIZE", "256M", 1 << 20, 1e15,
	 "with several files: read at most SIZE bytes ahead of the output; more lets larger files be "
	 "read at the same time"},
	{.help = "Output"},
	{0, "manifest", NT_OPT_STR, AT(manifest), "FILE", NULL, 0, 0,
	 "when all is written, say in FILE what was, for the --manifest of the program that reads it"},
	{0, "jsonl", NT_OPT_FLAG, AT(is_jsonl), NULL, NULL, 0, 0,
	 "write one JSON object a line: text, id, source, and url and date where they are known"},
	{'o', "output", NT_OPT_STR, AT(output), "FILE", NULL, 0, 0, "write to FILE"},
	{0},
};

struct counts {
	uint64_t documents, bytes, with_nul, replaced;
	bool goes_on, has_nul; /* the document whose part was written last */
	struct nt_digest text; /* for the manifest */
};

/* A document may come in parts, and these may end at any byte; in JSON not inside a character. */
enum { PART_BYTES = 1 << 18 };

static size_t any_seam(const void *arg, const uint8_t *text, size_t len)
{
	(void)arg;
	(void)text;
	return len;
}

static size_t character_seam(const void *arg, const uint8_t *text, size_t len)
{
	size_t n = len;
	(void)arg;
	while (n > 0 && len - n < 4 && (text[n - 1] & 0xc0) == 0x80)
		n--;
	return n > 0 && text[n - 1] >= 0xc0 ? n - 1 : len;
}

/* Adds "name": "value", unless there is no value. */
static int add_member(struct nt_buf *line, const char *name, const char *value)
{
	int rc = value ? nt_buf_printf(line, ", \"%s\": ", name) : 0;
	return rc < 0 || !value ? rc : nt_json_string(line, value, strlen(value));
}

/* A part of a document: the object begins with the first and ends with the last. */
static int write_json(struct nt_out *out, struct nt_buf *line, const struct nt_doc *doc,
		      struct counts *c)
{
	char number[24];
	line->len = 0;
	c->replaced += nt_utf8_check(doc->text, doc->len).n_byte;
	snprintf(number, sizeof(number), "%llu", nt_llu(c->documents));
	int rc = nt_buf_printf(line, c->goes_on ? "" : "{\"text\": \"");
	if (rc == 0)
		rc = nt_json_chars(line, doc->text, doc->len);
	if (rc == 0 && !doc->goes_on &&
	    ((rc = nt_buf_add(line, "\"", 1)) < 0 ||
	     (rc = add_member(line, "id", doc->id ? doc->id : number)) < 0 ||
	     (rc = add_member(line, "source", doc->source)) < 0 ||
	     (rc = add_member(line, "url", doc->url)) < 0 ||
	     (rc = add_member(line, "date", doc->date)) < 0 || (rc = nt_buf_add(line, "}\n", 2)) < 0))
		return rc;
	return rc < 0 ? rc : nt_out_write(out, line->data, line->len);
}

static int write_text(struct nt_nultext *out, const struct nt_doc *doc, struct counts *c)
{
	int rc = c->goes_on ? 0 : nt_nultext_begin(out);
	c->has_nul |= doc->len && memchr(doc->text, 0, doc->len);
	if (!doc->goes_on) {
		c->with_nul += c->has_nul;
		c->has_nul = false;
	}
	return rc < 0 ? rc : nt_nultext_add(out, doc->text, doc->len);
}

static void show_progress(const struct nt_cli *cli, const struct nt_docs *docs, uint64_t n)
{
	double read = (double)nt_docs_bytes(docs), total = (double)nt_docs_total(docs);
	if (!nt_cli_progress_due(cli))
		return;
	if (total > 0)
		nt_cli_progress(cli, "%s, %.0f %% of %.1f MB", nt_counted(n, "document"),
				100 * read / total, total / 1e6);
	else
		nt_cli_progress(cli, "%s, %.1f MB read", nt_counted(n, "document"), read / 1e6);
}

static int copy(const struct nt_cli *cli, const struct options *o, struct nt_out *out,
		struct nt_docs *docs, struct counts *c)
{
	struct nt_nultext text = {.out = out};
	struct nt_buf line = {0};
	struct nt_doc doc;
	int rc;
	while ((rc = nt_docs_next(docs, &doc)) == 1) {
		rc = o->is_jsonl ? write_json(out, &line, &doc, c) : write_text(&text, &doc, c);
		if (rc == 0 && o->manifest)
			rc = nt_digest_add(&c->text, doc.text, doc.len, doc.goes_on);
		if (rc < 0)
			break;
		c->goes_on = doc.goes_on;
		c->documents += !doc.goes_on;
		c->bytes += doc.len;
		show_progress(cli, docs, c->documents);
	}
	if (rc == 0)
		rc = nt_nultext_end(&text);
	nt_buf_release(&line);
	return rc;
}

static int save_manifest(const struct nt_cli *cli, const struct options *o, const struct nt_docs_options *how,
			 const struct nt_docs *docs, const struct counts *c)
{
	struct nt_buf members = {0}, manifest = {0};
	int rc = nt_buf_printf(&members, "\"options\": {");
	if (rc == 0)
		rc = nt_docs_describe(&members, how);
	if (rc == 0)
		rc = nt_buf_printf(&members, "}, \"in\": {\"file_bytes\": %llu}", nt_llu(nt_docs_bytes(docs)));
	if (rc == 0)
		rc = nt_manifest_text(&members, "out", &c->text);
	if (rc == 0)
		rc = nt_manifest_add(&manifest, NULL, cli->name, (char *)members.data);
	if (rc == 0)
		rc = nt_manifest_save(o->manifest, (char *)manifest.data);
	nt_buf_release(&members);
	nt_buf_release(&manifest);
	return rc;
}

static void report(const struct nt_cli *cli, const struct nt_docs *docs, const struct counts *c)
{
	if (nt_docs_remark(docs))
		nt_cli_say(cli, "%s", nt_docs_remark(docs));
	if (nt_docs_damage(docs))
		nt_cli_warn(cli, "%s", nt_docs_damage(docs));
	if (c->with_nul)
		nt_cli_warn(cli, "%s with NUL bytes inside: a reader will cut there; --jsonl keeps them whole",
			    nt_counted(c->with_nul, "document"));
	if (c->replaced)
		nt_cli_warn(cli, "invalid UTF-8, which JSON cannot hold: %s, each of which became U+FFFD",
			    nt_counted(c->replaced, "byte"));
	nt_cli_say(cli, "%s, %s", nt_counted(c->documents, "document"),
		   nt_counted(c->bytes, "byte"));
}

/* Damage is far on: what was read in front of it goes out, and the sentence stays. */
static int keep_what_came(struct nt_out *out, int failed)
{
	char why[1024];
	snprintf(why, sizeof(why), "%s", nt_errmsg());
	return nt_out_flush(out) < 0 ? NT_ESYS : nt_fail(failed, "%s", why);
}

static int run(struct nt_cli *cli, void *opt, char **operand, int n_operand)
{
	struct options *o = opt;
	struct nt_docs_options how = documents_how(&o->documents);
	struct nt_docs *docs = NULL;
	struct nt_out *out = NULL;
	struct counts counts = {0};
	how.where = o->where.item;
	how.n_where = o->where.n;
	how.is_lenient = o->is_lenient;
	how.max_ratio = o->max_ratio;
	how.max_size = o->max_size;
	how.n_thread = (int)cli->threads;
	how.ahead_bytes = o->memory;
	how.part_bytes = PART_BYTES;
	how.seam = o->is_jsonl ? character_seam : any_seam;
	if (o->manifest && o->is_jsonl)
		return nt_fail(NT_EARG, "--manifest is about text with NULs: it says nothing with --jsonl");
	int rc = o->manifest ? nt_manifest_clear(o->manifest) : 0;
	if (rc == 0)
		rc = nt_docs_open(&docs, &how, operand, (size_t)n_operand);
	if (rc == 0)
		rc = nt_out_open(&out, o->output, 0);
	if (rc == 0)
		rc = copy(cli, o, out, docs, &counts);
	if (rc == 0 && o->manifest)
		rc = save_manifest(cli, o, &how, docs, &counts);
	if (rc == 0) {
		rc = nt_out_close(out);
		out = NULL;
	}
	if (rc == 0)
		report(cli, docs, &counts);
	else if (out && nt_out_is_same(o->output, NULL))
		rc = keep_what_came(out, rc);
	nt_out_discard(out);
	nt_docs_close(docs);
	nt_digest_release(&counts.text);
	return rc;
}

static const struct nt_example examples[] = {
	{"nt-cat corpus/ | nt-tokenize > corpus.nts", "Every file below corpus/ is a document"},
	{"nt-cat --field title,text wiki.jsonl.zst > wiki.txt0", "Title and text of each JSON line"},
	{"nt-cat --where lang=en,de --where 'score>=0.5' docs/*.jsonl.gz > some.txt0", "Only some of the lines"},
	{"nt-cat --jsonl crawl.warc.wet.gz > crawl.jsonl", "The texts of a crawl, with address and date"},
	{"nt-cat --split='<|endoftext|>' stories.txt.gz | nt-cat --jsonl", "Other people's delimiter"},
	{0},
};

static const struct nt_cmd cmd = {
	.name = "nt-cat",
	.what = "documents out of files and archives",
	.synopsis = "[OPTION...] [FILE...]",
	.about = "Writes the documents of the files, or of standard input, to standard output with a "
		 "NUL byte between them; the other commands read them in that form.\n\n"
		 "gzip, zstd, xz, bzip2 and lz4 are undone, and tar, cpio, zip, 7z, ar and .deb opened, "
		 "one in the other too; they are told by what they hold, not by their names. A directory "
		 "stands for the files below it, sorted by name bytewise, hidden ones left out.\n\n"
		 "Token streams, data files and models are no text: they are refused, with the command "
		 "that takes them.\n\n"
		 "Of WARC and WET files, response, conversion and resource records are documents: HTTP "
		 "heads, chunks, gzip and deflate are taken off, HTML tags are not. Other records, "
		 "images and the like are passed over, and a line on standard error says how many.\n\n"
		 "With --split=auto a file is a document, and so is each file of an archive; a name that "
		 "ends in .jsonl or .ndjson (before .gz and the like) means one document a line. "
		 "Standard input is cut at NULs if it holds any, into lines if the first is a JSON "
		 "object with the field, and else is one document; a line on standard error says "
		 "which. Empty documents are kept; if the last of several is empty, a NUL ends it.\n\n"
		 "With --split=line, the newline is not part of the document. With --split=blank, "
		 "lines up to a blank one are a document. A delimiter at the very end begins no "
		 "further document.\n\n"
		 "What is cut or damaged, wherever, ends it with exit status 3; the documents in front of "
		 "the damage have been written to standard output by then. With --lenient the rest of the "
		 "JSON line, the WARC record, the archive's member or the file is passed over instead.\n\n"
		 "Several files are read by several threads (-j) and written in their order.",
	.examples = examples,
	.see_also = "nt-dedup nt-tokenize nt-vocab",
	.opts = opts,
	.opts_bytes = sizeof(struct options),
	.run = run,
};

int main(int argc, char **argv)
{
	return nt_cli_main(&cmd, argc, argv);
}
