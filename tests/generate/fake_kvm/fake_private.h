/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The fake's share of private memory: VMs of a type, memory attributes, slots
 * with a guest_memfd, exits because of memory that nothing backs, and what the
 * guest finds in a page.
 */
#ifndef FAKE_PRIVATE_H
#define FAKE_PRIVATE_H

#ifndef KVM_MEM_GUEST_MEMFD
#define KVM_MEM_GUEST_MEMFD (1u << 2)
#define KVM_MEMORY_EXIT_FLAG_PRIVATE (1ull << 3)
#define KVM_EXIT_MEMORY_FAULT 39
#define KVM_CAP_VM_TYPES 235
#define KVM_X86_SW_PROTECTED_VM 1
#endif
#define VM_MODE_DEFAULT 0
#define FAKE_ALL (262144 + 4096)

struct vm_shape { u32 mode, type; };

static bool fake_private[FAKE_ALL];
/* Mapped from the guest_memfd; written by the guest there. */
static bool fake_from_memfd[FAKE_ALL], fake_memfd_written[FAKE_ALL];
static u64 fake_zeroed, fake_private_from, fake_private_end;
static bool fake_aborted;

static inline void fake_unmap(u64 index);
static inline struct fake_slot *fake_slot_of(u64 gpa);

static inline bool fake_is_private(u64 gpa)
{
	return gpa >= FAKE_BASE && (gpa - FAKE_BASE) / PAGE_SIZE < FAKE_ALL &&
	       fake_private[(gpa - FAKE_BASE) / PAGE_SIZE];
}

static inline bool fake_is_unbacked(const struct fake_slot *slot, u64 gpa)
{
	return fake_is_private(gpa) && !(slot && slot->memfd) && !fake_bug("private-without-memfd-ok");
}

/* A private page that nothing backs ends the call, and the guest, with an exit. */
static inline int fake_unbacked(const struct fake_slot *slot, u64 gpa)
{
	if (!slot && fake_bug("hole-before-attribute"))
		return ENOENT;
	if (fake_bug("no-memory-fault"))
		return EFAULT;
	fake_runs[0].exit_reason = KVM_EXIT_MEMORY_FAULT;
	if (fake_bug("memory-fault-untold"))
		return EFAULT;
	fake_runs[0].memory_fault.gpa = gpa + (fake_bug("memory-fault-other-gpa") ? PAGE_SIZE : 0);
	fake_runs[0].memory_fault.size = fake_bug("memory-fault-other-size") ? 2 * PAGE_SIZE : PAGE_SIZE;
	fake_runs[0].memory_fault.flags = fake_bug("memory-fault-shared") ? 0 : KVM_MEMORY_EXIT_FLAG_PRIVATE;
	return EFAULT;
}

/* Whether 2 MiB hold both kinds of pages. */
static inline bool fake_is_mixed(u64 gpa)
{
	u64 i, first = (gpa - FAKE_BASE) / PAGE_SIZE / 512 * 512;

	if (fake_bug("huge-despite-private"))
		return false;
	for (i = first; i < first + 512; i++)
		if (fake_private[i] != fake_private[first])
			return true;
	return false;
}

static inline void fake_note_source(const struct fake_slot *slot, u64 first, u64 step)
{
	u64 i;

	for (i = first; i < first + step; i++) {
		fake_from_memfd[i] = fake_private[i] && !fake_bug("private-from-host");
		if (slot->memfd && fake_bug("shared-from-memfd"))
			fake_from_memfd[i] = true;
	}
}

static inline void fake_store(char *page, u64 index)
{
	if (fake_mapped[index] ? fake_from_memfd[index] : fake_private[index])
		fake_memfd_written[index] = true;
	else
		*(u64 *)page = FAKE_BASE + index * PAGE_SIZE;
}

/* The guest's own look at a page: its address, or nothing where nobody wrote. */
static inline void fake_look(u64 index)
{
	u64 gpa = FAKE_BASE + index * PAGE_SIZE;
	struct fake_slot *slot = fake_slot_of(gpa);
	u64 found = *(u64 *)(slot->mem + (gpa - slot->gpa));
	bool zero = fake_zeroed || (gpa >= fake_private_from && gpa < fake_private_end);

	if (fake_from_memfd[index])
		found = fake_memfd_written[index] ? gpa : 0;
	if (found != (zero ? 0 : gpa))
		fake_aborted = true;
}

static inline void fake_set_attribute(u64 gpa, u64 size, bool private)
{
	u64 i, first = (gpa - FAKE_BASE) / PAGE_SIZE;

	for (i = first; i < first + size / PAGE_SIZE; i++) {
		if (!fake_bug("conversion-ignored") || private)
			fake_private[i] = private;
		if (!fake_bug("conversion-keeps"))
			fake_unmap(i);
	}
}

#define vm_mem_set_private(vm, gpa, size) ((void)(vm), fake_set_attribute(gpa, size, true))
#define vm_mem_set_shared(vm, gpa, size) ((void)(vm), fake_set_attribute(gpa, size, false))
#define vm_guest_mem_punch_hole(vm, gpa, size) ((void)(vm), fake_punch_hole(gpa, size))

static inline void fake_punch_hole(u64 gpa, u64 size)
{
	u64 i, first = (gpa - FAKE_BASE) / PAGE_SIZE;

	for (i = first; i < first + size / PAGE_SIZE; i++) {
		if (!fake_bug("hole-keeps-content"))
			fake_memfd_written[i] = false;
		if (!fake_bug("hole-keeps"))
			fake_unmap(i);
	}
}

#endif
