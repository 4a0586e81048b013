/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The fake's share of memory and modes: pages that nobody touched, huge pages,
 * the dirty log, the tracepoint, SMM, a guest's guest, module parameters. The
 * environment variable FAKE_MODE lists parameters that are off.
 */
#ifndef FAKE_MEMORY_H
#define FAKE_MEMORY_H

#define DIV_ROUND_UP(n, d) (((n) + (d) - 1) / (d))
#define FAKE_PAGES (262144 + 4096)

/* Mapped, but read-only: the host has no page of its own there. */
static bool fake_untouched[FAKE_PAGES];
/* Mapped in page tables that the vCPU does not use when it leaves its guest. */
static bool fake_aside[FAKE_PAGES];
static bool fake_dirty[FAKE_PAGES];
static u64 fake_npages, fake_gpa, fake_writes;
static bool fake_smm, fake_cpuid, fake_in_l2, fake_npt;
static unsigned int fake_logs_read;
static char fake_trace[1 << 18];

static inline bool fake_off(const char *parameter)
{
	const char *mode = getenv("FAKE_MODE");

	return mode && strstr(mode, parameter);
}

static inline int fake_param(const char *path)
{
	const char *name = strrchr(path, '/') + 1;
	int pipes[2];

	if (!fake_off(name) || pipe(pipes) || write(pipes[1], "N", 1) != 1)
		return -1;
	close(pipes[1]);
	return pipes[0];
}

/* Whether the host has a page there; what was only read does not count, and is not looked at twice. */
static inline bool fake_resident(void *address)
{
	unsigned char there = 0;

	mincore((void *)((uintptr_t)address & -PAGE_SIZE), PAGE_SIZE, &there);
	return there & 1;
}

static inline u64 fake_step(const struct fake_slot *slot)
{
	if (!slot || (slot->log && !fake_bug("huge-despite-log")))
		return 1;
	switch (slot->type) {
	case VM_MEM_SRC_ANONYMOUS_HUGETLB_1GB:
		return 262144;
	case VM_MEM_SRC_ANONYMOUS_HUGETLB_2MB:
		return fake_bug("hugetlb-small") ? 1 : 512;
	case VM_MEM_SRC_ANONYMOUS_THP:
		return 512;
	default:
		return 1;
	}
}

static inline bool fake_sees(const struct fake_slot *slot)
{
	bool other = fake_smm && fake_bug("smm-other-space");

	return slot->id >> 16 == ((fake_smm && PARTIAL_SUCCESS) != other);
}

static inline void fake_set_spte(u64 index, u64 step, unsigned int bits)
{
	size_t used = strlen(fake_trace);

	if (fake_bug("traces-nothing"))
		return;
	snprintf(fake_trace + used, sizeof(fake_trace) - used,
		 " test-1 [000] ..... 1.0: kvm_mmu_set_spte: gfn %llx spte 8600000000000%x (rwxu) level %d at 1000\n",
		 FAKE_BASE / PAGE_SIZE + index, bits, step == 1 ? 1 : step == 512 ? 2 : 3);
}

/* The entry of one page, small or huge; what the host never touched is mapped read-only. */
static inline void fake_note_mapped(struct fake_slot *slot, u64 first, u64 step, bool untouched)
{
	u64 i;

	for (i = 0; i < step; i++) {
		fake_untouched[first + i] = untouched && !fake_bug("maps-untouched-writable");
		if (fake_bug("maps-read-only"))
			fake_untouched[first + i] = true;
		fake_aside[first + i] = fake_in_l2 && fake_bug("l2-other-root");
	}
	fake_set_spte(first, step, 0xe77);
	if (fake_bug("sets-twice"))
		fake_set_spte(first, step, 0xe77);
}

static inline void fake_note_dirty(struct fake_slot *slot, u64 index)
{
	if (slot->log && !fake_bug("clean"))
		fake_dirty[index] = !(fake_bug("dirty-once") && fake_logs_read);
}

