/* SPDX-License-Identifier: MIT */
/*
 * nt-pack - a token stream into the file that training maps
 *
 * [B] document [E], one after the other, or with --seq-len fitted into rows. With
 * --holdout some documents go to a second file, chosen by what they hold, so that the
 * same document is never learned from in one run and tested on in another.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/main.h"
#include "nt/file.h"
#include "nt/idlines.h"
#include "nt/mem.h"
#include "nt/pack.h"
#include "nt/stream.h"
#include "nt/tokenizer.h"

struct options {
	uint64_t seq_len, buffer;
	int64_t seed;
	bool ids, force;
	const char *holdout, *tokenizer, *output;
};

#define AT(field) offsetof(struct options, field)
static const struct nt_opt opts[] = {
	{.help = "Rows"},
	{0, "seq-len", NT_OPT_COUNT, AT(seq_len), "T", NULL, 2, 1 << 24,
	 "fit documents into rows of T tokens; without it they follow one another"},
	{0, "buffer", NT_OPT_COUNT, AT(buffer), "N", "1000", 1, 1 << 24,
	 "documents that wait for a row they fit into"},
	{.help = "Holding out"},
	{0, "holdout", NT_OPT_STR, AT(holdout), "FRACTION:FILE", NULL, 0, 0,
	 "write this fraction of the documents to FILE instead"},
	{'s', "seed", NT_OPT_INT, AT(seed), "N", "1337", 0, 9007199254740992.0,
	 "which documents are held out"},
	{.help = "Input"},
	{0, "ids", NT_OPT_FLAG, AT(ids), NULL, NULL, 0, 0,
	 "read lines of decimal ids, each a document, of the tokenizer that -t names"},
	{'t', "tokenizer", NT_OPT_STR, AT(tokenizer), "FILE", NULL, 0, 0,
	 "with --ids: a tokenizer.json, a .tiktoken file, or bytes; the default is the built-in one"},
	{.help = "Output"},
	{'o', "output", NT_OPT_STR, AT(output), "FILE", NULL, 0, 0, "write to FILE"},
	{'f', "force", NT_OPT_FLAG, AT(force), NULL, NULL, 0, 0, "write the file even to a terminal"},
	{0},
};

/* One of the two files. */
struct side {
	struct nt_out *out;
	struct nt_pack *pack;
	uint64_t bytes; /* of text, as far as they were counted here */
};

struct job {
	const struct nt_cli *cli;
	const struct options *o;
	struct nt_stream_reader *reader; /* one of these two */
	struct nt_idlines *lines;
	struct nt_ids line;
	struct nt_tokenizer *tokenizer;
	const struct nt_ident *ident;
	uint32_t *token_bytes; /* [vocab_size], when bytes must be counted here */
	double fraction;
	const char *held_path;
	struct side train, held;
};

static int parse_holdout(struct job *j)
{
	const char *text = j->o->holdout;
	if (!text)
		return 0;
	char *end;
	j->fraction = strtod(text, &end);
	if (end == text || *end != ':' || !end[1] || !(j->fraction >= 0 && j->fraction <= 1))
		return nt_fail(NT_EARG, "--holdout: '%s' is not FRACTION:FILE, such as 0.01:val.bin", text);
	j->held_path = end + 1;
	if (nt_out_is_same(j->held_path, j->o->output))
		return nt_fail(NT_EARG, "--holdout: %s is where the other documents go: name another file",
			       j->held_path);
	return 0;
}

/* Documents of a stream bring one sum of bytes for all; to share it out, tokens are asked. */
static int count_token_bytes(struct job *j)
{
	int rc = 0;
	if (!j->tokenizer)
		rc = nt_tokenizer_parse(&j->tokenizer, j->ident->json, j->ident->json_len,
					j->ident->name);
	if (rc == 0 && !(j->token_bytes = nt_token_lengths(j->tokenizer)))
		rc = NT_ESYS;
	return rc;
}

static int open_input(struct job *j, char *const *operand, size_t n)
{
	int rc;
	if (!j->o->ids && j->o->tokenizer)
		return nt_fail(NT_EARG, "--tokenizer: a token stream brings its own; this is for --ids");
	if (j->o->ids) {
		rc = nt_tokenizer_open(&j->tokenizer, j->o->tokenizer, NULL);
		if (rc == 0 && !(j->ident = nt_tokenizer_ident(j->tokenizer)))
			rc = NT_ESYS;
		if (rc == 0)
			rc = nt_idlines_open(&j->lines, operand, n);
	} else {
		rc = nt_stream_open(&j->reader, operand, n);
		j->ident = rc < 0 ? NULL : nt_stream_ident(j->reader);
	}
	if (rc == 0 && (j->o->ids || j->held_path))
		rc = count_token_bytes(j);
	return rc;
}

