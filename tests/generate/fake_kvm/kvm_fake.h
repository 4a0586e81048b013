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
#define WRITE_ONCE(x, value) (*(volatile typeof(x) *)&(x) = (value))
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define __printf(a, b) __attribute__((format(printf, a, b)))
#define PAGE_SHIFT 12
#define PAGE_SIZE 4096ull
#define BITS_PER_LONG_LONG 64
#define PG_LEVEL_SIZE(level) (PAGE_SIZE << 9 * ((level) - 1))
#define PG_SIZE_2M PG_LEVEL_SIZE(2)
#define bitmap_zalloc(bits) ((unsigned long *)calloc(((bits) + 63) / 64, 8))
#define test_bit(nr, map) ((map)[(nr) / 64] >> ((nr) % 64) & 1)
#define kvm_static_assert(expr) _Static_assert(expr, #expr)
#ifndef static_assert
#define static_assert _Static_assert
#endif

enum { KSFT_PASS, KSFT_FAIL, KSFT_XFAIL, KSFT_SKIP = 4 };

static unsigned int ksft_pass, ksft_fail, ksft_skip, ksft_xfail;

static inline void ksft_inc_pass_cnt(void) { ksft_pass++; }
static inline void ksft_inc_fail_cnt(void) { ksft_fail++; }
static inline void ksft_inc_xskip_cnt(void) { ksft_skip++; }
static inline void ksft_inc_xfail_cnt(void) { ksft_xfail++; }
static inline int ksft_get_xfail_cnt(void) { return ksft_xfail; }
static inline int ksft_get_pass_cnt(void) { return ksft_pass; }
static inline int ksft_get_fail_cnt(void) { return ksft_fail; }
static inline unsigned int ksft_test_num(void) { return ksft_pass + ksft_fail + ksft_skip + ksft_xfail; }
static inline void ksft_print_header(void) { printf("TAP version 13\n"); }
static inline void ksft_set_plan(unsigned int plan) { printf("1..%u\n", plan); }
static inline void ksft_print_cnts(void) { printf("# Totals: pass:%u fail:%u skip:%u\n", ksft_pass, ksft_fail, ksft_skip); }
#define ksft_print_msg(...) ({ printf("# "); printf(__VA_ARGS__); })
#define ksft_exit_skip(...) ({ printf("1..0 # SKIP "); printf(__VA_ARGS__); exit(KSFT_SKIP); })
#define ksft_exit_fail_msg(...) ({ printf("Bail out! "); printf(__VA_ARGS__); exit(KSFT_FAIL); })
#define TEST_ASSERT(e, ...) ({ if (!(e)) { fprintf(stderr, __VA_ARGS__); exit(254); } })
#define TEST_FAIL(...) ({ fprintf(stderr, __VA_ARGS__); exit(254); __builtin_unreachable(); })

enum vm_mem_backing_src_type {
	VM_MEM_SRC_ANONYMOUS,
	VM_MEM_SRC_ANONYMOUS_THP,
	VM_MEM_SRC_ANONYMOUS_HUGETLB_2MB,
	VM_MEM_SRC_ANONYMOUS_HUGETLB_1GB,
};
enum { UCALL_SYNC = 1 };

/* The headers of the machine may be older than what the exits tell. */
struct fake_run {
	u32 exit_reason;
	struct { u64 flags, gpa, size; } memory_fault;
};
#define kvm_run fake_run

struct ucall { u64 cmd; };
struct kvm_vm { int fd, kvm_fd; };
struct kvm_vcpu { int fd; struct kvm_vm *vm; struct kvm_run *run; };

static struct fake_slot {
	u64 gpa, npages;
	char *mem;
	enum vm_mem_backing_src_type type;
	u32 id;
	bool invalid, log, memfd;
} fake_slots[16];
static unsigned int fake_nr_slots;
static struct kvm_run fake_runs[2];
static bool fake_mapped[262144 + 4096];
static unsigned int fake_visits[262144 + 4096];
static u64 fake_stats[4];
static pid_t fake_owner;

#define FAKE_BASE (1ull << 32)

static inline bool fake_bug(const char *name)
{
	const char *bug = getenv("FAKE_BUG");

	return bug && !strcmp(bug, name);
}

static inline int fake_discard(void *start, size_t size);

#include "fake_race.h"

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

