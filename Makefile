# All there is to build, run, test and install; `make help` lists it. No configure step: what a build depends on beside
# its sources (compiler, flags, commit) is kept in small files under build/, and a change of them rebuilds what it must.
#
# Two programs: poolbench (the harness, with all libraries) and poolbench-trial (runs one trial; C library only).
# Every compiler and sanitizer has a tree of its own, build/default, build/clang+address+undefined ..., so that changing
# between them rebuilds nothing.

VERSION = 0.2

kernel := $(shell uname -s)
ifneq ($(kernel),Linux)
$(error poolbench runs on Linux only, with its processes, CPU affinity and clocks; this is $(kernel))
endif

MAKEFLAGS += --no-builtin-rules --no-print-directory
.SUFFIXES:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := build

# ---- what a user may set ---------------------------------------------------------------------------------------------
PREFIX  ?= /usr/local
DESTDIR ?=
CFLAGS  ?= -O2 -g
SUITE   ?= quick
BUDGET  ?=
SAN     ?=
TEST    ?=
SEED    ?=
ALL     ?=
SLOW    ?=
PLAIN   ?=
SHORT   ?=
CHARTS  ?=
V       ?=
INSTALL ?= install

bindir     = $(PREFIX)/bin
libexecdir = $(PREFIX)/libexec/poolbench
datadir    = $(PREFIX)/share/poolbench
docdir     = $(PREFIX)/share/doc/poolbench
mandir     = $(PREFIX)/share/man
bashdir    = $(PREFIX)/share/bash-completion/completions
zshdir     = $(PREFIX)/share/zsh/site-functions
fishdir    = $(PREFIX)/share/fish/vendor_completions.d
includedir = $(PREFIX)/include
pcdir      = $(PREFIX)/share/pkgconfig
plugindir  = $(libexecdir)/plugins

# ---- trees: build/<variant> ------------------------------------------------------------------------------------------
comma := ,
hash  := \#
empty :=
space := $(empty) $(empty)
# The variant of sanitizers $(1) with this compiler; the plain one of cc or gcc is "default".
variant_of = $(or $(subst $(space),+,$(strip $(filter-out cc gcc,$(notdir $(CC))) $(subst $(comma),$(space),$(1)))),default)

variant := $(call variant_of,$(SAN))
B       := build/$(variant)
program := $(if $(filter default,$(variant)),./poolbench,$(B)/poolbench)

