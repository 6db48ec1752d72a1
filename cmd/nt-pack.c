/* SPDX-License-Identifier: MIT */
/*
 * nt-pack - a token stream into the file that training maps
 *
 * [B] document [E], one after the other, or with --seq-len fitted into rows. With
 * --holdout some documents go to a second file, chosen by what they hold, so that the
 * same document is never learned from in one run and tested on in another. The files may
 * be those of other people's trainers, on either side.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/main.h"
#include "nt/data.h"
#include "nt/file.h"
#include "nt/foreign.h"
#include "nt/idlines.h"
#include "nt/mem.h"
#include "nt/pack.h"
#include "nt/tokenizer.h"

struct options {
	uint64_t seq_len, stride, buffer, file_tokens;
	int64_t seed;
	int from, format; /* enum nt_foreign */
	bool ids, force;
	const char *source, *holdout, *tokenizer, *output;
};

#define AT(field) offsetof(struct options, field)
static const struct nt_opt opts[] = {
	{.help = "Rows"},
	{0, "seq-len", NT_OPT_COUNT, AT(seq_len), "T", NULL, 2, 1 << 24,
	 "fit documents into rows of T tokens; without it they follow one another"},
	{0, "stride", NT_OPT_COUNT, AT(stride), "N", NULL, 1, 1 << 24,
	 "rows of a document that is longer begin N tokens apart, and T - N of each are context only; "
	 "T - 1 unless said"},
	{0, "buffer", NT_OPT_COUNT, AT(buffer), "N", "1000", 1, 1 << 24,
	 "documents that wait for a row they fit into, or as many as make two rows"},
	{.help = "Sources"},
	{0, "source", NT_OPT_STR, AT(source), "NAME", NULL, 0, 0,
	 "name where these documents are from; nt-train tells the loss of each source"},
	{.help = "Holding out"},
	{0, "holdout", NT_OPT_STR, AT(holdout), "FRACTION:FILE", NULL, 0, 0,
	 "write this fraction of the documents to FILE instead"},
	{'s', "seed", NT_OPT_INT, AT(seed), "N", "1337", 0, 9007199254740992.0,
	 "which documents are held out"},
	{.help = "Input"},
	{0, "from", NT_OPT_ENUM, AT(from), NT_FOREIGN_NAMES, "nt", 0, 0,
	 "read the token files of another trainer, of the tokenizer that -t names"},
	{0, "ids", NT_OPT_FLAG, AT(ids), NULL, NULL, 0, 0,
	 "read lines of decimal ids, each a document, of the tokenizer that -t names"},
	{'t', "tokenizer", NT_OPT_STR, AT(tokenizer), "FILE", NULL, 0, 0,
	 "with --ids or --from: a tokenizer.json, a .tiktoken file, or bytes; the default is the built-in "
	 "one"},
	{.help = "Output"},
	{0, "format", NT_OPT_ENUM, AT(format), NT_FOREIGN_NAMES, "nt", 0, 0,
	 "write the token files of another trainer; all but nanogpt's are several, named by -o PREFIX"},
	{0, "file-tokens", NT_OPT_COUNT, AT(file_tokens), "N", NULL, 1, NT_LLMC_FILE_TOKENS,
	 "with --format=llmc: tokens in a file; the default is 100M"},
	{'o', "output", NT_OPT_STR, AT(output), "FILE", NULL, 0, 0, "write to FILE"},
	{'f', "force", NT_OPT_FLAG, AT(force), NULL, NULL, 0, 0, "write the file even to a terminal"},
	{0},
};

/* One of the two files. */
struct side {
	struct nt_out *out;
	struct nt_pack *pack;
	struct nt_foreign_writer *foreign; /* with --format, in place of these two */
	uint64_t bytes; /* of text, as far as they were counted here */
};

struct job {
	const struct nt_cli *cli;
	const struct options *o;
	struct nt_data_input *in; /* one of these three */
	struct nt_foreign_reader *foreign;
	struct nt_idlines *lines;
	struct nt_ids line;
	struct nt_tokenizer *tokenizer;
	const struct nt_ident *ident;
	uint32_t *token_bytes; /* [vocab_size], when bytes must be counted here */
	double fraction;
	const char *held_path;
	char *source; /* of a data file that is packed again */
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
		rc = nt_tokenizer_parse_tokens(&j->tokenizer, j->ident->json, j->ident->json_len,
					       j->ident->name);
	if (rc == 0 && !(j->token_bytes = nt_token_lengths(j->tokenizer)))
		rc = NT_ESYS;
	return rc;
}

