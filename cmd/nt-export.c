/* SPDX-License-Identifier: MIT */
/*
 * nt-export - a model in other programs' files
 *
 * The tokenizer goes first: what llama.cpp cannot express of it is said before anything is
 * written.
 */
#include <stdio.h>
#include <string.h>

#include "cli/main.h"
#include "nt/file.h"
#include "nt/gguf.h"
#include "nt/model.h"
#include "nt/tokenizer.h"

struct options {
	bool gguf, force;
	int dtype;
	const char *name, *tokenizer, *output;
};

#define AT(field) offsetof(struct options, field)
static const struct nt_opt opts[] = {
	{.help = "What to write"},
	{0, "gguf", NT_OPT_FLAG, AT(gguf), NULL, NULL, 0, 0, "llama.cpp's file; the default, and the only one so far"},
	{0, "dtype", NT_OPT_ENUM, AT(dtype), "f32|f16|bf16|q8_0|q4_0", "f16", 0, 0,
	 "of matrices; norms, biases and GPT-2's positions are f32 in any"},
	{0, "name", NT_OPT_STR, AT(name), "NAME", NULL, 0, 0,
	 "what the file says the model is called (default: the last part of the checkpoint's path)"},
	{'t', "tokenizer", NT_OPT_STR, AT(tokenizer), "FILE", NULL, 0, 0,
	 "take this tokenizer in place of the checkpoint's"},
	{.help = "Output"},
	{'o', "output", NT_OPT_STR, AT(output), "FILE", NULL, 0, 0, "write to FILE"},
	{'f', "force", NT_OPT_FLAG, AT(force), NULL, NULL, 0, 0, "write even to a terminal"},
	{0},
};

static void show(void *cli, double done)
{
	nt_cli_progress(cli, "%.0f %% written", 100 * done);
}

static int open_tokenizer(struct nt_tokenizer **t, const struct nt_model *m, const struct options *o, const char *path)
{
	if (o->tokenizer)
		return nt_tokenizer_open(t, o->tokenizer, NULL);
	if (!m->tokenizer_json)
		return nt_fail(NT_EFORMAT, "%s: holds no tokenizer.json; name one with -t", path);
	return nt_tokenizer_parse(t, m->tokenizer_json, m->tokenizer_json_len, path);
}

/* "ckpt" of "runs/ckpt/". */
static int last_part(struct nt_buf *name, const char *path)
{
	size_t end = strlen(path);
	while (end > 1 && path[end - 1] == '/')
		end--;
	size_t begin = end;
	while (begin > 0 && path[begin - 1] != '/')
		begin--;
	return nt_buf_printf(name, "%.*s", (int)(end - begin), path + begin);
}

static uint32_t id_or(uint32_t id, uint32_t other)
{
	return id == NT_NO_TOKEN ? other : id;
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
	int rc = nt_model_load(&m, path);
	if (rc == 0)
		rc = open_tokenizer(&t, m, o, path);
	if (rc == 0 && (rc = nt_tokenizer_gguf(&keys, t, m->config.vocab_size, &remark)) < 0)
		rc = nt_fail(rc, "%s: %s", path, nt_errmsg());
	if (rc == 0 && remark.len)
		nt_cli_warn(cli, "%s: %s", path, (const char *)remark.data);
	if (rc == 0)
		rc = last_part(&name, path);
	if (rc == 0) {
		const struct nt_ident *ident = nt_tokenizer_summary(t);
		struct nt_gguf_export e = {
			.type = type[o->dtype],
			.name = o->name ? o->name : (const char *)name.data,
			.tokenizer = &keys,
			.bos = id_or(m->config.bos_token_id, ident->bos),
			.eos = id_or(m->config.eos_token_id, ident->eos),
			.pad = ident->pad,
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

static int run(struct nt_cli *cli, void *opt, char **operand, int n_operand)
{
	if (n_operand != 1)
		return nt_fail(NT_EARG, n_operand ? "'%s': one checkpoint is enough" : "no checkpoint named",
			       operand[n_operand ? n_operand - 1 : 0]);
	return export(cli, opt, operand[0]);
}

static const struct nt_example examples[] = {
	{"nt-export --gguf ckpt -o model.gguf", "For llama.cpp, in f16"},
	{"nt-export --gguf --dtype q8_0 ckpt -o model.gguf", "Half of that"},
	{"nt-info model.gguf", "See what is in it"},
	{0},
};

static const struct nt_cmd cmd = {
	.name = "nt-export",
	.what = "write a model as llama.cpp's file",
	.synopsis = "[OPTION...] CKPT",
	.about = "Writes a checkpoint, ours or any Hugging Face directory of the families llama, mistral, qwen2, qwen3 and "
		 "gpt2, as a GGUF file: weights, sizes and tokenizer, all that llama.cpp and what is built on it needs.\n\n"
		 "q8_0 and q4_0 are llama.cpp's blocks of 32 elements, byte for byte those of its own quantizer. In a q4_0 "
		 "file the matrix that makes logits is q8_0. A matrix whose rows are no multiple of 32 is f16 in both.\n\n"
		 "A GGUF file names how text is cut by one of the names built into llama.cpp. Vocabularies cut as gpt2, cl100k, "
		 "qwen2, o200k and deepseek have one; others are refused, unless they have no merges. A warning says "
		 "where ids can differ all the same.\n\n"
		 "Memory: 4 bytes for each parameter.",
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
