/* SPDX-License-Identifier: MIT */
/*
 * nt-export - a model in other programs' files
 *
 * The tokenizer goes first: what llama.cpp cannot express of it is said before anything is
 * written.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/main.h"
#include "nt/file.h"
#include "nt/gguf.h"
#include "nt/model.h"
#include "nt/tokenizer.h"

struct options {
	bool gguf, safetensors, force;
	int dtype;
	const char *name, *tokenizer, *output;
};

#define AT(field) offsetof(struct options, field)
static const struct nt_opt opts[] = {
	{.help = "What to write"},
	{0, "gguf", NT_OPT_FLAG, AT(gguf), NULL, NULL, 0, 0, "llama.cpp's file; the default"},
	{0, "safetensors", NT_OPT_FLAG, AT(safetensors), NULL, NULL, 0, 0,
	 "Hugging Face's folder, a new one that -o names"},
	{0, "dtype", NT_OPT_ENUM, AT(dtype), "f32|f16|bf16|q8_0|q4_0", "f16", 0, 0,
	 "of matrices; in a GGUF file norms, biases and GPT-2's positions are f32 in any; a folder has f32, f16 or "
	 "bf16 for all"},
	{0, "name", NT_OPT_STR, AT(name), "NAME", NULL, 0, 0,
	 "what the file says the model is called (default: the last part of the checkpoint's path)"},
	{'t', "tokenizer", NT_OPT_STR, AT(tokenizer), "FILE", NULL, 0, 0,
	 "take this tokenizer in place of the checkpoint's, and its ends of text for those that are no specials of it"},
	{.help = "Output"},
	{'o', "output", NT_OPT_STR, AT(output), "FILE", NULL, 0, 0, "write to FILE"},
	{'f', "force", NT_OPT_FLAG, AT(force), NULL, NULL, 0, 0, "write even to a terminal"},
	{0},
};

static void show(void *cli, double done)
{
	nt_cli_progress(cli, "%.0f %% written", 100 * done);
}

/* Ends of text that another tokenizer does not have as specials are no ends in its ids: its own are. */
static void take_ends(struct nt_config *c, const struct nt_tokenizer *t)
{
	const struct nt_ident *ident = nt_tokenizer_summary(t);
	uint32_t n = 0;
	if (!nt_token_is_special(t, c->bos_token_id))
		c->bos_token_id = ident->bos;
	if (!nt_token_is_special(t, c->eos_token_id))
		c->eos_token_id = ident->eos;
	for (uint32_t i = 0; i < c->n_more_eos; i++)
		if (nt_token_is_special(t, c->more_eos[i]))
			c->more_eos[n++] = c->more_eos[i];
	c->n_more_eos = n;
}

static int open_tokenizer(struct nt_tokenizer **t, struct nt_model *m, const struct options *o, const char *path)
{
	if (o->tokenizer) {
		int rc = nt_tokenizer_open(t, o->tokenizer, NULL);
		if (rc == 0)
			take_ends(&m->config, *t);
		return rc;
	}
	if (!m->tokenizer_json)
		return nt_fail(NT_EFORMAT, "%s: holds no tokenizer.json; name one with -t", path);
	return nt_tokenizer_parse(t, m->tokenizer_json, m->tokenizer_json_len, path);
}

static int write_file(struct nt_cli *cli, const struct options *o, const struct nt_model *m,
		      struct nt_gguf_export *e)
{
	struct nt_out *out;
	int rc = nt_out_open(&out, o->output, NT_OUT_BINARY | (o->force ? NT_OUT_FORCE : 0));
	if (rc < 0)
		return rc;
	rc = nt_model_write_gguf(out, m, e);
	uint64_t bytes = nt_out_bytes(out);
	nt_cli_progress_end(cli);
	if (rc < 0)
		nt_out_discard(out);
	else
		rc = nt_out_close(out);
	if (rc == 0)
		nt_cli_say(cli, "%zu parameters of a %s model, %.1f MB", m->n_param, nt_arch_name(m->config.arch),
			   (double)bytes / 1e6);
	return rc;
}

static int export(struct nt_cli *cli, const struct options *o, const char *path)
{
	static const enum nt_gguf_type type[] = {NT_GGML_F32, NT_GGML_F16, NT_GGML_BF16, NT_GGML_Q8_0, NT_GGML_Q4_0};
	struct nt_model *m;
	struct nt_tokenizer *t = NULL;
	struct nt_gguf_keys keys = {0};
	struct nt_buf remark = {0}, name = {0};
	size_t len;
	const char *called = nt_last_part(path, strlen(path), &len);
	int rc = nt_model_load(&m, path);
	if (rc == 0)
		rc = open_tokenizer(&t, m, o, path);
	if (rc == 0) {
		struct nt_ends ends = nt_config_ends(&m->config, nt_tokenizer_summary(t));
		rc = nt_tokenizer_gguf(&keys, t, &ends, m->config.vocab_size, &remark);
		rc = rc < 0 ? nt_fail(rc, "%s: %s", path, nt_errmsg()) : 0;
	}
	if (rc == 0 && remark.len)
		nt_cli_warn(cli, "%s: %s", path, (const char *)remark.data);
	if (rc == 0)
		rc = nt_buf_printf(&name, "%.*s", (int)len, called);
	if (rc == 0) {
		struct nt_gguf_export e = {
			.type = type[o->dtype],
			.name = o->name ? o->name : (const char *)name.data,
			.tokenizer = &keys,
			.progress = show,
			.arg = cli,
		};
		rc = write_file(cli, o, m, &e);
	}
	nt_buf_release(&name);
	nt_buf_release(&remark);
	nt_gguf_keys_release(&keys);
	nt_tokenizer_free(t);
	nt_model_free(m);
	return rc;
}