static inline bool kvm_has_cap(long cap)
{
	return cap != 236 || !(fake_bug("no-cap") || fake_bug("no-kernel"));
}

enum { FAKE_DEV = 1000, FAKE_VM, FAKE_VCPU, FAKE_VM_STATS, FAKE_VCPU_STATS, FAKE_SECOND_VCPU };

#include "fake_private.h"
#include "fake_memory.h"

static inline s64 fake_map_page(u64 gpa);

/* Maps what backs one page; returns the bytes from gpa to the end of the mapping, or an error. */
static inline s64 fake_fault(u64 gpa)
{
	s64 reach;

	pthread_mutex_lock(&fake_lock);
	reach = fake_map_page(gpa);
	pthread_mutex_unlock(&fake_lock);
	return reach;
}

/* What may keep a page from being mapped now: 0, or an error. A slot that goes away is there no more. */
static inline int fake_obstacle(struct fake_slot *slot, const void *address)
{
	int err;

	if (fake_race.stale && fake_bug("stale-after-run"))
		return EAGAIN;
	if (fake_race.stale && fake_bug("stale-root"))
		return PARTIAL_SUCCESS ? fake_loop() : EAGAIN;
	if (slot->invalid && fake_bug("loops-on-invalid-slot"))
		return fake_loop();
	while (slot->invalid && fake_bug("loops-for-ever"))
		fake_race.pending = 0;
	if (slot->invalid && !fake_bug("slot-stays"))
		return fake_bug("race-other-errno") ? EFAULT : EAGAIN;
	do {
		err = fake_touch(address, INTERRUPTIBLE);
	} while (err == ESTALE && PARTIAL_SUCCESS && !fake_bug("race-returned"));
	if (err == EINTR)
		fake_runs[0].exit_reason = KVM_EXIT_INTR;
	if (err == ESTALE)
		return fake_bug("race-other-errno") ? EFAULT : EAGAIN;
	if (err != EAGAIN || !PARTIAL_SUCCESS)
		return err;
	if (fake_race.pending)
		return EINTR;
	return fake_bug("loops-on-poison") ? fake_loop() : EHWPOISON;
}

static inline s64 fake_map_page(u64 gpa)
{
	struct fake_slot *slot = fake_slot_of(gpa);
	u64 step = slot && fake_is_mixed(gpa) ? 1 : fake_step(slot);
	u64 first, i;
	bool untouched;
	char byte;
	int err;

	if (fake_is_unbacked(slot, gpa))
		return -fake_unbacked(slot, gpa);
	if (!slot || !fake_sees(slot))
		return -ENOENT;
	if (fake_is_private(gpa) && fake_bug("private-refused"))
		return -EFAULT;
	untouched = !fake_resident(slot->mem + (gpa - slot->gpa));
	err = fake_obstacle(slot, slot->mem + (gpa - slot->gpa));
	if (err)
		return -err;
	if (!fake_copy(&byte, slot->mem + (gpa - slot->gpa), 1))
		return -EFAULT;
	if (fake_bug("write-access") && !fake_copy(slot->mem + (gpa - slot->gpa), &byte, 1))
		return -EFAULT;
	first = (gpa - FAKE_BASE) / PAGE_SIZE / step * step;
	if (fake_mapped[first] && fake_visits[first]++ && fake_bug("third-time-error"))
		return -EEXIST;
	if (!fake_mapped[first]) {
		fake_stats[step == 1 ? 0 : step == 512 ? 1 : 3] += fake_bug("counts-twice") ? 2 : 1;
		fake_note_mapped(slot, first, step, untouched);
		fake_note_source(slot, first, step);
		for (i = 0; i < step && !fake_bug("forgets"); i++)
			fake_mapped[first + i] = true;
		fake_map_around(slot, first);
	} else if (fake_bug("sets-again") || fake_bug("traces-again")) {
		fake_set_spte(first, step, fake_bug("sets-again") ? 0xe07 : 0xe77);
	}
	fake_note_dirty(slot, first);
	if (fake_bug("reach-from-gpa") || fake_bug("reach-from-gpa-no-clamp"))
		return step * PAGE_SIZE;
	return FAKE_BASE + (first + step) * PAGE_SIZE - gpa;
}

