# SPDX-License-Identifier: MIT
# nt - next-token-prediction pretraining as Unix filters. `make help` lists the targets.
CC       ?= cc
CFLAGS   ?= -O2 -g
PREFIX   ?= /usr/local
DESTDIR  ?=
PYTHON   ?= /usr/bin/python3
SHELL    := /bin/sh
MAKEFLAGS += --no-builtin-rules --no-print-directory

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wconversion \
	-Wno-sign-conversion -Wdate-time -Wno-unused-command-line-argument $(WERROR)
PKGS := libzstd zlib libisal libxxhash openblas libarchive json-c libpcre2-8
ARCH := $(firstword $(subst -, ,$(shell $(CC) -dumpmachine 2>/dev/null)))

# What makes a mistake that is left in the code harder to use; HARDEN= builds without. Where nothing is
# optimized, or the C library is older, a warning says that _FORTIFY_SOURCE does less.
x86_64_harden  := -fcf-protection
aarch64_harden := -mbranch-protection=standard
HARDEN := -fPIE -fstack-protector-strong -fstack-clash-protection -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 \
	-Wno-cpp $($(ARCH)_harden)
HARDEN_LINK := -pie -Wl,-z,relro,-z,now,-z,noexecstack

# SAN=address (or 1: with UBSan), thread or memory builds under that sanitizer, in a folder of its own.
SAN_address := -fsanitize=address,undefined -fno-sanitize-recover=undefined
SAN_thread := -fsanitize=thread
SAN_memory := -fsanitize=memory -fsanitize-memory-track-origins -fsanitize-memory-param-retval @tests/sanitize/border.opts
ifdef SAN
B      := build/san-$(SAN:1=address)
SANFL  := $(or $(SAN_$(SAN:1=address)),$(error SAN is address, thread or memory)) -fno-omit-frame-pointer
HARDEN :=
CC     := $(if $(filter memory,$(SAN)),clang,$(CC))
else
B      := build
endif

# What each file is made by, its folder first; V=1 shows whole commands.
say = $(if $V,,@)mkdir -p $(@D); $(if $V,,printf '  %-7s %s\n' '$1' '$2';)

PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
LIBS       := $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lpthread -lm
BASE       := -std=c11 -D_GNU_SOURCE $(WARN) -I. -Iinclude -Ilib -MMD -MP -fvisibility=hidden \
	      -ffp-contract=off -fno-math-errno -ffile-prefix-map=$(CURDIR)=. $(HARDEN) $(SANFL) $(PKG_CFLAGS)
LINK       := $(SANFL) -Wl,--as-needed $(if $(HARDEN),$(HARDEN_LINK))