# ---- sources ---------------------------------------------------------------------------------------------------------
objects    = $(patsubst %.c,$(B)/%.o,$(wildcard $(1)))
shared_o  := $(call objects,$(addprefix pools/,*.c floors/*.c parts/*.c plugin/*.c transport/*.c) workloads/*.c)
trial_o   := $(call objects,bench/trial/*.c) $(shared_o)
bench_o   := $(filter-out $(trial_o),$(call objects,bench/*.c bench/*/*.c bench/*/*/*.c)) $(shared_o)
mains_o   := $(B)/bench/main.o $(B)/bench/trial/main.o
support_o := $(filter-out $(B)/tests/test_%,$(call objects,tests/*.c))
# The only objects that know version, commit, flags and directories (info.h below): a new commit compiles these alone.
info_o    := $(patsubst %.c,$(B)/%.o,$(shell grep -lsE 'POOLBENCH_(VERSION|COMMIT|CC_FLAGS|INIH_VERSION|DATADIR|LIBEXECDIR)' -r bench --include='*.c'))

# make check TEST="plan cli" keeps those tests only.
chosen   = $(if $(TEST),$(foreach t,$(1),$(if $(filter $(TEST) $(TEST:%=test_%),$(basename $(notdir $t))),$t)),$(1))
c_all   := $(patsubst tests/%.c,%,$(wildcard tests/test_*.c))
c_tests := $(call chosen,$(c_all))
s_tests := $(call chosen,tests/cli.sh $(wildcard tests/test_*.sh)) # the longest first
# One program holds all C tests that make sense in this tree; its names are those of the tests.
c_here  := $(filter-out $(if $(SAN),$(shell tests/excluded $(variant) tests/test_*.c | cut -f 1)),$(c_all))
tests   := $(c_tests:%=$(B)/%)
# What tests use: to run one and see what that leaves, to measure what a process costs, to have the kernel refuse calls;
# and, not under sanitizers, which wrap them too, to make calls of libc fail, or last.
preloads := $(patsubst tests/preload/%.c,$(B)/%.so,$(wildcard tests/preload/*.c))
helpers := $(B)/alone $(B)/cost $(B)/refuse $(B)/traced $(if $(SAN),,$(preloads) $(B)/slowed)
fuzzed  := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
fuzzers := $(fuzzed:%=$(B)/fuzz_%)

# ---- flags -----------------------------------------------------------------------------------------------------------
packages := hwloc gsl jansson inih
warnings := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wwrite-strings -Wpointer-arith
sanitize := $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer)
# A compiler for another machine (CC=aarch64-linux-gnu-gcc) has libraries, and what pkg-config reads of them, elsewhere.
target     := $(patsubst %-gcc,%,$(filter %-gcc,$(notdir $(firstword $(CC)))))
ifneq ($(if $(target),$(wildcard /usr/lib/$(target)/pkgconfig)),)
export PKG_CONFIG_LIBDIR ?= /usr/lib/$(target)/pkgconfig:/usr/share/pkgconfig
endif
ifeq ($(origin AR),default)
AR = $(or $(shell $(CC) -print-prog-name=ar 2>/dev/null),ar)
endif
pkg_config := $(if $(PKG_CONFIG_LIBDIR),PKG_CONFIG_LIBDIR='$(PKG_CONFIG_LIBDIR)') pkg-config
includes := -I. -Iinclude $(shell $(pkg_config) --cflags $(packages) 2>/dev/null)
libs     := $(shell $(pkg_config) --libs $(packages) 2>/dev/null)
# Names of functions in call chains; without it their places stand.
libdw      := $(shell $(pkg_config) --cflags --libs libdw 2>/dev/null)
libdw_with := $(if $(libdw),-DPOOLBENCH_LIBDW $(filter-out -l% -L%,$(libdw)))
libs       += $(filter -l% -L%,$(libdw))
# Call chains are found by these, from tasks through workloads and pools.
frames     := -fno-omit-frame-pointer
compile   = $(strip $(CC) -std=gnu11 -D_GNU_SOURCE= $(warnings) -pthread $(includes) $(CPPFLAGS) $(CFLAGS) $(sanitize))
# now: a function resolved at its first call would be resolved anew in every process that is forked before that
as_test   = -Dmain=$(*F) -Wno-missing-prototypes
link      = $(strip $(CC) -pthread $(CFLAGS) $(sanitize) -Wl,-z,now $(LDFLAGS))
harness_libs = -lcsv $(libs) -lm $(LDLIBS)

commit = $(or $(if $(wildcard .git),$(shell git --git-dir=.git --no-optional-locks describe --always --dirty \
	--abbrev=12 --exclude='*' 2>/dev/null)),$(shell sed '/Format/d' scripts/commit),unknown)

silent = $(findstring s,$(filter-out --%,$(firstword -$(MAKEFLAGS))))
say    = $(if $(filter-out 0,$(V)),,@$(if $(silent),,printf '  %-5s %s\n' $(1) $@;))
quoted = '$(subst ','\'',$(1))'
string = "$(subst ",\",$(subst \,\\,$(1)))"
define keep # the lines $(1) as the target, touched only when they differ
@mkdir -p $(@D); printf '%s\n' $(1) >$@.new; if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi
endef
jobs = $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))

# ---- build -----------------------------------------------------------------------------------------------------------
.PHONY: build tests check-machines fuzzers bench perf check-hosts peers folklore check torture fuzz debug install uninstall dist deb clean help format schema lint FORCE

build: $(if $(filter default,$(variant)),poolbench) $(B)/poolbench $(B)/poolbench-trial ## build both programs (the default)

poolbench: $(B)/poolbench
	@ln -sfn $< $@

$(B)/poolbench: $(bench_o) $(B)/objects
	$(call say,LINK)$(link) -o $@ $(bench_o) $(harness_libs)

# Under ThreadSanitizer every atomic access goes by tests/chaos.c first.
chaos := $(if $(findstring thread,$(SAN)),$(foreach bits,32 64,$(foreach call,load store exchange fetch_add fetch_sub \
	fetch_or fetch_and compare_exchange_strong,-Wl$(comma)--wrap=__tsan_atomic$(bits)_$(call))))
$(B)/poolbench-trial: $(trial_o) $(if $(chaos),$(B)/tests/chaos.o) $(B)/objects
	$(call say,LINK)$(link) $(chaos) -o $@ $(filter %.o,$^) -ldl

# Everything but the two main(), for the tests.
$(B)/libpoolbench.a: $(filter-out $(mains_o),$(sort $(bench_o) $(trial_o))) $(B)/objects
	@rm -f $@
	$(call say,AR)$(AR) rcs $@ $(filter %.o,$^)

# Tests stand beside the programs, so that they find poolbench-trial the way poolbench does.
tests: $(c_here:%=$(B)/%) $(helpers) $(if $(findstring thread,$(SAN)),,$(fuzzers)) $(B)/poolbench-trial $(if $(SAN),,$(B)/poolbench)
$(c_here:%=$(B)/%): $(B)/c-tests
	@ln -sfn $(<F) $@

$(B)/c-tests: $(c_here:%=$(B)/tests/%.o) $(support_o) $(B)/libpoolbench.a $(B)/list.h
	$(call say,LINK)$(link) $(chaos) -o $@ $(filter %.o,$^) $(B)/libpoolbench.a -lcmocka $(harness_libs)

$(c_all:%=$(B)/tests/%.o): private with = $(as_test)
$(B)/tests/main.o: private with = -I$(B)
$(B)/tests/main.o: $(B)/list.h
$(B)/list.h: FORCE
	$(call keep,$(foreach t,$(c_here),'TEST($t)'))

# A fuzz target of tests/fuzz/, with a driver of its own, or in a tree of clang's with libFuzzer.
libfuzzer = $(findstring fuzzer-no-link,$(SAN))
fuzzers: $(fuzzers)
damage_o = $(addprefix $(B)/tests/,damage.o remade.o seen.o)
$(B)/fuzz_run: $(damage_o)
$(fuzzers): $(B)/fuzz_%: $(B)/tests/fuzz/fuzz_%.o $(B)/tests/fuzz/file.o $(B)/tests/fuzz/driver.o $(B)/libpoolbench.a
	$(call say,LINK)$(link) $(if $(libfuzzer),-fsanitize=fuzzer) -o $@ $(filter-out %.a $(if $(libfuzzer),%/driver.o),$^) \
		$(B)/libpoolbench.a $(harness_libs)

$(B)/alone $(B)/cost $(B)/refuse $(B)/traced $(B)/slowed: $(B)/%: $(B)/tests/tools/%.o
	$(call say,LINK)$(link) -o $@ $< -ldl

$(preloads): $(B)/%.so: tests/preload/%.c $(B)/flags
	$(call say,LINK)$(compile) -fPIC -shared -o $@ $< -ldl

$(B)/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(call say,CC)$(compile) $(with) -MMD -MP -c -o $@ $<

$(info_o): private with = -include $(B)/info.h
$(trial_o): private with = $(frames)
$(B)/bench/machine/symbols.o: private with = $(libdw_with)
$(info_o): $(B)/info.h

# ---- what a build depends on beside its sources ----------------------------------------------------------------------
$(B)/flags: FORCE
	$(if $(libs),,@echo 'poolbench: no build without pkg-config and $(packages); scripts/deps gets them' >&2; exit 2)
	$(call keep,$(call quoted,$(compile)) $(call quoted,$(value as_test)) $(call quoted,$(frames) $(libdw_with)))

$(B)/objects: FORCE
	$(call keep,$(call quoted,$(link) $(harness_libs)) $(bench_o) $(trial_o))

$(B)/info.h: about = \
	$(call quoted,$(hash)define POOLBENCH_VERSION $(call string,$(VERSION))) \
	$(call quoted,$(hash)define POOLBENCH_COMMIT $(call string,$(commit))) \
	$(call quoted,$(hash)define POOLBENCH_INIH_VERSION $(call string,$(shell $(pkg_config) --modversion inih 2>/dev/null))) \
	$(call quoted,$(hash)define POOLBENCH_CC_FLAGS $(call string,$(compile))) \
	$(call quoted,$(hash)define POOLBENCH_DATADIR $(call string,$(datadir))) \
	$(call quoted,$(hash)define POOLBENCH_LIBEXECDIR $(call string,$(libexecdir)))
$(B)/info.h: FORCE
	$(call keep,$(about))

-include $(wildcard $(B)/*/*.d $(B)/*/*/*.d $(B)/*/*/*/*.d)

# ---- run, test -------------------------------------------------------------------------------------------------------
bench: ## build and run a suite: SUITE=quick BUDGET=60s; CHARTS=no does without gnuplot
	@CC='$(CC)' CHARTS='$(CHARTS)' scripts/deps build
	@$(MAKE) $(jobs) build
	@$(program) run $(SUITE) $(if $(BUDGET),--budget $(BUDGET))
	@echo 'Is multiprocessing best for CPU-bound tasks? docs/FOLKLORE.md; make folklore asks this machine.'

peers: ## build pools on other libraries as plug-ins, where those are: OpenMP, TBB, GLib, libuv, ZeroMQ, Open MPI, Python
	@$(MAKE) $(jobs) build
	@CC='$(CC)' CFLAGS='$(CFLAGS)' scripts/peers $(B)/plugins

folklore: ## put "multiprocessing is best for CPU-bound tasks" to the test, in Python and without: about five minutes
	@$(MAKE) peers
	@$(program) run folklore
	@POOLBENCH=$(program) scripts/folklore latest

check-hosts: ## three hosts with sshd in namespaces of this machine, as root: run, lose, resume
	@$(MAKE) $(jobs) build
	@tests/check_hosts.sh

perf: ## hold the pools to bare floors, to each other and to peers: about five minutes; ALL=1: all rows in 31 blocks
	@CC='$(CC)' scripts/deps
	@$(MAKE) $(jobs) build
	@$(program) run perf $(if $(ALL),--budget none --blocks 31) >/dev/null
	@$(program) targets latest perf; status=$$?; POOLBENCH=$(program) scripts/perf-summarise || exit; exit $$status

# The C tests run once more under the sanitizers, unless a SAN was asked for: then under that one alone. SLOW is another
# machine, not another look for races: the plain tree alone.
sanitizers := $(if $(SAN)$(SLOW)$(PLAIN),,address$(comma)undefined thread)
check: ## build and run all tests, also under sanitizers: TEST="plan cli" for some, ALL=1 for all cells, SEED=7 again
	@CC='$(CC)' scripts/deps
	@$(MAKE) $(jobs) build tests
	@for san in $(sanitizers); do $(MAKE) $(jobs) SAN=$$san tests || exit; done
	@BUILD=$(B) SEED=$(SEED) ALL=$(ALL) SLOW=$(SLOW) SHORT=$(SHORT) tests/run $(s_tests) $(tests) \
		$(foreach san,$(sanitizers),$(c_tests:%=build/$(call variant_of,$(san))/%))

check-machines: build ## boot machines that are not here in qemu: two memory nodes, a node without CPUs, two kinds of core
	@$(MAKE) $(jobs) $(B)/test_numa
	@BUILD=$(B) SILENCE=600 LIMIT=1800 tests/machines/check

torture: tests ## what check does in short, at length: 200,000 killed workers, 10,000 kills at all stages, 50 killed harnesses
	@BUILD=$(B) KILLS=10000 SILENCE=7200 LIMIT=36000 tests/run $(B)/test_torture
	@BUILD=$(B) WEAK=20000 SILENCE=7200 LIMIT=36000 tests/run tests/test_weak.sh
	@BUILD=$(B) KILLS=99 SILENCE=7200 LIMIT=36000 tests/run tests/test_guard.sh
	@BUILD=$(B) TORTURE=$${TORTURE:-100} SILENCE=7200 LIMIT=36000 tests/run $(B)/test_kill
	@BUILD=$(B) KILLS=50 SILENCE=7200 LIMIT=36000 tests/run tests/test_resume.sh
	@BUILD=$(B) DEPTH=60 SILENCE=7200 LIMIT=36000 tests/run tests/test_inject.sh

fuzz: ## feed parsers with made-up input, with clang's libFuzzer if it is there: FUZZ_S=60 seconds each
	@BUILD=$(B) FUZZ_S=$(or $(FUZZ_S),60) scripts/fuzz $(fuzzed)

format: ## format the C sources with clang-format
	@clang-format -i $(wildcard $(addsuffix /*.[ch],bench bench/* bench/*/* pools pools/* workloads tests tests/* include/poolbench examples))

schema: $(B)/test_csv $(B)/poolbench ## write results/README.md and docs/COMMAND-LINE.md anew from their tables
	@$(B)/test_csv --document > results/README.md
	@$(B)/poolbench help --markdown > docs/COMMAND-LINE.md

debug: ## build without optimisation, for a debugger: build/debug/poolbench
	@$(MAKE) $(jobs) CFLAGS='-O0 -g3' B=build/debug build/debug/poolbench build/debug/poolbench-trial

compile_commands.json: FORCE ## what editors and clang tools ask for: how each file is compiled
	@$(MAKE) -Bn V=1 build tests | awk -v directory='$(CURDIR)' ' \
		/ -MMD -MP -c / { file = $$NF; gsub(/[\\"]/, "\\\\&"); \
			printf "%s{\"directory\": \"%s\", \"file\": \"%s\", \"command\": \"%s\"}", separator, directory, file, $$0; \
			separator = ",\n" } \
		BEGIN { printf "[" } END { print "]" }' >$@.new && mv $@.new $@

lint: ## say what cppcheck, shellcheck and clang-format find
	@scripts/lint

# ---- install ---------------------------------------------------------------------------------------------------------
install: build ## install below PREFIX=/usr/local (DESTDIR= for packagers)
	@$(INSTALL) -d $(addprefix $(DESTDIR),$(bindir) $(libexecdir) $(datadir)/scripts/suites $(docdir))
	@$(INSTALL) -m 755 $(B)/poolbench $(DESTDIR)$(bindir)
	@$(INSTALL) -m 755 $(B)/poolbench-trial $(DESTDIR)$(libexecdir)
	@$(INSTALL) -m 644 $(wildcard scripts/*.gp scripts/completion.*) scripts/report.js $(DESTDIR)$(datadir)/scripts
	@$(INSTALL) -m 755 scripts/folklore $(DESTDIR)$(datadir)/scripts
	@$(INSTALL) -m 644 $(wildcard scripts/suites/*.ini scripts/suites/*.targets) $(DESTDIR)$(datadir)/scripts/suites
	@$(INSTALL) -m 644 $(filter-out docs/README.md,$(wildcard LICENSE CITATION.cff *.md docs/*.md docs/*.json)) $(DESTDIR)$(docdir)
	@$(INSTALL) -d $(addprefix $(DESTDIR),$(includedir)/poolbench $(pcdir) $(plugindir) $(docdir)/examples/data)
	@$(INSTALL) -m 644 $(wildcard include/poolbench/*.h) $(DESTDIR)$(includedir)/poolbench
	@$(INSTALL) -m 644 $(wildcard examples/*.*) $(DESTDIR)$(docdir)/examples
	@$(INSTALL) -m 644 $(wildcard examples/data/*) $(DESTDIR)$(docdir)/examples/data
	@$(foreach so,$(wildcard $(B)/plugins/*.so),$(INSTALL) -m 755 $(so) $(DESTDIR)$(plugindir);)
	@printf '%s\n' 'prefix=$(PREFIX)' 'includedir=$(includedir)' 'plugindir=$(plugindir)' '' 'Name: poolbench' \
		'Description: headers for pools and workloads of your own' \
		'Version: $(VERSION)' 'Cflags: -I$${includedir}' >$(B)/poolbench.pc
	@$(INSTALL) -m 644 $(B)/poolbench.pc $(DESTDIR)$(pcdir)
	@if $(B)/poolbench help --man >$(B)/poolbench.1 && for shell in bash zsh fish; do \
			$(B)/poolbench help --completion --shell $$shell >$(B)/poolbench.$$shell || exit; done; then \
		$(INSTALL) -d $(addprefix $(DESTDIR),$(mandir)/man1 $(bashdir) $(zshdir) $(fishdir)) && \
		$(INSTALL) -m 644 $(B)/poolbench.1 $(DESTDIR)$(mandir)/man1/poolbench.1 && \
		$(INSTALL) -m 644 $(B)/poolbench.bash $(DESTDIR)$(bashdir)/poolbench && \
		$(INSTALL) -m 644 $(B)/poolbench.zsh $(DESTDIR)$(zshdir)/_poolbench && \
		$(INSTALL) -m 644 $(B)/poolbench.fish $(DESTDIR)$(fishdir)/poolbench.fish; \
	else echo 'poolbench: $(B)/poolbench prints its manual and completion and cannot run here: both are left out' >&2; fi

uninstall: ## remove what install put there
	@rm -f $(addprefix $(DESTDIR),$(bindir)/poolbench $(mandir)/man1/poolbench.1 $(bashdir)/poolbench \
		$(zshdir)/_poolbench $(fishdir)/poolbench.fish $(pcdir)/poolbench.pc)
	@rm -rf $(addprefix $(DESTDIR),$(libexecdir) $(datadir) $(docdir) $(includedir)/poolbench)

# ---- hand out --------------------------------------------------------------------------------------------------------
tarball = build/poolbench-$(VERSION).tar.gz
dist: ## put what is committed into build/poolbench-VERSION.tar.gz, which builds by itself
	@mkdir -p build
	@git archive --format=tar --prefix=poolbench-$(VERSION)/ HEAD | gzip -n9 >$(tarball).new && mv $(tarball).new $(tarball)
	@echo $(tarball)

deb: dist ## build Debian packages from that: poolbench, poolbench-plugins, poolbench-dev in build/deb/
	@scripts/deb $(VERSION)

clean: ## remove everything built, of all compilers and sanitizers
	@rm -rf build poolbench

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile
	@echo '  with CC=clang, SAN=address,undefined or SAN=thread (check: PLAIN=1 for neither), CFLAGS=, CPPFLAGS=, LDFLAGS=, V=1, DEPS=never'
	@echo '  and check with SLOW=2ms: as where processes and threads cost that much; SHORT=60: some tests, that many seconds'