static int check_options(const struct options *o)
{
	if (o->ids && o->from)
		return nt_fail(NT_EARG, "--ids and --from: the input is one or the other");
	if (o->tokenizer && !o->ids && !o->from)
		return nt_fail(NT_EARG, "--tokenizer: a token stream or data file brings its own; this is for "
			       "--ids and --from");
	if (o->format && o->seq_len)
		return nt_fail(NT_EARG, "--seq-len: rows are for nt-train; the files of --format have none");
	if (o->stride && o->stride >= o->seq_len)
		return o->seq_len ? nt_fail(NT_EARG, "--stride %llu: it must be below --seq-len, %llu",
					    nt_llu(o->stride), nt_llu(o->seq_len))
				  : nt_fail(NT_EARG, "--stride is for rows: give their --seq-len, too");
	if (o->format && o->source)
		return nt_fail(NT_EARG, "--source: the files of --format have no place for a name");
	if (o->file_tokens && o->format != NT_LLMC)
		return nt_fail(NT_EARG, "--file-tokens is for --format=llmc");
	return 0;
}

static int open_tokenizer(struct job *j)
{
	int rc = nt_tokenizer_open(&j->tokenizer, j->o->tokenizer, NULL);
	if (rc == 0 && !(j->ident = nt_tokenizer_ident(j->tokenizer)))
		rc = NT_ESYS;
	return rc;
}

static int open_input(struct job *j, char *const *operand, size_t n)
{
	bool is_bare = j->o->ids || j->o->from;
	int rc = check_options(j->o);
	if (rc == 0 && is_bare)
		rc = open_tokenizer(j);
	if (rc == 0 && j->o->from)
		rc = nt_foreign_open(&j->foreign, (enum nt_foreign)j->o->from, operand, n, j->ident);
	if (rc == 0 && j->o->ids)
		rc = nt_idlines_open(&j->lines, operand, n);
	if (rc == 0 && j->o->ids)
		nt_idlines_limit(j->lines, j->ident->vocab_size, j->ident->name);
	if (rc == 0 && !is_bare && (rc = nt_data_input_open(&j->in, operand, n)) == 0)
		j->ident = nt_data_input_ident(j->in);
	if (rc == 0 && (is_bare || j->held_path))
		rc = count_token_bytes(j);
	return rc;
}

/* Documents of a data file keep the name of their source, if they have one and no other. */
static int find_source(struct job *j)
{
	int rc = j->o->source || j->o->format || !j->in ? 0 : nt_data_input_source(j->in, &j->source);
	if (rc == 0 && j->in && !j->source && !j->o->source && !j->o->format)
		nt_cli_warn(j->cli, "the input is of several sources, and their names are lost: pack each by "
				    "itself, and join the files with cat");
	return rc;
}

static const char *source_of(const struct job *j)
{
	return j->o->source ? j->o->source : j->source && *j->source ? j->source : NULL;
}

static int open_foreign(struct job *j, struct side *side, const char *path)
{
	const struct nt_foreign_options how = {
		.file_tokens = j->o->file_tokens,
		.out_flags = NT_OUT_BINARY | (j->o->force ? NT_OUT_FORCE : 0),
	};
	return nt_foreign_create(&side->foreign, (enum nt_foreign)j->o->format, path, j->ident, &how);
}

static int open_side(struct job *j, struct side *side, const char *path)
{
	const struct nt_pack_options how = {.seq_len = (uint32_t)j->o->seq_len,
					    .stride = (uint32_t)j->o->stride,
					    .buffer = j->o->buffer,
					    .seed = (uint64_t)j->o->seed,
					    .source = source_of(j)};
	if (j->o->format)
		return open_foreign(j, side, path);
	int rc = nt_out_open(&side->out, path, NT_OUT_BINARY | (j->o->force ? NT_OUT_FORCE : 0));
	return rc < 0 ? rc : nt_pack_new(&side->pack, side->out, j->ident, &how);
}

static int next_line(struct job *j, struct nt_tokens *doc)
{
	int rc = nt_idlines_next(j->lines, &j->line);
	*doc = (struct nt_tokens){.id = j->line.id, .n = j->line.n};
	return rc;
}

static int next(struct job *j, struct nt_tokens *doc)
{
	if (j->in)
		return nt_data_input_next(j->in, doc);
	return j->foreign ? nt_foreign_next(j->foreign, doc) : next_line(j, doc);
}

