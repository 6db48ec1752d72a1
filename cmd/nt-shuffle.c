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
#include "nt/pool.h"
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
	 "memory to use before a temporary file is; the default is a quarter of the machine's"},
	{.help = "Output"},
	{'o', "output", NT_OPT_STR, AT(output), "FILE", NULL, 0, 0, "write to FILE"},
	{'f', "force", NT_OPT_FLAG, AT(force), NULL, NULL, 0, 0, "write a stream even to a terminal"},
	{0},
};

struct job {
	const struct nt_cli *cli;
	const struct options *o;
	struct nt_data_input *in;
	struct nt_shuffle *shuffle;
	struct nt_pool *pool;
	struct nt_stream_writer *writer;
};

static int give(void *arg, struct nt_stored *doc)
{
	struct job *j = arg;
	if (nt_cli_progress_due(j->cli))
		nt_cli_progress(j->cli, "%s read", nt_counted(nt_data_input_counts(j->in)->documents, "document"));
	return nt_data_input_next_stored(j->in, doc);
}

/* Data files can have the names of sources; what comes out has no place for them. */
static int say_lost_sources(const struct job *j)
{
	char *name;
	int rc = nt_data_input_source(j->in, &name);
	if (rc == 0 && !name)
		nt_cli_warn(j->cli, "the input is of several sources, which a stream cannot tell apart: shuffle each by "
				    "itself, and nt-pack it with --source");
	if (rc == 0 && name && *name)
		nt_cli_warn(j->cli, "a stream has no place for the source's name: nt-pack it with --source '%s' again", name);
	free(name);
	return rc;
}

static int read_all(struct job *j, char *const *operand, size_t n)
{
	struct nt_shuffle_options how = {
		.seed = (uint64_t)j->o->seed,
		.memory = j->o->memory ? j->o->memory : nt_cpu_memory() / 4,
	};
	int rc = nt_data_input_open(&j->in, operand, n);
	if (rc == 0)
		rc = say_lost_sources(j);
	if (rc == 0 && !(how.pool = j->pool = nt_pool_new((int)j->cli->threads)))
		rc = NT_ESYS;
	if (rc == 0) {
		how.vocab_size = nt_data_input_ident(j->in)->vocab_size;
		rc = nt_shuffle_new(&j->shuffle, &how);
	}
	return rc < 0 ? rc : nt_shuffle_add_all(j->shuffle, give, j);
}

static int take(void *arg, const struct nt_stored *doc)
{
	struct job *j = arg;
	if (nt_cli_progress_due(j->cli))
		nt_cli_progress(j->cli, "%llu of %s written", nt_llu(nt_stream_written(j->writer)->documents),
				nt_counted(nt_data_input_counts(j->in)->documents, "document"));
	return nt_stream_write_stored(j->writer, doc);
}

static int write_all(struct job *j, struct nt_out *out)
{
	struct nt_buf members = {0}, manifest = {0};
	const struct nt_stream_counts *in = nt_data_input_counts(j->in);
	int rc = nt_buf_printf(&members, "\"options\": {\"seed\": %llu}", nt_llu((uint64_t)j->o->seed));
	if (rc == 0)
		rc = nt_manifest_tokens(&members, "in", in);
	if (rc == 0)
		rc = nt_manifest_add(&manifest, nt_data_input_manifest(j->in), j->cli->name,
				     (char *)members.data);
	if (rc == 0)
		rc = nt_stream_create(&j->writer, out, nt_data_input_ident(j->in), (char *)manifest.data);
	if (rc == 0)
		rc = nt_shuffle_hand_out_all(j->shuffle, take, j);
	if (rc == 0)
		rc = nt_stream_end(j->writer, in->source_bytes);
	nt_stream_free(j->writer);
	nt_buf_release(&members);
	nt_buf_release(&manifest);
	return rc;
}

static void report(const struct job *j)
{
	const char *n = nt_counted(nt_data_input_counts(j->in)->documents, "document");
	if (nt_shuffle_spilled(j->shuffle))
		nt_cli_say(j->cli, "%s, %llu MiB through a temporary file", n,
			   nt_llu(nt_shuffle_spilled(j->shuffle) >> 20));
	else
		nt_cli_say(j->cli, "%s, in memory", n);
}

static int run(struct nt_cli *cli, void *opt, char **operand, int n_operand)
{
	const struct options *o = opt;
	struct job j = {.cli = cli, .o = o};
	struct nt_out *out = NULL;
	/* before the work: a terminal, or a folder that cannot be written, is known at once */
	int rc = nt_out_open(&out, o->output, NT_OUT_BINARY | (o->force ? NT_OUT_FORCE : 0));
	if (rc == 0)
		rc = read_all(&j, operand, (size_t)n_operand);
	if (rc == 0)
		rc = write_all(&j, out);
	if (rc == 0) {
		rc = nt_out_close(out);
		out = NULL;
	}
	if (rc == 0)
		report(&j);
	nt_out_discard(out);
	nt_shuffle_free(j.shuffle);
	nt_pool_free(j.pool);
	nt_data_input_close(j.in);
	return rc;
}

static const struct nt_example examples[] = {
	{"nt-tokenize *.txt | nt-shuffle | nt-pack > data.bin", "Shuffle on the way"},
	{"nt-shuffle -s 7 -S 2G corpus.nts > epoch7.nts", "Another order, in 2 GiB of memory"},
	{"nt-shuffle a.bin b.bin | nt-pack --seq-len 2048 > rows.bin", "Pack data files anew"},
	{"nt-shuffle wiki.bin | nt-pack --source wiki > again.bin", "... and name their source again"},
	{0},
};

static const struct nt_cmd cmd = {
	.name = "nt-shuffle",
	.what = "permute documents",
	.synopsis = "[OPTION...] [FILE...]",
	.about = "Writes the documents of token streams or of data files in a random order, as a token "
		 "stream. Units inside a document stay as they are.\n\n"
		 "The permutation depends on the seed and the number of documents alone: not on the "
		 "memory or the threads, not on what the documents hold; every one is as likely as any other. "
		 "Nothing is written before all input is read. What does not fit into the memory given, with "
		 "16 bytes for each document, goes to a temporary file in TMPDIR (or /tmp), which needs "
		 "the size of the input there and 16 bytes for each document; it has no name and vanishes with the "
		 "program.",
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