static int open_side(struct job *j, struct side *side, const char *path)
{
	const struct nt_pack_options how = {.seq_len = (uint32_t)j->o->seq_len,
					    .buffer = j->o->buffer,
					    .seed = (uint64_t)j->o->seed};
	int rc = nt_out_open(&side->out, path, NT_OUT_BINARY | (j->o->force ? NT_OUT_FORCE : 0));
	return rc < 0 ? rc : nt_pack_new(&side->pack, side->out, j->ident, &how);
}

static int next(struct job *j, struct nt_tokens *doc)
{
	if (j->reader)
		return nt_stream_next(j->reader, doc);
	int rc = nt_idlines_next(j->lines, &j->line);
	for (size_t i = 0; rc == 1 && i < j->line.n; i++)
		if (j->line.id[i] >= j->ident->vocab_size)
			return nt_fail(NT_EFORMAT, "--ids: token id %u is not below the size of the vocabulary "
				       "'%s', %u: -t names another one", j->line.id[i], j->ident->name,
				       j->ident->vocab_size);
	*doc = (struct nt_tokens){.id = j->line.id, .n = j->line.n};
	return rc;
}

static int add(struct job *j, const struct nt_tokens *doc)
{
	bool is_held = j->held_path && nt_pack_is_held_out(doc->id, doc->n, j->fraction,
							   (uint64_t)j->o->seed);
	struct side *side = is_held ? &j->held : &j->train;
	int rc = nt_pack_add(side->pack, doc->id, doc->n); /* refuses ids outside the vocabulary */
	for (size_t i = 0; i < doc->n && rc == 0 && j->token_bytes; i++)
		side->bytes += doc->id[i] < j->ident->vocab_size ? j->token_bytes[doc->id[i]] : 0;
	return rc;
}

static int copy(struct job *j)
{
	struct nt_tokens doc;
	int rc;
	while ((rc = next(j, &doc)) == 1 && (rc = add(j, &doc)) == 0) {
		const struct nt_pack_counts *c = nt_pack_counts(j->train.pack);
		nt_cli_progress(j->cli, "%s, %s", nt_cli_count(c->documents, "document"),
				nt_cli_count(c->tokens, "token"));
	}
	return rc;
}

static int make_manifest(const struct job *j, const struct side *side, struct nt_buf *manifest)
{
	const struct nt_pack_counts *c = nt_pack_counts(side->pack);
	struct nt_buf m = {0};
	int rc = nt_buf_printf(&m, "\"options\": {\"seq_len\": %llu, \"buffer\": %llu",
			       nt_llu(j->o->seq_len), nt_llu(j->o->buffer));
	if (rc == 0 && j->held_path)
		rc = nt_buf_printf(&m, ", \"holdout\": %.15g, \"seed\": %llu, \"is_held_out\": %s",
				   j->fraction, nt_llu((uint64_t)j->o->seed),
				   side == &j->held ? "true" : "false");
	if (rc == 0)
		rc = nt_buf_printf(&m, "}");
	if (rc == 0 && j->reader)
		rc = nt_manifest_tokens(&m, "in", nt_stream_counts(j->reader));
	if (rc == 0)
		rc = nt_buf_printf(&m,
				   ", \"out\": {\"documents\": %llu, \"tokens\": %llu, \"rows\": %llu, "
				   "\"padding\": %llu, \"cut\": %llu, \"bytes\": %llu}",
				   nt_llu(c->documents), nt_llu(c->tokens), nt_llu(c->rows), nt_llu(c->padding),
				   nt_llu(c->cut), nt_llu(side->bytes));
	if (rc == 0)
		rc = nt_manifest_add(manifest, j->reader ? nt_stream_manifest(j->reader) : NULL,
				     j->cli->name, (char *)m.data);
	nt_buf_release(&m);
	return rc;
}

