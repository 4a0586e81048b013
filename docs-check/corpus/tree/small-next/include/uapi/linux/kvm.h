/* SPDX-License-Identifier: GPL-2.0-only */
/* KVM_FIRST_COMMENT is a word of a comment only. */
#define KVMIO 0xAE

#define KVM_CREATE_VM _IO(KVMIO, 0x01)
#define KVM_CHECK_EXTENSION _IO(KVMIO, 0x03)
#define KVM_SET_SPEED _IOW(KVMIO, 0x40, struct kvm_speed)
#define KVM_GET_SPEED _IOR(KVMIO, 0x41, struct kvm_speed)
#define KVM_REGISTER_SHARED_ZONE \
	_IOW(KVMIO, 0x42, struct kvm_zone)
#define KVM_UNREGISTER_SHARED_ZONE \
	_IOW(KVMIO, 0x43, struct kvm_zone)
#define KVM_SET_PAIR _IOWR(KVMIO, 0x44, struct kvm_pair)
#define KVM_S390_PULSE _IO(KVMIO, 0x45)
#define KVM_DRAIN_ZONE _IOW(KVMIO, 0x46, struct kvm_zone)
#define KVM_SET_DEVICE_ATTR _IOW(KVMIO, 0xe1, struct kvm_device_attr)
#define KVM_GET_DEVICE_ATTR _IOW(KVMIO, 0xe2, struct kvm_device_attr)

#define KVM_CAP_SPEED 1
#define KVM_CAP_SHARED_ZONE 2
#define KVM_CAP_PAIR_OF_WORDS 3
#define KVM_CAP_DRAIN_ZONE 4

#define KVM_EXIT_STOPPED 7
#define KVM_EXIT_ZONE_FULL 8

#define KVM_SPEED_FAST (1 << 0)
#define KVM_SPEED_SLOW (1 << 1)
#define KVM_SPEED_LIMIT 100

enum kvm_zone_kind {
	KVM_ZONE_PLAIN,
	KVM_ZONE_RING = 4,
};

struct kvm_speed {
	__u32 flags;
	__u32 percent;
	__u64 reserved[2];
};

struct kvm_zone {
	__u64 addr;
	__u32 size;
	union {
		__u32 kind;
		__u32 pad;
	};
};

struct kvm_pair {
	__u32 count;
	__u32 padding;
#ifdef __KERNEL__
	__u64 entries[8];
#else
	__u64 entries[];
#endif
};

struct kvm_device_attr {
	__u32 flags;
	__u32 group;
	__u64 attr;
	__u64 addr;
};