static int add(struct job *j, const struct nt_tokens *doc)
{
	bool is_held = j->held_path && nt_pack_is_held_out(doc->id, doc->n, j->fraction,
							   (uint64_t)j->o->seed);
	struct side *side = is_held ? &j->held : &j->train;
	int rc = side->foreign ? nt_foreign_write(side->foreign, doc->id, doc->n)
			       : nt_pack_add(side->pack, doc->id, doc->n); /* both refuse ids outside the vocabulary */
	for (size_t i = 0; i < doc->n && rc == 0 && j->token_bytes; i++)
		side->bytes += doc->id[i] < j->ident->vocab_size ? j->token_bytes[doc->id[i]] : 0;
	return rc;
}

static struct nt_pack_counts counts(const struct side *side)
{
	if (!side->foreign)
		return *nt_pack_counts(side->pack);
	const struct nt_foreign_counts *c = nt_foreign_counts(side->foreign);
	return (struct nt_pack_counts){.documents = c->documents, .tokens = c->tokens};
}

static int copy(struct job *j)
{
	struct nt_tokens doc;
	int rc;
	while ((rc = next(j, &doc)) == 1 && (rc = add(j, &doc)) == 0) {
		if (!nt_cli_progress_due(j->cli))
			continue;
		const struct nt_pack_counts c = counts(&j->train);
		nt_cli_progress(j->cli, "%s, %s", nt_counted(c.documents, "document"),
				nt_counted(c.tokens, "token"));
	}
	return rc;
}

static int make_manifest(const struct job *j, const struct side *side, struct nt_buf *manifest)
{
	const struct nt_pack_counts *c = nt_pack_counts(side->pack);
	struct nt_buf m = {0};
	int rc = nt_buf_printf(&m, "\"options\": {\"seq_len\": %llu, \"buffer\": %llu",
			       nt_llu(j->o->seq_len), nt_llu(j->o->buffer));
	if (rc == 0 && j->o->stride)
		rc = nt_buf_printf(&m, ", \"stride\": %llu", nt_llu(j->o->stride));
	if (rc == 0 && source_of(j) && (rc = nt_buf_printf(&m, ", \"source\": ")) == 0)
		rc = nt_json_string(&m, source_of(j), strlen(source_of(j)));
	if (rc == 0 && j->o->from)
		rc = nt_buf_printf(&m, ", \"from\": \"%s\"", nt_foreign_name((enum nt_foreign)j->o->from));
	if (rc == 0 && j->held_path)
		rc = nt_buf_printf(&m, ", \"holdout\": %.15g, \"seed\": %llu, \"is_held_out\": %s",
				   j->fraction, nt_llu((uint64_t)j->o->seed),
				   side == &j->held ? "true" : "false");
	if (rc == 0)
		rc = nt_buf_printf(&m, "}");
	if (rc == 0 && j->in)
		rc = nt_manifest_tokens(&m, "in", nt_data_input_counts(j->in));
	if (rc == 0)
		rc = nt_buf_printf(&m,
				   ", \"out\": {\"documents\": %llu, \"tokens\": %llu, \"rows\": %llu, "
				   "\"padding\": %llu, \"cut\": %llu, \"repeated\": %llu, \"bytes\": %llu}",
				   nt_llu(c->documents), nt_llu(c->tokens), nt_llu(c->rows), nt_llu(c->padding),
				   nt_llu(c->cut), nt_llu(c->repeated), nt_llu(side->bytes));
	if (rc == 0)
		rc = nt_manifest_add(manifest, j->in ? nt_data_input_manifest(j->in) : NULL, j->cli->name,
				     (char *)m.data);
	nt_buf_release(&m);
	return rc;
}

static int finish(struct job *j, struct side *side)
{
	struct nt_buf manifest = {0};
	if (side->foreign)
		return nt_foreign_end(side->foreign);
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

static void report_foreign(const struct job *j, const struct side *side, const char *what)
{
	const struct nt_foreign_counts *c = nt_foreign_counts(side->foreign);
	const char *leftover = nt_foreign_leftover(side->foreign);
	nt_cli_say(j->cli, "%s%s, %s in %s of tokens", what, nt_counted(c->documents, "document"),
		   nt_counted(c->tokens, "token"), nt_counted(c->files, "file"));
	if (leftover)
		nt_cli_warn(j->cli, "%s is of an earlier run with more files: remove it, or a loader reads it, too",
			    leftover);
}

static void report(const struct job *j, const struct side *side, const char *what)
{
	const struct nt_pack_counts *c = side->pack ? nt_pack_counts(side->pack) : NULL;
	if (!c) {
		report_foreign(j, side, what);
		return;
	}
	uint64_t all = c->rows * j->o->seq_len;
	char repeated[64] = "";
	if (j->o->stride && all)
		snprintf(repeated, sizeof(repeated), ", %.2f %% repeated as context",
			 100 * (double)c->repeated / (double)all);
	if (j->o->seq_len)
		nt_cli_say(j->cli,
			   "%s%s, %s in %s of %llu, %.2f %% padding, %s cut%s", what,
			   nt_counted(c->documents, "document"), nt_counted(c->tokens, "token"),
			   nt_counted(c->rows, "row"), nt_llu(j->o->seq_len),
			   all ? 100 * (double)c->padding / (double)all : 0.0,
			   nt_counted(c->cut, "document"), repeated);
	else
		nt_cli_say(j->cli, "%s%s, %s", what, nt_counted(c->documents, "document"),
			   nt_counted(c->tokens, "token"));
}

static int pack(struct job *j)
{
	int rc = find_source(j);
	if (rc == 0)
		rc = open_side(j, &j->train, j->o->output);
	if (rc == 0 && j->held_path)
		rc = open_side(j, &j->held, j->held_path);
	if (rc == 0)
		rc = copy(j);
	if (rc < 0)
		return rc;
	if (j->in) { /* what the input says is the text itself, and rules */
		uint64_t all = nt_data_input_counts(j->in)->source_bytes;
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
	if (rc == 0 && j.fraction > 0 && counts(&j.held).documents == 0)
		nt_cli_warn(cli, "no document was held out: too few for %g of them; another --seed may "
				 "choose one, or cut the text into more documents", j.fraction);
	nt_pack_free(j.train.pack);
	nt_pack_free(j.held.pack);
	nt_out_discard(j.train.out);
	nt_out_discard(j.held.out);
	nt_foreign_writer_free(j.train.foreign);
	nt_foreign_writer_free(j.held.foreign);
	nt_data_input_close(j.in);
	nt_foreign_close(j.foreign);
	nt_idlines_close(j.lines);
	nt_ids_release(&j.line);
	nt_tokenizer_free(j.tokenizer);
	free(j.token_bytes);
	free(j.source);
	return rc;
}

static const struct nt_example examples[] = {
	{"cat *.txt | nt-tokenize | nt-dedup | nt-pack > data.bin", "No options needed"},
	{"nt-pack --seq-len 2048 --holdout 0.01:val.bin -o train.bin corpus.nts",
	 "Rows for training, one document in a hundred held out"},
	{"nt-tokenize --ids -t bytes a.txt | nt-pack --ids -t bytes > data.bin",
	 "From numbers, of this tokenizer"},
	{"nt-pack --format llmc --holdout 0.01:val -o train data.bin",
	 "A data file for llm.c: train_000000.bin, train_000001.bin, ..., and val_000000.bin"},
	{"nt-pack --from megatron -t tokenizer.json corpus_text_document > data.bin",
	 "Out of Megatron-LM's corpus_text_document.bin and .idx"},
	{0},
};

static const struct nt_cmd cmd = {
	.name = "nt-pack",
	.what = "token stream to mapped data file, or to and from other trainers' files",
	.synopsis = "[OPTION...] [FILE...]",
	.about = "Reads token streams or data files, puts [B] in front of every document and [E] behind it, "
		 "and writes the data file that nt-train maps. The tokenizer goes along in it. Data files "
		 "of one tokenizer can be joined with cat.\n\n"
		 "With --seq-len documents are fitted into rows: of those that wait, the longest begins a row, "
		 "those that fill it best follow, and what stays free is padding. A document longer than a row is "
		 "cut into rows that share one token, or T - N with --stride N: in the later row they are context and no "
		 "targets, so that every token is predicted once.\n\n"
		 "--holdout chooses by a hash of the document's tokens and the seed, not by its place: a "
		 "document is on the same side in every run, with all its copies.\n\n"
		 "--format writes what other trainers read, as their own scripts do, marks included: nanogpt "
		 "(.bin), llmc (llm.c, modded-nanogpt: PREFIX_000000.bin, ...), megatron (.bin and .idx), olmo "
		 "(.npy and .csv.gz), datatrove (.ds, .ds.index, .ds.metadata). --from reads the same; where an "
		 "index lies beside the tokens it tells where documents end, else [B] and [E] do. Those files do "
		 "not say of which tokenizer they are: -t must.",
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