static int finish(struct job *j, struct side *side)
{
	struct nt_buf manifest = {0};
	int rc = nt_pack_flush(side->pack);
	if (rc == 0)
		rc = make_manifest(j, side, &manifest);
	if (rc == 0)
		rc = nt_pack_end(side->pack, (char *)manifest.data, side->bytes);
	if (rc == 0) {
		rc = nt_out_close(side->out);
		side->out = NULL;
	}
	nt_buf_release(&manifest);
	return rc;
}

static void report(const struct job *j, const struct side *side, const char *what)
{
	const struct nt_pack_counts *c = nt_pack_counts(side->pack);
	uint64_t all = c->rows * j->o->seq_len;
	if (j->o->seq_len)
		nt_cli_say(j->cli,
			   "%s%s, %s in %s of %llu, %.2f %% padding, %s cut", what,
			   nt_cli_count(c->documents, "document"), nt_cli_count(c->tokens, "token"),
			   nt_cli_count(c->rows, "row"), nt_llu(j->o->seq_len),
			   all ? 100 * (double)c->padding / (double)all : 0.0,
			   nt_cli_count(c->cut, "document"));
	else
		nt_cli_say(j->cli, "%s%s, %s", what, nt_cli_count(c->documents, "document"),
			   nt_cli_count(c->tokens, "token"));
}

static int pack(struct job *j)
{
	int rc = open_side(j, &j->train, j->o->output);
	if (rc == 0 && j->held_path)
		rc = open_side(j, &j->held, j->held_path);
	if (rc == 0)
		rc = copy(j);
	if (rc < 0)
		return rc;
	if (j->reader) { /* what the stream says is the text itself, and rules */
		uint64_t all = nt_stream_counts(j->reader)->source_bytes;
		j->train.bytes = all > j->held.bytes ? all - j->held.bytes : 0;
	}
	if (j->held_path)
		rc = finish(j, &j->held);
	if (rc == 0)
		rc = finish(j, &j->train);
	return rc;
}

static int run(struct nt_cli *cli, void *opt, char **operand, int n_operand)
{
	struct job j = {.cli = cli, .o = opt};
	int rc = parse_holdout(&j);
	if (rc == 0)
		rc = open_input(&j, operand, (size_t)n_operand);
	if (rc == 0)
		rc = pack(&j);
	if (rc == 0)
		report(&j, &j.train, "");
	if (rc == 0 && j.held_path)
		report(&j, &j.held, "held out: ");
	if (rc == 0 && j.fraction > 0 && nt_pack_counts(j.held.pack)->documents == 0)
		nt_cli_warn(cli, "no document was held out: too few for %g of them; another --seed may "
				 "choose one, or cut the text into more documents", j.fraction);
	nt_pack_free(j.train.pack);
	nt_pack_free(j.held.pack);
	nt_out_discard(j.train.out);
	nt_out_discard(j.held.out);
	nt_stream_close(j.reader);
	nt_idlines_close(j.lines);
	nt_ids_release(&j.line);
	nt_tokenizer_free(j.tokenizer);
	free(j.token_bytes);
	return rc;
}

static const struct nt_example examples[] = {
	{"cat *.txt | nt-tokenize | nt-dedup | nt-pack > data.bin", "No options needed"},
	{"nt-pack --seq-len 2048 --holdout 0.01:val.bin -o train.bin corpus.nts",
	 "Rows for training, one document in a hundred held out"},
	{"nt-tokenize --ids -t bytes a.txt | nt-pack --ids -t bytes > data.bin",
	 "From numbers, of this tokenizer"},
	{0},
};

static const struct nt_cmd cmd = {
	.name = "nt-pack",
	.what = "token stream to mapped data file",
	.synopsis = "[OPTION...] [FILE...]",
	.about = "Reads token streams, puts [B] in front of every document and [E] behind it, and "
		 "writes the data file that nt-train maps. The tokenizer goes along in it. Data files "
		 "of one tokenizer can be joined with cat.\n\n"
		 "With --seq-len documents are fitted into rows: of those that wait, the longest that "
		 "still fits comes next, and what stays free is padding. A document longer than a row is "
		 "cut into rows that share one token, so that every token is predicted once.\n\n"
		 "--holdout chooses by a hash of the document's tokens and the seed, not by its place: a "
		 "document is on the same side in every run, with all its copies.",
	.examples = examples,
	.see_also = "nt-dedup nt-info nt-shuffle nt-tokenize nt-train",
	.opts = opts,
	.opts_bytes = sizeof(struct options),
	.run = run,
};

int main(int argc, char **argv)
{
	return nt_cli_main(&cmd, argc, argv);
}