static inline void fake_unmap(u64 index)
{
	fake_stats[0] -= fake_mapped[index];
	fake_mapped[index] = false;
}

/* Without the TDP MMU eight entries are set at a time. */
static inline void fake_map_around(struct fake_slot *slot, u64 index)
{
	u64 i, first = index / 8 * 8;

	if (!fake_off("tdp_mmu") || fake_bug("maps-alone"))
		return;
	for (i = first; i < first + 8; i++) {
		if (fake_mapped[i] || FAKE_BASE + i * PAGE_SIZE >= slot->gpa + slot->npages * PAGE_SIZE)
			continue;
		fake_stats[0]++;
		fake_mapped[i] = true;
		fake_note_mapped(slot, i, 1, false);
	}
}

static inline s64 fake_fault(u64 gpa);

/* The guest's access to one page. A write to what is mapped read-only takes two faults. */
static inline void fake_visit(u64 index)
{
	struct fake_slot *slot = fake_slot_of(FAKE_BASE + index * PAGE_SIZE);
	char *page = slot->mem + (FAKE_BASE + index * PAGE_SIZE - slot->gpa);
	u64 i, first = index / 512 * 512;

	if (fake_mapped[index] && fake_writes && fake_untouched[index]) {
		fake_stats[2] += 2;
		fake_store(page, index);
		if (fake_step(slot) == 512) {
			fake_stats[1]--;
			for (i = first; i < first + 512; i++)
				fake_mapped[i] = false;
			fake_stats[0]++;
			fake_mapped[index] = true;
		}
		fake_untouched[index] = false;
		return;
	}
	if (fake_writes)
		fake_store(page, index);
	if (fake_mapped[index] && !fake_aside[index] && !fake_bug("always-faults"))
		return;
	fake_stats[2]++;
	if (fake_mapped[index] || fake_step(slot) == 1) {
		fake_fault(FAKE_BASE + index * PAGE_SIZE);
		return;
	}
	fake_stats[0]++;
	fake_mapped[index] = true;
}

static inline int fake_discard(void *start, size_t size)
{
	struct fake_slot *slot = fake_slots;
	u64 i, first;

	while (slot < fake_slots + fake_nr_slots &&
	       ((char *)start < slot->mem || (char *)start >= slot->mem + slot->npages * PAGE_SIZE))
		slot++;
	if (slot == fake_slots + fake_nr_slots)
		return 0;
	first = (slot->gpa - FAKE_BASE + ((char *)start - slot->mem)) / PAGE_SIZE;
	for (i = first; i < first + size / PAGE_SIZE && !fake_bug("pins"); i++)
		fake_unmap(i);
	return 0;
}

static inline void kvm_vm_get_dirty_log(struct kvm_vm *vm, int id, void *log)
{
	struct fake_slot *slot = fake_slots;
	unsigned long *words = log;
	u64 i, first;

	(void)vm;
	while (slot->id != (u32)id)
		slot++;
	first = (slot->gpa - FAKE_BASE) / PAGE_SIZE;
	for (i = 0; i < slot->npages; i++) {
		words[i / 64] |= (unsigned long)fake_dirty[first + i] << i % 64;
		fake_dirty[first + i] = false;
	}
	fake_logs_read++;
}

static inline int fake_capability(int fd)
{
	bool tdp = !fake_off("npt") || fake_bug("cap-always");

	return tdp && !(fd == FAKE_VM ? fake_bug("cap-vm-zero") : fake_bug("cap-dev-zero")) && kvm_has_cap(236);
}

static inline void vcpu_init_cpuid(struct kvm_vcpu *vcpu, const void *cpuid)
{
	(void)vcpu, (void)cpuid;
	fake_cpuid = true;
}

#define kvm_get_supported_cpuid() NULL

static inline void vcpu_events_get(struct kvm_vcpu *vcpu, struct kvm_vcpu_events *events)
{
	(void)vcpu;
	*events = (struct kvm_vcpu_events){ .smi.smm = fake_smm };
}

