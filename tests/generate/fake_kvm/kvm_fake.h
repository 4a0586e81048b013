/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A KVM that is not there: the names of the selftest library that generated
 * tests use, on top of a model of the ioctl in this process. The environment
 * variable FAKE_BUG breaks one clause of the contract, so that a test can show
 * which case notices. PARTIAL_SUCCESS selects the merged API's behaviour.
 */
#ifndef KVM_FAKE_H
#define KVM_FAKE_H

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <linux/kvm.h>

typedef uint8_t u8;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int64_t s64;

#define BIT(n) (1ul << (n))
#define BIT_ULL(n) (1ull << (n))
#define READ_ONCE(x) (*(volatile typeof(x) *)&(x))
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define __printf(a, b) __attribute__((format(printf, a, b)))
#define PAGE_SIZE 4096ull
#define kvm_static_assert(expr) _Static_assert(expr, #expr)
#ifndef static_assert
#define static_assert _Static_assert
#endif

enum { KSFT_PASS, KSFT_FAIL, KSFT_SKIP = 4 };

static unsigned int ksft_pass, ksft_fail, ksft_skip;

static inline void ksft_inc_pass_cnt(void) { ksft_pass++; }
static inline void ksft_inc_fail_cnt(void) { ksft_fail++; }
static inline void ksft_inc_xskip_cnt(void) { ksft_skip++; }
static inline int ksft_get_pass_cnt(void) { return ksft_pass; }
static inline int ksft_get_fail_cnt(void) { return ksft_fail; }
static inline unsigned int ksft_test_num(void) { return ksft_pass + ksft_fail + ksft_skip; }
static inline void ksft_print_header(void) { printf("TAP version 13\n"); }
static inline void ksft_set_plan(unsigned int plan) { printf("1..%u\n", plan); }
static inline void ksft_print_cnts(void) { printf("# Totals: pass:%u fail:%u skip:%u\n", ksft_pass, ksft_fail, ksft_skip); }
#define ksft_print_msg(...) ({ printf("# "); printf(__VA_ARGS__); })
#define ksft_exit_skip(...) ({ printf("1..0 # SKIP "); printf(__VA_ARGS__); exit(KSFT_SKIP); })
#define ksft_exit_fail_msg(...) ({ printf("Bail out! "); printf(__VA_ARGS__); exit(KSFT_FAIL); })
#define TEST_ASSERT(e, ...) ({ if (!(e)) { fprintf(stderr, __VA_ARGS__); exit(254); } })
#define TEST_FAIL(...) ({ fprintf(stderr, __VA_ARGS__); exit(254); __builtin_unreachable(); })

enum vm_mem_backing_src_type { VM_MEM_SRC_ANONYMOUS, VM_MEM_SRC_ANONYMOUS_THP };
enum { UCALL_SYNC = 1 };

struct ucall { u64 cmd; };
struct kvm_vm { int fd, kvm_fd; };
struct kvm_vcpu { int fd; struct kvm_vm *vm; };

static struct fake_slot { u64 gpa, npages; char *mem; bool huge; } fake_slots[16];
static unsigned int fake_nr_slots;
static bool fake_mapped[1024];
static u64 fake_stats[3];
static u64 fake_gpa, fake_npages;
static pid_t fake_owner;

#define FAKE_BASE (1ull << 32)

static inline bool fake_bug(const char *name)
{
	const char *bug = getenv("FAKE_BUG");

	return bug && !strcmp(bug, name);
}

static inline struct fake_slot *fake_slot_of(u64 gpa)
{
	unsigned int i;

	for (i = 0; i < fake_nr_slots; i++)
		if (gpa >= fake_slots[i].gpa && gpa - fake_slots[i].gpa < fake_slots[i].npages * PAGE_SIZE)
			return &fake_slots[i];
	return NULL;
}

/* The kernel's own way of touching memory that may not be there. */
static inline bool fake_copy(void *to, const void *from, size_t size)
{
	int pipes[2];
	bool good;

	TEST_ASSERT(!pipe(pipes), "pipe");
	good = write(pipes[1], from, size) == (ssize_t)size && read(pipes[0], to, size) == (ssize_t)size;
	close(pipes[0]);
	close(pipes[1]);
	return good;
}

