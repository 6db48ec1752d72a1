/* SPDX-License-Identifier: MIT */
/*
 * nt-shuffle - documents in a random order, in as much memory as it is given
 *
 * Token streams or data files in, a token stream out. A data file's documents lose their
 * [B] and [E] again, which nt-pack puts around each, and are one unit each.
 */
#include <stdlib.h>

#include "cli/main.h"
#include "nt/cpu.h"
#include "nt/data.h"
#include "nt/file.h"
#include "nt/mem.h"
#include "nt/shuffle.h"

struct options {
	int64_t seed;
	uint64_t memory;
	bool force;
	const char *output;
};

#define AT(field) offsetof(struct options, field)
static const struct nt_opt opts[] = {
	{.help = "Order"},
	{'s', "seed", NT_OPT_INT, AT(seed), "N", "1337", 0, 9007199254740992.0,
	 "the permutation; another seed gives another one"},
	{'S', "memory", NT_OPT_SIZE, AT(memory), "SIZE", NULL, 1, 1e18,
	 "memory to use before temporary files are; the default is a quarter of the machine's"},
	{.help = "Output"},
	{'o', "output", NT_OPT_STR, AT(output), "FILE", NULL, 0, 0, "write to FILE"},
	{'f', "force", NT_OPT_FLAG, AT(force), NULL, NULL, 0, 0, "write a stream even to a terminal"},
	{0},
};

struct job {
	const struct nt_cli *cli;
	const struct options *o;
	struct nt_shuffle *shuffle;
	struct nt_stream_reader *reader;
	struct nt_data *data; /* the first of the data files */
	struct nt_ident ident; /* of the input; what it points to belongs to reader or data */
	struct nt_buf manifest; /* of the input */
	struct nt_stream_counts in;
};

static int begin(struct job *j, const struct nt_ident *ident)
{
	const struct nt_shuffle_options how = {
		.seed = (uint64_t)j->o->seed,
		.memory = j->o->memory ? j->o->memory : nt_cpu_memory() / 4,
		.vocab_size = ident->vocab_size,
	};
	j->ident = *ident;
	return nt_shuffle_new(&j->shuffle, &how);
}

static int add(struct job *j, const struct nt_tokens *doc)
{
	j->in.documents++;
	j->in.units += doc->n_unit;
	j->in.tokens += doc->n;
	nt_cli_progress(j->cli, "%s read", nt_cli_count(j->in.documents, "document"));
	return nt_shuffle_add(j->shuffle, doc);
}

static int read_streams(struct job *j, char *const *operand, size_t n)
{
	struct nt_tokens doc;
	int rc = nt_stream_open(&j->reader, operand, n);
	if (rc == 0)
		rc = begin(j, nt_stream_ident(j->reader));
	while (rc == 0 && (rc = nt_stream_next(j->reader, &doc)) == 1)
		rc = add(j, &doc);
	if (rc == 0) {
		j->in.source_bytes = nt_stream_counts(j->reader)->source_bytes;
		rc = nt_buf_printf(&j->manifest, "%s", nt_stream_manifest(j->reader));
	}
	return rc;
}

static int add_documents(struct job *j, const struct nt_data *d)
{
	struct nt_data_docs *docs;
	struct nt_tokens doc;
	int rc = nt_data_docs_new(&docs, d);
	while (rc == 0 && (rc = nt_data_docs_next(docs, &doc)) == 1)
		rc = add(j, &doc);
	nt_data_docs_free(docs);
	j->in.source_bytes += nt_data_source_bytes(d);
	return rc < 0 ? rc : nt_data_manifest(d, &j->manifest);
}

static int read_data(struct job *j, char *const *operand, size_t n)
{
	int rc = nt_data_open(&j->data, operand[0]);
	if (rc == 0)
		rc = begin(j, nt_data_ident(j->data));
	if (rc == 0)
		rc = add_documents(j, j->data);
	for (size_t i = 1; i < n && rc == 0; i++) {
		struct nt_data *d;
		if ((rc = nt_data_open(&d, operand[i])) < 0)
			break;
		if (nt_ident_equal(nt_data_ident(d), &j->ident))
			rc = add_documents(j, d);
		else
			rc = nt_fail(NT_EFORMAT,
				     "%s: of another tokenizer than %s: two vocabularies cannot be mixed",
				     operand[i], operand[0]);
		nt_data_close(d);
	}
	return rc;
}