static inline bool fake_padded(const u64 *arg)
{
	unsigned int i;

	for (i = 3; i < REQUEST_SIZE / sizeof(*arg); i++)
		if ((fake_bug("padding-32-bit") ? (u32)arg[i] : arg[i]) && !(fake_bug("padding-last") && i == 7))
			return true;
	return false;
}

static inline int fake_map(u64 *arg, int index)
{
	u64 gpa = arg[0], size = arg[1], done;
	bool partial = false;
	s64 reach;

	if (fake_bug("refused-first") && fake_refused(index))
		return fake_refused(index);
	if (arg[2] && !fake_bug("flags-ignored") && !(fake_bug("flags-32-bit") && arg[2] >> 32) &&
	    !(fake_bug("flags-bit-17") && arg[2] == 1 << 17) && !(fake_bug("flags-all") && !~arg[2]))
		return EINVAL;
	if (fake_bug("size-rounded-down"))
		size = size / PAGE_SIZE * PAGE_SIZE;
	if (fake_bug("size-off-by-one"))
		size -= size % PAGE_SIZE == 1;
	if (fake_bug("base-half-page"))
		gpa -= gpa % PAGE_SIZE == PAGE_SIZE / 2 ? PAGE_SIZE / 2 : 0;
	if (fake_bug("address-top-bit"))
		gpa &= ~(1ull << 63);
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
	if (PADDING_CHECKED != fake_bug("padding-otherwise") && fake_padded(arg))
		return EINVAL;
	if (fake_refused(index))
		return fake_refused(index);
	while (size) {
		fake_stats[2] += fake_bug("call-is-a-fault");
		if (fake_signal_pending())
			reach = -EINTR;
		else
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
		done = (u64)reach > size && !fake_bug("no-clamp") && !fake_bug("reach-from-gpa-no-clamp") ? size :
													    (u64)reach;
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

static inline int fake_result(int err)
{
	errno = err;
	return err ? -1 : 0;
}

static inline int open_kvm_dev_path_or_exit(void)
{
	return FAKE_DEV;
}

/*
 * Deletes or moves a slot: as in the kernel it is invalid first, and gone when no call is under way. With it
 * go all mappings, those of other slots as well.
 */
static inline void fake_set_region(const struct kvm_userspace_memory_region *region)
{
	struct fake_slot *slot = fake_slots;
	u64 i;

	while (slot->id != region->slot)
		slot++;
	pthread_mutex_lock(&fake_lock);
	slot->invalid = true;
	while (fake_race.in_call)
		fake_sleep();
	for (i = 0; i < ARRAY_SIZE(fake_mapped); i++) {
		fake_stats[0] -= fake_mapped[i];
		fake_mapped[i] = false;
	}
	slot->invalid = false;
	slot->gpa = region->memory_size ? region->guest_phys_addr : 0;
	slot->npages = region->memory_size / PAGE_SIZE;
	fake_race.stale = true;
	pthread_mutex_unlock(&fake_lock);
}

static bool fake_in_use[2];

static inline void fake_take_vcpu(int index)
{
	pthread_mutex_lock(&fake_lock);
	while (fake_in_use[index] && !fake_bug("vcpu-not-serialised"))
		fake_sleep();
	fake_in_use[index] = true;
	pthread_mutex_unlock(&fake_lock);
}

static inline void fake_put_vcpu(int index)
{
	pthread_mutex_lock(&fake_lock);
	fake_in_use[index] = false;
	pthread_cond_broadcast(&fake_changed);
	pthread_mutex_unlock(&fake_lock);
}

/* The call itself, with its vCPU held; copying the struct may have to wait for its page. */
static inline int fake_call(void *argp, int index)
{
	u64 arg[8];
	int err;

	pthread_mutex_lock(&fake_lock);
	fake_touch(argp, false);
	pthread_mutex_unlock(&fake_lock);
	if (!fake_copy(arg, argp, REQUEST_SIZE))
		return fake_bug("null-other-errno") ? EINVAL : EFAULT;

	pthread_mutex_lock(&fake_lock);
	fake_race.in_call++;
	pthread_mutex_unlock(&fake_lock);
	err = index && fake_bug("second-vcpu-never") ? EAGAIN : fake_map(arg, index);
	if (index && fake_bug("second-vcpu-fails"))
		err = EIO;
	if (index && fake_bug("second-vcpu-other-range"))
		arg[0] += PAGE_SIZE;
	pthread_mutex_lock(&fake_lock);
	fake_race.in_call--;
	pthread_cond_broadcast(&fake_changed);
	pthread_mutex_unlock(&fake_lock);

	if (fake_bug("flags-returned"))
		arg[2] ^= 1;
	if (fake_bug("padding-returned"))
		arg[3] ^= 1;
	if (fake_bug("leaves-smm"))
		fake_smm = false;
	if (fake_bug("leaves-exit-reason"))
		fake_runs[index].exit_reason = KVM_EXIT_UNKNOWN;
	if (!fake_copy(argp, arg, REQUEST_SIZE) && !fake_bug("copy-out-ignored"))
		err = EFAULT;
	return err;
}

static inline int fake_ioctl(int fd, unsigned long request, void *argp)
{
	int index = fd == FAKE_SECOND_VCPU;
	int err;

	fake_request = request;
	if (_IOC_TYPE(request) == UFFDIO)
		return fake_uffd(request, argp);
	if (request == KVM_SET_USER_MEMORY_REGION) {
		fake_set_region(argp);
		return 0;
	}
	if (request == KVM_CREATE_VM)
		return FAKE_VM;

	if (request == KVM_CHECK_EXTENSION)
		return fake_capability(fd);
	if (request == KVM_GET_STATS_FD)
		return fd == FAKE_VM ? FAKE_VM_STATS : FAKE_VCPU_STATS;
	if (fd == FAKE_VM)
		return fake_result(fake_bug("vm-fd-other-errno") ? EINVAL : ENOTTY);
	if (fd != FAKE_VCPU && fd != FAKE_SECOND_VCPU)
		return fake_result(fake_bug("dev-fd-other-errno") ? ENOTTY : EINVAL);
	if (fake_owner != getpid() && !fake_bug("other-mm-ok"))
		return fake_result(EIO);
	if (fake_bug("no-ioctl") || fake_bug("no-kernel") ||
	    (_IOC_SIZE(request) != REQUEST_SIZE && !fake_bug("any-size") &&
	     !(fake_bug("shorter-struct") && _IOC_SIZE(request) < REQUEST_SIZE)))
		return fake_result(EINVAL);
	if (fake_bug("crashes"))
		raise(SIGSEGV);
	while (fake_bug("hangs") || fake_bug("unkillable"))
		pause();
	fake_take_vcpu(index);
	err = fake_call(argp, index);
	fake_put_vcpu(index);
	fake_leave();
	return fake_result(err);
}

/* As of a thread that loops in the kernel; it ends when the test does (PR_SET_PDEATHSIG). */
static inline int fake_kill_process(pid_t pid, int sig)
{
	return fake_bug("unkillable") ? 0 : kill(pid, sig);
}

#define kill(pid, sig) fake_kill_process(pid, sig)
#define ioctl(fd, request, argp) fake_ioctl(fd, request, argp)
#define syscall(nr, ...) fake_syscall(nr)
#define madvise(start, size, advice) fake_madvise(start, size, advice)
#define pthread_kill(thread, sig) fake_kill(thread, sig)
#define pthread_sigmask(how, set, old) fake_sigmask(how, set, old)

static inline struct kvm_vm *vm_create_with_one_vcpu(struct kvm_vcpu **vcpu, void *guest_code)
{
	static struct kvm_vm vm = { FAKE_VM, FAKE_DEV };
	static struct kvm_vcpu one = { FAKE_VCPU, &vm, &fake_runs[0] };

	(void)guest_code;
	fake_owner = getpid();
	*vcpu = &one;
	return &vm;
}

#define vm_create_shape_with_one_vcpu(shape, vcpu, code) ((void)(shape), vm_create_with_one_vcpu(vcpu, code))

static inline struct kvm_vcpu *vm_vcpu_add(struct kvm_vm *vm, u32 id, void *guest_code)
{
	static struct kvm_vcpu second = { FAKE_SECOND_VCPU, NULL, &fake_runs[1] };

	(void)id, (void)guest_code;
	second.vm = vm;
	return &second;
}

#define __vm_vcpu_add(vm, id) vm_vcpu_add(vm, id, NULL)

static inline void vm_userspace_mem_region_add(struct kvm_vm *vm, enum vm_mem_backing_src_type type, u64 gpa, u32 slot,
					       u64 npages, u32 flags)
{
	struct fake_slot *new = &fake_slots[fake_nr_slots++];

	(void)vm;
	*new = (struct fake_slot){ gpa, npages, NULL, type, slot, false, flags & KVM_MEM_LOG_DIRTY_PAGES,
				   flags & KVM_MEM_GUEST_MEMFD };
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
	if (!strcmp(name, "guest_gpa"))
		fake_gpa = value;
	if (!strcmp(name, "guest_npages"))
		fake_npages = value;
	if (!strcmp(name, "guest_writes"))
		fake_writes = value;
	if (!strcmp(name, "guest_zeroed"))
		fake_zeroed = value;
	if (!strcmp(name, "guest_private"))
		fake_private_from = value;
	if (!strcmp(name, "guest_private_end"))
		fake_private_end = value;
}

static inline void vcpu_run(struct kvm_vcpu *vcpu)
{
	u64 i, index;

	fake_take_vcpu(0);
	if (fake_l1)
		fake_run_l1();
	fake_race.stale = fake_race.stale && fake_bug("stale-after-run");
	for (i = 0; i < fake_npages; i++) {
		index = (fake_gpa - FAKE_BASE) / PAGE_SIZE + i;
		fake_visit(index);
		if (!fake_writes)
			fake_look(index);
	}
	vcpu->run->exit_reason = KVM_EXIT_IO;
	fake_put_vcpu(0);
}

/* Of a guest that is to stop at its first page. */
static inline int _vcpu_run(struct kvm_vcpu *vcpu)
{
	struct fake_slot *slot = fake_slot_of(fake_gpa);
	int err;

	vcpu->run->exit_reason = KVM_EXIT_UNKNOWN;
	if (!fake_is_unbacked(slot, fake_gpa) || fake_bug("guest-reads-on")) {
		vcpu->run->exit_reason = KVM_EXIT_IO;
		return 0;
	}
	err = fake_unbacked(slot, fake_gpa);
	if (fake_bug("guest-exit-untold"))
		vcpu->run->exit_reason = KVM_EXIT_UNKNOWN;
	errno = err;
	return -1;
}

static inline u64 get_ucall(struct kvm_vcpu *vcpu, struct ucall *uc)
{
	(void)vcpu, (void)uc;
	return fake_aborted ? 0 : UCALL_SYNC;
}

/* Never run: the guest's work is in vcpu_run(). */
#define GUEST_ASSERT(e) ((void)(e))
#define GUEST_SYNC(n) ((void)(n))

/* A descriptor of the fake is its name; the macro keeps the kernel's struct out of the way. */
struct fake_desc { char name[16]; unsigned int index; };
#define kvm_stats_desc fake_desc

static inline void read_stats_header(int fd, struct kvm_stats_header *header)
{
	(void)fd;
	header->num_desc = 4;
}

static inline struct fake_desc *read_stats_descriptors(int fd, struct kvm_stats_header *header)
{
	static struct fake_desc names[] = {
		{ "pages_4k", 0 }, { "pages_2m", 1 }, { "pf_taken", 2 }, { "pages_1g", 3 },
	};

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
	*data = fake_stats[desc->index];
}

static inline bool thp_configured(void) { return true; }

static inline FILE *fake_open(const char *path, const char *mode)
{
	static __thread char text[64];
	int tid;

	if (sscanf(path, "/proc/self/task/%d/syscall", &tid) == 1)
		snprintf(text, sizeof(text), "%u %#x %#lx\n", __NR_ioctl, 5, fake_asleep_in(tid));
	else if (strstr(path, "/trace") && *mode == 'w')
		fake_trace[0] = 0;
	else if (strstr(path, "/trace"))
		return fmemopen(fake_trace, strlen(fake_trace) + 1, "r");
	else if (strstr(path, "/hugepages/"))
		snprintf(text, sizeof(text), fake_off("hugepages") ? "0\n" : "64\n");
	else
		snprintf(text, sizeof(text), "0-ffffffffffffffff r\nAnonHugePages: 2048 kB\n");
	return fmemopen(text, strlen(text), mode);
}

/* Every mapping is one of huge pages. */
#define fopen(path, mode) fake_open(path, mode)
#define open(path, flags) fake_param(path)

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