static inline void vcpu_events_set(struct kvm_vcpu *vcpu, struct kvm_vcpu_events *events)
{
	(void)vcpu;
	fake_smm = events->smi.smm && events->flags & KVM_VCPUEVENT_VALID_SMM;
}

/* Why a call fails before it looks at a page: 0, or an error. */
static inline int fake_refused(int index)
{
	if (fake_off("npt") && !fake_bug("npt-off-works"))
		return EOPNOTSUPP;
	if (PARTIAL_SUCCESS && fake_in_l2 && fake_npt && !fake_bug("l2-npt-works"))
		return EOPNOTSUPP;
	if (index && !fake_in_l2 && fake_bug("needs-run"))
		return ENOEXEC;
	if (index && !fake_in_l2 && !fake_cpuid && fake_bug("needs-cpuid"))
		return ENOEXEC;
	return 0;
}

/* The guest's guest. Nothing of it is run: the second visit of its vCPU is inside. */
#define PTE_PRESENT_MASK BIT_ULL(0)
#define PTE_WRITABLE_MASK BIT_ULL(1)
#define PTE_USER_MASK BIT_ULL(2)
#define PTE_LARGE_MASK BIT_ULL(7)
#define SVM_NESTED_CTL_NP_ENABLE BIT(0)
#define X86_FEATURE_SVM 1
#define X86_FEATURE_NPT 2
#define kvm_cpu_has(feature) ((feature) != 0)
#define vmmcall() ((void)0)
#define vm_vaddr_alloc_page(vm) ((uintptr_t)((void)(vm), calloc(1, PAGE_SIZE)))
#define addr_gva2hva(vm, gva) ((void)(vm), (void *)(uintptr_t)(gva))
#define addr_gva2gpa(vm, gva) ((void)(vm), (u64)(gva))
#define vcpu_alloc_svm(vm, gva) ((void)(vm), *(gva) = 0)
#define generic_svm_setup(svm, code, stack) ((void)(svm), (void)(code), (void)(stack))
#define run_guest(vmcb, gpa) ((void)(vmcb), (void)(gpa))
#define vcpu_args_set(vcpu, count, svm, code, npt) ((void)(code), fake_start_l1((npt) != 0))

struct vmcb { struct { u64 nested_ctl, nested_cr3; } control; };
struct svm_test_data { struct vmcb *vmcb; u64 vmcb_gpa; };

static unsigned int fake_l1_visits;
static bool fake_l1;

static inline void fake_start_l1(bool npt)
{
	fake_l1 = true;
	fake_npt = npt;
}

/* A vCPU that goes in with its second run, and out with the third where it has nested page tables. */
static inline void fake_run_l1(void)
{
	fake_l1_visits++;
	fake_in_l2 = fake_l1_visits >= 2 && !(fake_npt && fake_l1_visits > 2);
}

static inline void vcpu_nested_state_get(struct kvm_vcpu *vcpu, struct kvm_nested_state *state)
{
	(void)vcpu;
	state->flags = fake_in_l2 ? KVM_STATE_NESTED_GUEST_MODE : 0;
}

/* Bits of the VM types: without the TDP MMU there is the usual one only. */
static inline int kvm_check_cap(long cap)
{
	if (cap == 236)
		return fake_capability(FAKE_DEV);
	if (cap != KVM_CAP_VM_TYPES)
		return sizeof(struct kvm_nested_state);
	return fake_off("private") || fake_off("tdp_mmu") || fake_off("npt") ? 1 : 3;
}

static inline int vm_check_cap(struct kvm_vm *vm, long cap)
{
	(void)cap;
	return fake_capability(vm->fd);
}

static inline int fake_nothing(const char *path)
{
	(void)path;
	return 0;
}

#define mount(source, target, type, flags, data) fake_nothing(target)
#define mkdir(path, mode) fake_nothing(path)
#define rmdir(path) fake_nothing(path)
#define access(path, mode) (strstr(path, "tracing") && fake_off("tracing") ? -1 : 0)

#endif
