/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __LINUX_KVM_H
#define __LINUX_KVM_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define KVM_API_VERSION 12
#define KVMIO 0xAE

struct kvm_warm_range {
	__u64 start;
	__u64 bytes;
	__u64 flags;
};

#define KVM_CAP_NR_VCPUS 9
#define KVM_CAP_WARM_RANGE 233

/* of /dev/kvm */
#define KVM_GET_API_VERSION	_IO(KVMIO, 0x00)

/* of a VM */
#define KVM_CHECK_EXTENSION	_IO(KVMIO, 0x03)

/* of a vCPU; available with KVM_CAP_WARM_RANGE */
#define KVM_WARM_RANGE	_IOWR(KVMIO, 0xd3, struct kvm_warm_range)

#endif
