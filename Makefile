# SPDX-License-Identifier: MIT
# Makefile -- builds the image, runs it, tests it. `make help` lists what there is.
#
# Everything built lies under build/, with a folder of its own for CC=clang, DEBUG=1 and HOST=1.
# Standard output belongs to the program that runs: all that make and the compilers say goes to
# standard error.

ifeq ($(origin CC),default)
CC := gcc
endif
LD := ld
NM := nm

MAKEFLAGS   += --no-builtin-rules --no-print-directory
SHELL       := /bin/sh
.SHELLFLAGS := -ec$(if $(V),x)
.SILENT:
.DELETE_ON_ERROR:
.SECONDARY:
.DEFAULT_GOAL := image

COMPILER := $(notdir $(firstword $(CC)))
HOSTED   := $(filter-out 0,$(HOST))
B := build$(if $(HOSTED),/host)$(if $(filter-out gcc,$(COMPILER)),/$(COMPILER))$(if $(DEBUG),/debug)
say = echo "  $(1)" >&2

# What the goals need is installed, or named, before anything is built.
GOALS := $(or $(MAKECMDGOALS),image)
BENCHES := bench bench-host bench-compare bench-profile
NEEDS := $(if $(filter image run qemu debug iso soak explore sim $(BENCHES),$(GOALS)),build) \
         $(if $(filter run qemu debug soak $(BENCHES),$(GOALS)),run) $(if $(filter debug,$(GOALS)),gdb) \
         $(if $(filter test tsan,$(GOALS)),build clang run iso) $(if $(filter iso,$(GOALS)),iso) \
         $(if $(filter fuzz test,$(GOALS)),fuzz) $(if $(filter model test,$(GOALS)),model) \
         $(if $(filter bench-compare,$(GOALS)),go) \
         $(if $(filter lint,$(GOALS)),build clang lint ctags) $(if $(filter format,$(GOALS)),lint)
NEEDS += $(if $(filter test-boot,$(GOALS)),build run iso efi ovmf bochs)
NEEDS += $(if $(filter usb,$(GOALS)),build iso) $(if $(filter checks,$(GOALS)),build) $(if $(filter efi loader,$(GOALS)),build) \
         $(if $(filter efi loader iso usb test lint,$(GOALS)),efi) $(if $(filter test,$(GOALS)),ovmf bochs)
ifneq ($(strip $(NEEDS)),)
DEPS_SAID := $(shell CC="$(CC)" tools/deps $(NEEDS) >&2)
ifneq ($(.SHELLSTATUS),0)
$(error tools are missing)
endif
endif

# ---- Flags --------------------------------------------------------------------------------------

FREESTANDING := -nostdinc -isystem $(shell $(CC) -print-file-name=include)
MACHINE_FLAGS := -mcmodel=kernel -mno-red-zone -fno-pic -fno-omit-frame-pointer \
                 -fno-stack-protector -fno-asynchronous-unwind-tables
COMMON   := -std=gnu11 $(if $(DEBUG),-O1 -DDEBUG,-O2) -g -MMD -MP $(MACHINE_FLAGS) \
            -ffunction-sections -fdata-sections -Wall -Wextra -Wshadow