LIB_SRC  := $(sort $(wildcard lib/*/*.c)) $(if $(filter memory,$(SAN)),tests/sanitize/border.c)
CMDS     := $(patsubst cmd/%.c,%,$(sort $(wildcard cmd/nt*.c)))
UNITS    := $(patsubst tests/%.c,$B/test/%,$(sort $(wildcard tests/unit/*.c)))
GOLDENS  := $(patsubst tests/%.c,$B/test/%,$(sort $(wildcard tests/golden/*.c)))
F        := build/fuzz
FUZZERS  := $(patsubst tests/fuzz/%.c,$F/%,$(sort $(wildcard tests/fuzz/*.c)))
TORTURES := $(sort $(wildcard tests/torture/*.sh))
SCRIPTS  := $(sort $(wildcard tests/check/*.sh tests/cmd/*.sh tests/golden/*.sh)) $(TORTURES)
SHIMS    := $(patsubst tests/%.c,$B/%.so,$(sort $(wildcard tests/torture/*.c)))
PAGES    := $(CMDS:%=$B/man/%.1) $(foreach s,bash zsh fish,$(CMDS:%=$B/completion/%.$s))

define link
$(call say,link,$@)$(CC) $(LINK) $(LDFLAGS) -o $@ $^ $(LIBS)
endef
define archive
@rm -f $@
$(call say,ar,$@)$(AR) rcs $@ $^
endef

all: $(CMDS:%=$B/bin/%)

# A file's suffix names the instructions it may use; no other object may hold them.
x86_64_avx2 := -mavx2 -mfma -mf16c -mbmi -mbmi2 -maes
x86_64_avx512 := -mavx512f -mavx512bw -mavx512dq -mavx512vl -mfma -mbmi -mbmi2 -maes
x86_64_avx512bf16 := -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx512bf16 -mfma
x86_64_avx512vnni := -mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx512vnni -mfma
aarch64_neonbf16 := -march=armv8.2-a+bf16
aarch64_neondot := -march=armv8.2-a+dotprod
ISA = $($(ARCH)_$(lastword $(subst _, ,$(*F))))
$B/obj/lib/kern/%.o $B/f64/lib/kern/%.o: OPT := -O3 -fno-trapping-math
$B/obj/lib/filter/%.o $B/obj/lib/data/shingle_%.o $B/obj/lib/data/ids_%.o $B/obj/lib/data/bandtable.o: OPT := -O3
# Masks of 64 bits belong in general registers.
$B/obj/lib/text/window_%.o: OPT := -fno-tree-vectorize

# Before the first object: are the compiler and the libraries here?
$B/found:
	@sh share/deps.sh --look build
	@mkdir -p $(@D) && : > $@

$B/obj/%.o: %.c | $B/found
	$(call say,cc,$<)$(CC) $(BASE) $(CFLAGS) $(OPT) $(ISA) -c -o $@ $<

# What an object has built in besides its source: a page's style and script, and the embedded
# vocabulary and its merges, which a program found that is the library without them.
$B/obj/lib/report/style.o $B/f64/lib/report/style.o $F/obj/lib/report/style.o: $(wildcard lib/report/*.css lib/report/*.js)
EMBEDDED := $B/obj/lib/token/embedded.o $B/f64/lib/token/embedded.o $F/obj/lib/token/embedded.o
$(EMBEDDED): share/vocab/nt-8k.tiktoken $B/gen/nt-8k.merges
$(EMBEDDED): private OPT := -fno-lto -Wa,-I,$B/gen
$B/gen/merges: $B/obj/share/vocab/merges.o $(filter-out $(EMBEDDED),$(LIB_SRC:%.c=$B/obj/%.o))
	$(link)
$B/gen/nt-8k.merges: $B/gen/merges share/vocab/nt-8k.tiktoken
	$(call say,gen,$@)$(RUN) $B/gen/merges share/vocab/nt-8k.tiktoken > $@.part && mv $@.part $@

$B/libnt.a: $(LIB_SRC:%.c=$B/obj/%.o)
	$(archive)
$B/bin/%: $B/obj/cmd/%.o $B/libnt.a
	$(link)

# The same library in double precision: what gradients are checked with.
$B/f64/%.o: %.c | $B/found
	$(call say,cc f64,$<)$(CC) $(BASE) -DNT_REAL_IS_DOUBLE $(CFLAGS) $(OPT) -c -o $@ $<

$B/f64/libnt.a: $(LIB_SRC:%.c=$B/f64/%.o)
	$(archive)
$B/test/unit/%: $B/obj/tests/unit/%.o $B/libnt.a
	$(link) -lcmocka

# What a test puts between a program and its system.
$B/torture/%.so: tests/torture/%.c
	$(call say,link,$@)$(CC) -std=c11 -D_GNU_SOURCE $(WARN) $(CFLAGS) -shared -fPIC -o $@ $<

$B/test/golden/%: $B/f64/tests/golden/%.o $B/f64/libnt.a
	$(link) -lcmocka

# What people read about a command comes out of the command.
$B/man/%.1: $B/bin/%
	@mkdir -p $(@D) && $(RUN) $< --help-man > $@
define completion_rule
$B/completion/%.$1: $B/bin/%
	@mkdir -p $$(@D)
	@$(RUN) $$< --completion=$1 > $$@
endef
$(foreach s,bash zsh fish,$(eval $(call completion_rule,$s)))
pages: $(PAGES)

deps: ; @sh share/deps.sh build

demo:
	@sh share/deps.sh build demo && $(MAKE) all
	@PATH="$$PWD/$B/bin:$$PATH" sh examples/demo.sh $(CORPUS)

check:
	@sh share/deps.sh build check && $(MAKE) check-run WERROR=-Werror

prove = CMOCKA_MESSAGE_OUTPUT=TAP PATH="$$PWD/$B/bin:$$PATH" NT_BUILD="$$PWD/$B" PYTHON="$(PYTHON)" \
	MAKE="$(MAKE)" SAN="$(SAN)" prove --directives $(PROVE) -e 'sh tests/tap.sh'
check-build: all $(UNITS) $(GOLDENS) $(PAGES) $(SHIMS) $B/bench/tokenize
check-run: check-build
	@$(prove) $(UNITS) $(GOLDENS) $(SCRIPTS)
check-torture: check-build
	@sh share/deps.sh torture && NT_TORTURE=10 $(prove) $(TORTURES)

check-arm:
	@sh share/deps.sh build check arm && MAKE="$(MAKE)" sh tests/arm/check.sh

# Other people's programs on our files, from npm, and models beside PyTorch; apart from `check`.
check-interop: all $B/test/golden/model_reference $B/test/unit/model_reference
	@sh share/deps.sh interop torch && $(prove) $(sort $(wildcard tests/interop/*.sh))

# ... of its tokenizers, beside other people's: TEXT=files TOKENIZERS=folder PEERS=folder RUNS=5.
$B/bench/%: $B/obj/tests/bench/%.o $B/libnt.a
	$(link)
bench-tokenize: all $B/bench/tokenize
	@PATH="$$PWD/$B/bin:$$PWD/$B/bench:$$PATH" NT_BUILD="$$PWD/$B" sh tests/bench/tokenize.sh $(TEXT)
# ... and of the data tools: TEXT=files MB=200 RUNS=5 STAGES='cat dedup'.
bench-data: all $B/bench/data $B/bench/recall
	@sh share/deps.sh bench || :; PATH="$$PWD/$B/bin:$$PWD/$B/bench:$$PATH" sh tests/bench/data.sh

# ... and of training, generating and scoring: tests/bench/train.sh and model.sh say with what.
bench-train bench-model: all
	@sh share/deps.sh interop torch || :; $(MAKE) bench BENCH=$(@:bench-%=%)

bench: all $B/bench/data $B/bench/kern $B/bench/matrix $B/bench/kv $B/bench/sampler $B/bench/pool
	@PATH="$$PWD/$B/bin:$$PWD/$B/bench:$$PATH" PYTHON="$(PYTHON)" sh tests/bench/run.sh $(BENCH)

# Coverage-guided, with clang; FUZZ_SECONDS for each target.
FUZZ_SECONDS ?= 60
FUZZ  := $(SAN_address) -fsanitize=fuzzer-no-link
$F/obj/%.o: %.c
	$(call say,fuzz cc,$<)clang $(filter-out $(HARDEN),$(BASE)) $(OPT) -DNT_NO_WIDE -DNT_SHORT_BLOCKS -O1 -g $(FUZZ) -c -o $@ $<
$F/libnt.a: $(patsubst %.c,$F/obj/%.o,$(filter-out %_avx2.c %_avx512.c %_avx512bf16.c %_avx512vnni.c,$(LIB_SRC)))
	$(archive)
$F/%: $F/obj/tests/fuzz/%.o $F/libnt.a
	$(call say,link,$@)clang $(FUZZ) -fsanitize=fuzzer -o $@ $^ $(LIBS)

fuzz:
	@sh share/deps.sh build fuzz && $(MAKE) fuzz-run
fuzz-run: all $(FUZZERS)
	@PATH="$$PWD/$B/bin:$$PATH" PYTHON="$(PYTHON)" FUZZ_SECONDS=$(FUZZ_SECONDS) sh tests/fuzz/run.sh $(FUZZERS)

# Lines of the parsers that are reached: the script builds with clang's coverage, for which it comes back here.
coverage: ; @sh share/deps.sh build check fuzz coverage && $(MAKE) all && PYTHON="$(PYTHON)" MAKE="$(MAKE)" sh tests/fuzz/coverage.sh
coverage-build: $(FUZZERS) $(UNITS)

install: all pages
install uninstall:
	@PREFIX="$(DESTDIR)$(PREFIX)" B="$B" PKGS="$(PKGS)" sh share/install.sh $@ $(CMDS)

clean: ; rm -rf build
help: ; @cat share/targets.txt

-include $(shell find $B -type f -name '*.d' 2>/dev/null)
.PHONY: all pages deps demo check check-build check-run check-torture check-arm check-interop bench bench-data bench-model bench-tokenize bench-train fuzz fuzz-run coverage coverage-build install uninstall clean help
.SECONDARY:
