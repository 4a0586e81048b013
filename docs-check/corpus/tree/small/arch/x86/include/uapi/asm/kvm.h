/* SPDX-License-Identifier: GPL-2.0-only */
struct kvm_clock {
	__u64 ticks;
	__u8 pad[8];
};

#define KVM_X86_BIG 0x10