STRICT   := $(COMMON) -ffreestanding -Wconversion -Wno-sign-conversion -Werror
NO_SSE   := -mgeneral-regs-only
# With gcc the scheduler and the program become one at the link, and what is small becomes a part of
# its caller. A file that switches stacks stays apart: the switch names no register of SSE's.
SWITCHES := $(shell grep -lE 'arch_context_switch|arch_context_leave' sched/*.c)
LTO      := $(if $(or $(filter-out gcc,$(COMPILER)),$(DEBUG),$(HOSTED)),,-flto -flto-partition=none)
KERNEL_I := -Ikernel -Ikernel/port -Iboot -Idrivers -Isched/include -Isched

FLAGS_kernel := $(STRICT) $(NO_SSE) $(KERNEL_I) -isystem kernel/libc/include $(FREESTANDING)
FLAGS_libc   := $(STRICT) $(KERNEL_I) -isystem kernel/libc/include $(FREESTANDING)
FLAGS_switch := $(STRICT) $(NO_SSE) -Isched -Isched/include -Ikernel/port $(FREESTANDING)
FLAGS_sched  := $(if $(LTO),$(patsubst $(NO_SSE),-mno-sse -mno-mmx,$(FLAGS_switch)) $(LTO),$(FLAGS_switch))
FLAGS_app    := $(COMMON) $(LTO) -fno-optimize-sibling-calls -fstack-clash-protection -fhosted \
                -include tools/hosted.h -Isched/include -isystem kernel/libc/include $(FREESTANDING)
FLAGS_demo   := $(FLAGS_app) -Werror

# The UEFI loader is a program of the firmware's: other headers, other calls, other relocations.
EFI_I     := /usr/include/efi
EFI_LIB   := /usr/lib
FLAGS_efi := -std=gnu11 -O2 -g -MMD -MP -Wall -Wextra -Werror -ffreestanding -fpic -fshort-wchar \
             -mno-red-zone -mgeneral-regs-only -fno-stack-protector -fvisibility=hidden \
             $(if $(findstring clang,$(COMPILER)),,-maccumulate-outgoing-args) \
             -DGNU_EFI_USE_MS_ABI -isystem $(EFI_I) -isystem $(EFI_I)/x86_64

# HOST=1: the same scheduler and application, over the host's C library (tests/host/).
ifneq ($(HOSTED),)
FLAGS_host  := -std=gnu11 $(if $(DEBUG),-O1 -DDEBUG,-O2) -g -MMD -MP -fno-omit-frame-pointer -pthread \
               -Wall -Wextra -Wshadow
FLAGS_sched := $(FLAGS_host) -mno-red-zone -Werror -Isched -Isched/include -Itests/host -iquote kernel
FLAGS_switch := $(FLAGS_sched)
FLAGS_app   := $(FLAGS_host) -Isched/include -isystem tests/host/libc
FLAGS_demo  := $(FLAGS_app) -Werror
endif

LIBGCC := $(shell $(CC) $(if $(findstring clang,$(COMPILER)),--rtlib=libgcc) \
            -print-libgcc-file-name 2> /dev/null)

# ---- Sources ------------------------------------------------------------------------------------

KERNEL_SRC := $(sort $(wildcard boot/*.S kernel/*.[cS] kernel/port/*.[cS] kernel/libc/*.[cS] \
                                drivers/*.c sched/*.c))
ifneq ($(HOSTED),)
KERNEL_SRC := $(sort $(wildcard sched/*.c tests/host/*_host.[cS])) kernel/cmdline.c
endif
DEMO_SRC   := $(sort $(wildcard demos/*.c))
DEMOS      := $(filter-out shell tour top top_%,$(basename $(notdir $(DEMO_SRC))))
KERNEL_OBJ := $(patsubst %,$B/%.o,$(basename $(KERNEL_SRC))) $(if $(HOSTED),,$B/drivers/font_.o)

# The application: a file or a folder, anywhere; its objects and its image have a folder of their
# own. Without one: the shell with every demo.
ifdef APP
ifneq ($(words $(APP)),1)
$(error APP="$(APP)": make cannot build paths with blanks in them)
endif
APP_PATH := $(abspath $(APP))
APP_SRC  := $(if $(wildcard $(APP_PATH)/.),$(sort $(wildcard $(APP_PATH)/*.c)),\
              $(filter %.c,$(wildcard $(APP_PATH))))
ifeq ($(strip $(APP_SRC)),)
$(error APP=$(APP): neither a .c file nor a folder with .c files)
endif
APP_DIR  := $(patsubst %/,%,$(dir $(firstword $(APP_SRC))))
APP_NAME := $(basename $(notdir $(APP_PATH)))
A        := $B/app-$(APP_NAME)-$(firstword $(shell echo '$(APP_PATH)' | cksum))
APP_OBJ  := $(patsubst $(APP_DIR)/%.c,$A/%.o,$(APP_SRC)) $A/name_.o
else
APP_NAME := gamp
A        := $B
APP_OBJ  := $(patsubst %.c,$B/%.o,$(DEMO_SRC)) $B/demos_table.o $B/name_.o
endif
IMAGE := $A/$(APP_NAME)$(if $(HOSTED),,.elf)
OBJ   := $(KERNEL_OBJ) $(APP_OBJ)

# What the ISO image's menu offers beside the shell: the kernel's tests and the benchmarks, in one.
CHECKS     := $B/checks/checks.elf
CHECK_SRC  := $(sort $(wildcard tests/kernel/*_test.c))
CHECKS_OBJ := $(KERNEL_OBJ) $B/checks/name_.o $B/checks/table_.o $B/tests/boot/checks.o \
              $(patsubst %.c,$B/%.o,$(CHECK_SRC) $(sort $(wildcard tests/bench/*.c)))

# ---- Goals --------------------------------------------------------------------------------------

.PHONY: image run qemu debug test tsan explore sim model fuzz soak $(BENCHES) lint format iso clean help FORCE
export SMP MEM CPU MACHINE ACCEL KARGS ARGS CC DEBUG

image: $(IMAGE) ## build the image (default)

run qemu: $(IMAGE) ## boot it in QEMU: APP=file-or-folder SMP=4 MEM=512M ARGS="a b" KARGS=quiet; HOST=1: as a process
	exec $(if $(HOSTED),,tools/run) $(IMAGE)

debug: $(IMAGE) ## the same under gdb, stopped at the first instruction (see also DEBUG=1)
	exec tools/debug $(IMAGE)

test: ## every test: T=pattern for some of them
	exec tests/run $(if $(T),'$(T)')

.PHONY: test-boot
test-boot: loader ## some eighty machines, one boot each: UPDATE=1 writes the table in docs/hardware.md; T=words
	$(MAKE) -s image APP=tests/boot/matrix.c
	T='$(T)' UPDATE=$(UPDATE) exec tests/boot/matrix all \
	    $$($(MAKE) -s APP=tests/boot/matrix.c --eval='where: ; @echo $$(IMAGE)' where) $B/boot/uefi/loader.efi

tsan: ## the tests under ThreadSanitizer alone
	exec tests/run tsan

explore: ## schedules of simulated cores, for a minute or SEEDS=n; T=scenario SEED=n repeats one
	exec tests/explore/run $(if $(T),-t $(T)) \
	    $(if $(SEED),-s $(SEED),$(if $(SEEDS),-n $(SEEDS),-x 60))

sim: ## simulated machines of 1 to 256 cores, a clock a core: T=load SIM_CORES=1,8,64
	exec tests/sim/run $(if $(T),-t $(T)) $(if $(SIM_CORES),-c $(SIM_CORES))

fuzz: ## everything that parses, on ever new inputs: T=name SECONDS=60
	exec tests/fuzz/run $(T) $(or $(SECONDS),60)

model: ## the protocols, checked by Spin, and their mutants: T=name
	exec tests/model/run $(T)

soak: ## everything at once for MINUTES (default 5) on 1 to 16 cores, with NMIs; SEED=n
	$(MAKE) -s image APP=tests/soak
	exec tests/soak/run $$($(MAKE) -s APP=tests/soak --eval='where: ; @echo $$(IMAGE)' where) \
	    $$(($(or $(MINUTES),5) * 60)) $(or $(SEED),1) 1 2 4 8 16

bench: ## benchmarks in QEMU: instructions counted, then timed, and histograms; BENCH="bench=yield scale=0.1"
	exec tests/bench/run all $(BENCH)

bench-compare: ## beside Go on Linux in the same QEMU, and as processes; COMPARE="count time native latency rivals" BENCH=...
	COMPARE="$(COMPARE)" exec tests/bench/compare $(BENCH)

bench-profile: ## instructions of an operation, function by function: NAME=yield SCALE=0.02
	exec tests/bench/profile $(NAME) $(SCALE)

bench-host: ## the same sources as a Linux process
	exec tests/bench/run host $(BENCH)

lint: ## rules of the house: layers, sizes, both compilers
	exec tests/lint

format: ## let clang-format lay out what has changed since the last commit
	tools/format

.PHONY: efi loader usb checks
efi: $A/BOOTX64.EFI ## one file that UEFI firmware boots: the loader with the image in it

loader: $B/boot/uefi/loader.efi # without an image, which it looks for beside it

checks: $(CHECKS) # tests and benchmarks, beside the image in the .iso

iso: $(IMAGE) $B/boot/uefi/loader.efi $(if $(APP),,$(CHECKS)) ## a CD and USB image with a menu, for BIOS and UEFI machines: ARGS KARGS TIMEOUT=5
	tools/iso $(IMAGE) $B/boot/uefi/loader.efi $A/$(APP_NAME).iso $(if $(APP),,$(CHECKS))
	$(call say,ISO  $A/$(APP_NAME).iso)

usb: iso ## the same onto a USB stick: DEV=/dev/sdX; asks first
	exec tools/usb $A/$(APP_NAME).iso $(DEV)

clean: ## remove build/
	rm -rf build

help: ## this list
	awk -F ' *## *' '/^[a-z]+[a-z -]*:.* ## / { sub(/:.*/, "", $$1); \
	    printf "  %-14s %s\n", $$1, $$2 }' Makefile
	echo '  Variables: APP SMP MEM ARGS KARGS CPU MACHINE ACCEL HOST CC=clang DEBUG=1 V=1'

# ---- Objects ------------------------------------------------------------------------------------

compile = $(call say,CC   $<); mkdir -p $(@D); $(CC) $(1) -c -o $@ $<

$B/boot/%.o $B/kernel/%.o $B/drivers/%.o: FLAGS = $(FLAGS_kernel)
ifneq ($(HOSTED),)
$B/kernel/cmdline.o: FLAGS = $(FLAGS_sched)
endif
$B/kernel/libc/%.o: FLAGS = $(FLAGS_libc)
$B/kernel/libc/memory.o: FLAGS = $(FLAGS_kernel)
$B/sched/%.o: FLAGS = $(FLAGS_sched)
$(SWITCHES:%.c=$B/%.o): FLAGS = $(FLAGS_switch)
$B/tests/host/%.o: FLAGS = $(FLAGS_sched)
$B/demos/%.o: FLAGS = $(FLAGS_demo) -Dmain=demo_$(*F)_main
$B/demos/shell.o $B/demos/tour.o $B/demos/top.o: FLAGS = $(FLAGS_demo)
$B/tests/kernel/%.o: FLAGS = $(FLAGS_app) -DTAP_ENDED=tests_ended -Dmain=demo_$(*F)_main
$B/tests/bench/%.o: FLAGS = $(FLAGS_app)
$B/tests/bench/main.o: FLAGS = $(FLAGS_app) -Dmain=bench_main
$B/tests/boot/checks.o: FLAGS = $(FLAGS_demo) -Idemos

