# SPDX-License-Identifier: GPL-2.0-or-later
# Short names for what one does here; meson and ninja do the work. 'make help' lists them.

BUILD ?= build
KIT   ?= $(BUILD)/kit
JOBS  ?= $(shell nproc)

# SAN=1: address and undefined-behaviour sanitizers; SAN=thread. They build beside the plain one.
ifdef SAN
BUILD := build-san-$(SAN)
CONFIGURE_SAN := $(if $(filter thread,$(SAN)),--enable-tsan,--enable-sanitizers)
endif

export ASAN_OPTIONS ?= detect_leaks=0:abort_on_error=1
export UBSAN_OPTIONS ?= halt_on_error=1:print_stacktrace=1

.PHONY: all deps kit demo check bench check-style fuzz install help clean tags

all: $(BUILD)/build.ninja
	ninja -C $(BUILD) -j$(JOBS)

$(BUILD)/build.ninja: | deps
	./configure --build=$(BUILD) $(CONFIGURE_SAN) $(CONFIGURE)

deps:
	@scripts/install-deps

kit: | deps
	@scripts/guest-kit $(KIT) > $(KIT).log 2>&1 || { cat $(KIT).log; exit 1; }

demo: all kit
	@QEMU_BUILD=$(BUILD) QEMU_KIT=$(KIT) scripts/demo

# Unit and device tests, and, but for sanitizer builds, real guests.
check: all $(if $(SAN),,kit)
	@QEMU_BUILD=$(BUILD) QEMU_KIT=$(KIT) scripts/run-tests --build $(BUILD) --jobs $(JOBS) \
	    $(if $(SAN),--suite unit --suite qtest --suite fuzz)

check-style:
	@scripts/check-style

check-%: all
	@QEMU_BUILD=$(BUILD) QEMU_KIT=$(KIT) scripts/run-tests --build $(BUILD) --jobs $(JOBS) --name $*

bench: all kit
	@QEMU_BUILD=$(BUILD) QEMU_KIT=$(KIT) scripts/bench

fuzz: all
	@QEMU_BUILD=$(BUILD) scripts/fuzz-x86
	@QEMU_BUILD=$(BUILD) scripts/fuzz-vmbus ring
	@QEMU_BUILD=$(BUILD) scripts/fuzz-vmbus vmbus

install: all
	ninja -C $(BUILD) install

tags:
	git ls-files '*.c' '*.h' | ctags -L -

clean:
	rm -rf $(BUILD)

help:
	@printf '%s\n' \
	  'make               build (build/qemu-system-x86_64, build/qemu-x86_64)' \
	  'make demo          boot a Debian kernel and balloon it; prints a table' \
	  'make check         all tests; the last line counts them' \
	  'make check-NAME    the test NAME (ring, tcg, boot, balloon ...)' \
	  'make check SAN=1   unit, device and fuzz-smoke tests under sanitizers' \
	  'make bench         speed beside the Debian QEMU, as ratios' \
	  'make fuzz          x86 against the host CPU, hostile guests (FUZZ_SECONDS=600)' \
	  'make check-style   layers, headers, long functions' \
	  'make deps          install what building and testing need (apt-get)' \
	  'make install       install below the prefix given to ./configure'