/* --- Hugging Face's folder ---------------------------------------------------------- */

static int save_folder(struct nt_cli *cli, const char *dir, const struct nt_model *m, const struct nt_ident *ident,
		       enum nt_precision precision)
{
	int rc = nt_out_check_folder(dir);
	if (rc < 0)
		return rc;
	if (mkdir(dir, 0777) < 0)
		return errno == EEXIST ? nt_fail(NT_EARG, "%s: is there already; name a new folder", dir)
				       : nt_fail_sys("%s: cannot create", dir);
	rc = nt_model_save(m, dir, ident, precision);
	if (rc == 0)
		nt_cli_say(cli, "%zu parameters of a %s model", m->n_param, nt_arch_name(m->config.arch));
	else
		rmdir(dir); /* if nothing is in it */
	return rc;
}

static int export_folder(struct nt_cli *cli, const struct options *o, const char *path)
{
	static const enum nt_precision precision[] = {NT_PRECISION_REAL, NT_PRECISION_F16, NT_PRECISION_BF16};
	struct nt_model *m;
	struct nt_tokenizer *t = NULL;
	if (o->gguf || o->name)
		return nt_fail(NT_EARG, "--%s is about a GGUF file: it says nothing with --safetensors", o->gguf ? "gguf" : "name");
	if ((size_t)o->dtype >= sizeof(precision) / sizeof(*precision))
		return nt_fail(NT_EARG, "safetensors have no blocks: --dtype is f32, f16 or bf16");
	if (!o->output)
		return nt_fail(NT_EARG, "--safetensors writes a folder: name it with -o");
	int rc = nt_model_load(&m, path);
	if (rc == 0 && o->tokenizer)
		rc = open_tokenizer(&t, m, o, path);
	if (rc == 0) {
		struct nt_ident as_it_was = {.json = (const uint8_t *)m->tokenizer_json, .json_len = m->tokenizer_json_len};
		const struct nt_ident *ident = t ? nt_tokenizer_ident(t) : &as_it_was;
		rc = ident ? save_folder(cli, o->output, m, ident, precision[o->dtype]) : NT_ESYS;
	}
	nt_tokenizer_free(t);
	nt_model_free(m);
	return rc;
}

static int run(struct nt_cli *cli, void *opt, char **operand, int n_operand)
{
	const struct options *o = opt;
	if (n_operand != 1)
		return nt_fail(NT_EARG, n_operand ? "'%s': one checkpoint is enough" : "no checkpoint named",
			       operand[n_operand ? n_operand - 1 : 0]);
	return (o->safetensors ? export_folder : export)(cli, o, operand[0]);
}

static const struct nt_example examples[] = {
	{"nt-export --gguf ckpt -o model.gguf", "For llama.cpp, in f16"},
	{"nt-export --gguf --dtype q8_0 ckpt -o model.gguf", "Half of that"},
	{"nt-export --safetensors --dtype bf16 ckpt -o small", "The same checkpoint in half the bytes"},
	{"nt-info model.gguf", "See what is in it"},
	{0},
};

static const struct nt_cmd cmd = {
	.name = "nt-export",
	.what = "write a model as llama.cpp's file, or in another dtype",
	.synopsis = "[OPTION...] CKPT",
	.about = "Writes a checkpoint, ours or any Hugging Face directory of the families llama, mistral, qwen2, qwen3 and "
		 "gpt2, as a GGUF file: weights, sizes and tokenizer, all that llama.cpp and what is built on it needs.\n\n"
		 "q8_0 and q4_0 are llama.cpp's blocks of 32 elements, byte for byte those of its own quantizer. In a q4_0 "
		 "file the matrix that makes logits is q8_0. A matrix whose rows are no multiple of 32 is f16 in both.\n\n"
		 "A GGUF file names how text is cut by one of the names built into llama.cpp. Vocabularies cut as gpt2, cl100k, "
		 "qwen2, o200k and deepseek have one, and SentencePiece's, as of Llama 2, are not cut; others are refused, unless "
		 "they have no merges. A warning says where ids can differ all the same, and at which of more than three ends of "
		 "text llama.cpp will not stop.\n\n"
		 "With --safetensors it writes what Hugging Face's library and every program here read, each number rounded to "
		 "the nearest of --dtype. Weights come last: a folder that was not finished is no model.\n\n"
		 "Memory: 4 bytes for each parameter, and 2 more for f16 and bf16 in a folder.",
	.examples = examples,
	.see_also = "nt-info nt-pack nt-sample nt-train",
	.opts = opts,
	.opts_bytes = sizeof(struct options),
	.run = run,
};

int main(int argc, char **argv)
{
	return nt_cli_main(&cmd, argc, argv);
}