$B/%.o: %.c Makefile
	$(call compile,$(FLAGS))

$B/%.o: %.S Makefile
	$(call compile,-g -MMD -MP $(KERNEL_I))

$B/drivers/font_.c: drivers/font.txt tools/font.awk
	mkdir -p $(@D)
	LC_ALL=C awk -f tools/font.awk $< > $@

$B/drivers/font_.o: $B/drivers/font_.c Makefile
	$(call compile,$(FLAGS_kernel))

ifdef APP
$A/%.o: $(APP_DIR)/%.c Makefile
	$(call compile,$(FLAGS_app))
endif

# kernel/main.c takes argv[0] from here.
$B/checks/name_.o: APP_NAME = checks
$A/name_.o $B/checks/name_.o: Makefile
	mkdir -p $(@D)
	printf 'const char app_name[] = "%s";\n' '$(APP_NAME)' | $(CC) $(if $(HOSTED),,$(MACHINE_FLAGS)) -xc -c -o $@ -

# Rewritten each time, touched only when it changes: a demo may have come, gone or been renamed.
$B/demos_table.c: LISTED = $(DEMOS:%=demos/%.c)
$B/checks/table_.c: LISTED = $(CHECK_SRC)
$B/demos_table.c $B/checks/table_.c: FORCE
	mkdir -p $(@D)
	awk -f tools/demos.awk $(LISTED) > $@.new
	cmp -s $@.new $@ && rm $@.new || mv $@.new $@

$B/demos_table.o $B/checks/table_.o: %.o: %.c Makefile
	$(call compile,$(FLAGS_demo) -Idemos)

# ---- The image: linked twice, the second time with its own symbol table -------------------------

ifneq ($(HOSTED),)
$(IMAGE): $(OBJ) Makefile $A/objects
	$(call say,LD   $@)
	$(CC) -pthread -o $@ $(APP_OBJ) $(KERNEL_OBJ) -lm
else
MACHINE_OBJ = $(filter-out $B/sched/%,$(KERNEL_OBJ))
as_one = $(CC) $(COMMON) $(if $(LTO),$(LTO) -flinker-output=nolto-rel) -r -nostdlib -o $(1) $(2)
link = $(LD) -nostdlib -static -T linker.ld --gc-sections --build-id=none -z noexecstack \
       -z max-page-size=4096 -o $(1) $(2) $(LIBGCC)
text_symbols = $(NM) -n $(1) | awk '$$2 ~ /[TtWw]/ && /^ffffffff/'

$(IMAGE): $(OBJ) $A/objects
$(CHECKS): $(CHECKS_OBJ) $B/checks/objects
$(IMAGE) $(CHECKS): linker.ld tools/symbols.awk Makefile
	$(call say,LD   $@)
	$(call as_one,$(@D)/one_.o,$(filter-out $(MACHINE_OBJ),$(filter %.o,$^)))
	awk -f tools/symbols.awk < /dev/null > $(@D)/symbols0.S
	$(CC) -c -o $(@D)/symbols0.o $(@D)/symbols0.S
	$(call link,$(@D)/pass1.elf,$(MACHINE_OBJ) $(@D)/one_.o $(@D)/symbols0.o)
	$(call text_symbols,$(@D)/pass1.elf) > $(@D)/symbols.1
	awk -f tools/symbols.awk < $(@D)/symbols.1 > $(@D)/symbols_.S
	$(CC) -c -o $(@D)/symbols_.o $(@D)/symbols_.S
	$(call link,$@,$(MACHINE_OBJ) $(@D)/one_.o $(@D)/symbols_.o)
	$(call text_symbols,$@) | cmp -s - $(@D)/symbols.1 || \
	    { echo "$@: code moved when the symbol table was filled in" >&2; exit 1; }

endif

# ---- The UEFI loader ----------------------------------------------------------------------------

EFI_SRC := $(sort $(wildcard boot/uefi/*.[cS]))
EFI_OBJ := $(patsubst %,$B/%.o,$(basename $(EFI_SRC)))

$B/boot/uefi/%.o: FLAGS = $(FLAGS_efi)

# GNU-EFI's own start-up code relocates the image; objcopy makes it the firmware's format.
define link_efi
	$(call say,LD   $@)
	$(LD) -nostdlib -shared -Bsymbolic -znocombreloc -z noexecstack --build-id=none --no-undefined \
	    -T $(EFI_LIB)/elf_x86_64_efi.lds -o $(@:.efi=).so $(EFI_LIB)/crt0-efi-x86_64.o \
	    $(filter %.o,$^) -L$(EFI_LIB) -lefi -lgnuefi
	objcopy -S -j .text -j .sdata -j .data -j .dynamic -j .dynsym -j '.rel*' -j .reloc \
	    --target efi-app-x86_64 --subsystem=10 $(@:.efi=).so $@
endef

$B/boot/uefi/loader.efi: $(EFI_OBJ) Makefile
	$(link_efi)

$A/BOOTX64.EFI: $(filter-out %/kernel.o,$(EFI_OBJ)) $A/built_in_.o Makefile
	$(link_efi)

$A/built_in_.o: boot/uefi/kernel.S $(IMAGE) Makefile
	strip -o $A/built_in.elf $(IMAGE)
	$(CC) -DKERNEL='"$A/built_in.elf"' -c -o $@ $<

# The list of what is linked: without it a removed source would stay in the image.
$B/checks/objects: OBJ = $(CHECKS_OBJ)
$A/objects $B/checks/objects: FORCE
	mkdir -p $(@D)
	echo '$(OBJ)' | cmp -s - $@ || echo '$(OBJ)' > $@

-include $(wildcard $(OBJ:.o=.d) $(CHECKS_OBJ:.o=.d) $(EFI_OBJ:.o=.d))