static int write_all(struct job *j, struct nt_out *out)
{
	struct nt_buf members = {0}, manifest = {0};
	struct nt_stream_writer *w = NULL;
	struct nt_tokens doc;
	uint64_t n = 0;
	int rc = nt_buf_printf(&members, "\"options\": {\"seed\": %llu}", nt_llu((uint64_t)j->o->seed));
	if (rc == 0)
		rc = nt_manifest_tokens(&members, "in", &j->in);
	if (rc == 0)
		rc = nt_manifest_add(&manifest, (char *)j->manifest.data, j->cli->name,
				     (char *)members.data);
	if (rc == 0)
		rc = nt_stream_create(&w, out, &j->ident, (char *)manifest.data);
	while (rc == 0 && (rc = nt_shuffle_next(j->shuffle, &doc)) == 1) {
		nt_cli_progress(j->cli, "%llu of %s written", nt_llu(++n), nt_cli_count(j->in.documents, "document"));
		rc = nt_stream_write(w, &doc);
	}
	if (rc == 0)
		rc = nt_stream_end(w, j->in.source_bytes);
	nt_stream_free(w);
	nt_buf_release(&members);
	nt_buf_release(&manifest);
	return rc;
}

static int run(struct nt_cli *cli, void *opt, char **operand, int n_operand)
{
	static char *const standard_input[] = {"-"};
	const struct options *o = opt;
	struct job j = {.cli = cli, .o = o};
	struct nt_out *out = NULL;
	char *const *in = n_operand ? operand : standard_input;
	size_t n = n_operand ? (size_t)n_operand : 1;
	/* before the work: a terminal, or a folder that cannot be written, is known at once */
	int rc = nt_out_open(&out, o->output, NT_OUT_BINARY | (o->force ? NT_OUT_FORCE : 0));
	if (rc == 0)
		rc = nt_data_is(in[0]) ? read_data(&j, in, n) : read_streams(&j, in, n);
	if (rc == 0)
		rc = write_all(&j, out);
	if (rc == 0) {
		rc = nt_out_close(out);
		out = NULL;
	}
	if (rc == 0 && nt_shuffle_spilled(j.shuffle))
		nt_cli_say(cli, "%s, %llu MiB through temporary files", nt_cli_count(j.in.documents, "document"),
			   nt_llu(nt_shuffle_spilled(j.shuffle) >> 20));
	else if (rc == 0)
		nt_cli_say(cli, "%s, in memory", nt_cli_count(j.in.documents, "document"));
	nt_out_discard(out);
	nt_shuffle_free(j.shuffle);
	nt_stream_close(j.reader);
	nt_data_close(j.data);
	nt_buf_release(&j.manifest);
	return rc;
}

static const struct nt_example examples[] = {
	{"nt-tokenize *.txt | nt-shuffle | nt-pack > data.bin", "Shuffle on the way"},
	{"nt-shuffle -s 7 -S 2G corpus.nts > epoch7.nts", "Another order, in 2 GiB of memory"},
	{"nt-shuffle a.bin b.bin | nt-pack --seq-len 2048 > rows.bin", "Pack data files anew"},
	{0},
};

static const struct nt_cmd cmd = {
	.name = "nt-shuffle",
	.what = "permute documents",
	.synopsis = "[OPTION...] [FILE...]",
	.about = "Writes the documents of token streams or of data files in a random order, as a token "
		 "stream. Units inside a document stay as they are.\n\n"
		 "The permutation depends on the seed and the number of documents alone: not on the "
		 "memory, not on what the documents hold. Nothing is written before all input is "
		 "read. What does not fit into the memory given goes to temporary files in TMPDIR (or "
		 "/tmp), which need about the size of the input there; they have no name and vanish with "
		 "the program.",
	.examples = examples,
	.see_also = "nt-dedup nt-info nt-pack nt-tokenize",
	.opts = opts,
	.opts_bytes = sizeof(struct options),
	.run = run,
};

int main(int argc, char **argv)
{
	return nt_cli_main(&cmd, argc, argv);
}