/* Maps what backs one page; returns the bytes from gpa to the end of the mapping, or an error. */
static inline s64 fake_fault(u64 gpa)
{
	struct fake_slot *slot = fake_slot_of(gpa);
	u64 step = slot && slot->huge ? 512 : 1;
	u64 first, i;
	char byte;

	if (!slot)
		return -ENOENT;
	if (!fake_copy(&byte, slot->mem + (gpa - slot->gpa), 1))
		return -EFAULT;
	first = (gpa - FAKE_BASE) / PAGE_SIZE / step * step;
	if (!fake_mapped[first]) {
		fake_stats[step == 1 ? 0 : 1] += fake_bug("counts-twice") ? 2 : 1;
		for (i = 0; i < step && !fake_bug("forgets"); i++)
			fake_mapped[first + i] = true;
	}
	return FAKE_BASE + (first + step) * PAGE_SIZE - gpa;
}

static inline int fake_map(u64 *arg)
{
	u64 gpa = arg[0], size = arg[1], done;
	bool partial = false;
	s64 reach;

	if (arg[2] && !fake_bug("flags-ignored") && !(fake_bug("flags-32-bit") && arg[2] >> 32))
		return EINVAL;
	if (!size && fake_bug("empty-ok"))
		return 0;
	if ((gpa % PAGE_SIZE || size % PAGE_SIZE) && fake_bug("unaligned-ok")) {
		gpa -= gpa % PAGE_SIZE;
		size = (size + PAGE_SIZE - 1) / PAGE_SIZE * PAGE_SIZE;
	}
	if (gpa % PAGE_SIZE || size % PAGE_SIZE)
		return EINVAL;
	if (gpa + size <= gpa && !(fake_bug("end-off-by-one") && size && !(gpa + size)) &&
	    !(fake_bug("overflow-ok") && size && gpa + size))
		return fake_bug("overflow-other-errno") ? EFAULT : EINVAL;
	if (fake_bug("needs-padding-zero") && arg[3])
		return EINVAL;
	while (size) {
		reach = fake_bug("maps-nothing") ? (s64)PAGE_SIZE : fake_fault(gpa);
		if (reach < 0) {
			if (reach == -ENOENT)
				reach = fake_bug("hole-other-errno") ? -ENXIO : -HOLE;
			if (reach == -EFAULT && fake_bug("backing-other-errno"))
				reach = -EIO;
			if (partial && PARTIAL_SUCCESS != fake_bug("partial-other-result"))
				reach = 0;
			arg[0] = gpa;
			arg[1] = size;
			return -reach;
		}
		done = (u64)reach > size && !fake_bug("no-clamp") ? size : (u64)reach;
		gpa += done;
		size -= done;
		partial = true;
		if (!fake_bug("struct-not-updated")) {
			arg[0] = gpa;
			arg[1] = size;
		}
	}
	if (fake_bug("one-page-too-many"))
		fake_fault(gpa);
	return 0;
}

enum { FAKE_DEV = 1000, FAKE_VM, FAKE_VCPU, FAKE_VM_STATS, FAKE_VCPU_STATS };

static inline int fake_result(int err)
{
	errno = err;
	return err ? -1 : 0;
}

static inline int open_kvm_dev_path_or_exit(void)
{
	return FAKE_DEV;
}

static inline int fake_ioctl(int fd, unsigned long request, void *argp)
{
	u64 arg[8];
	int err;

	if (request == KVM_CREATE_VM)
		return FAKE_VM;

	if (request == KVM_GET_STATS_FD)
		return fd == FAKE_VM ? FAKE_VM_STATS : FAKE_VCPU_STATS;
	if (fd == FAKE_VM)
		return fake_result(fake_bug("vm-fd-other-errno") ? EINVAL : ENOTTY);
	if (fd != FAKE_VCPU)
		return fake_result(fake_bug("dev-fd-other-errno") ? ENOTTY : EINVAL);
	if (fake_owner != getpid() && !fake_bug("other-mm-ok"))
		return fake_result(EIO);
	if (fake_bug("no-ioctl") || (_IOC_SIZE(request) != REQUEST_SIZE && !fake_bug("any-size")))
		return fake_result(EINVAL);
	if (fake_bug("crashes"))
		raise(SIGSEGV);
	while (fake_bug("hangs"))
		pause();
	if (!fake_copy(arg, argp, REQUEST_SIZE))
		return fake_result(fake_bug("null-other-errno") ? EINVAL : EFAULT);
	err = fake_map(arg);
	if (!fake_copy(argp, arg, REQUEST_SIZE) && !fake_bug("copy-out-ignored"))
		err = EFAULT;
	return fake_result(err);
}

#define ioctl(fd, request, argp) fake_ioctl(fd, request, argp)

static inline struct kvm_vm *vm_create_with_one_vcpu(struct kvm_vcpu **vcpu, void *guest_code)
{
	static struct kvm_vm vm = { FAKE_VM, FAKE_DEV };
	static struct kvm_vcpu one = { FAKE_VCPU, &vm };

	(void)guest_code;
	fake_owner = getpid();
	*vcpu = &one;
	return &vm;
}

static inline void vm_userspace_mem_region_add(struct kvm_vm *vm, enum vm_mem_backing_src_type type, u64 gpa, u32 slot,
					       u64 npages, u32 flags)
{
	struct fake_slot *new = &fake_slots[fake_nr_slots++];

	(void)vm, (void)slot, (void)flags;
	*new = (struct fake_slot){ gpa, npages, NULL, type == VM_MEM_SRC_ANONYMOUS_THP };
	new->mem = mmap(NULL, npages * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static inline void *addr_gpa2hva(struct kvm_vm *vm, u64 gpa)
{
	struct fake_slot *slot = fake_slot_of(gpa);

	(void)vm;
	return slot->mem + (gpa - slot->gpa);
}

#define virt_map(vm, gva, gpa, npages) ((void)(vm))
#define sync_global_to_guest(vm, name) ((void)(vm), fake_sync(#name, name))

static inline void fake_sync(const char *name, u64 value)
{
	*(strcmp(name, "guest_gpa") ? &fake_npages : &fake_gpa) = value;
}

static inline void vcpu_run(struct kvm_vcpu *vcpu)
{
	u64 i, index;

	(void)vcpu;
	for (i = 0; i < fake_npages; i++) {
		index = (fake_gpa - FAKE_BASE) / PAGE_SIZE + i;
		if (fake_mapped[index] && !fake_bug("always-faults"))
			continue;
		fake_stats[2]++;
		fake_fault(FAKE_BASE + index * PAGE_SIZE);
	}
}

static inline u64 get_ucall(struct kvm_vcpu *vcpu, struct ucall *uc)
{
	(void)vcpu, (void)uc;
	return UCALL_SYNC;
}

/* Never run: the guest's work is in vcpu_run(). */
#define GUEST_ASSERT(e) ((void)(e))
#define GUEST_SYNC(n) ((void)(n))

/* A descriptor of the fake is its name; the macro keeps the kernel's struct out of the way. */
struct fake_desc { char name[16]; };
#define kvm_stats_desc fake_desc

static inline void read_stats_header(int fd, struct kvm_stats_header *header)
{
	(void)fd;
	header->num_desc = 3;
}

static inline struct fake_desc *read_stats_descriptors(int fd, struct kvm_stats_header *header)
{
	static struct fake_desc names[] = { { "pages_4k" }, { "pages_2m" }, { "pf_taken" } };

	(void)fd, (void)header;
	return names;
}

static inline struct fake_desc *get_stats_descriptor(struct fake_desc *all, int i, struct kvm_stats_header *header)
{
	(void)header;
	return all + i;
}

static inline void read_stat_data(int fd, struct kvm_stats_header *header, struct fake_desc *desc, u64 *data, size_t n)
{
	(void)fd, (void)header, (void)n;
	*data = fake_stats[!strcmp(desc->name, "pages_4k") ? 0 : !strcmp(desc->name, "pages_2m") ? 1 : 2];
}

static inline bool kvm_has_cap(long cap)
{
	return cap != 236 || !fake_bug("no-cap");
}

static inline bool thp_configured(void) { return true; }

/* Every mapping is one of huge pages; parameters of modules are not there. */
#define fopen(path, mode) fmemopen("0-ffffffffffffffff r\nAnonHugePages: 2048 kB\n", 46, mode)
#define open(path, flags) ((void)(path), -1)

static inline void cpuid(u32 leaf, u32 *eax, u32 *ebx, u32 *ecx, u32 *edx)
{
	*eax = *ebx = *ecx = *edx = leaf;
}

static inline struct timespec timespec_elapsed(struct timespec start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (struct timespec){ .tv_sec = now.tv_sec - start.tv_sec - (now.tv_nsec < start.tv_nsec) };
}

#endif
