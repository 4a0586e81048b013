// SPDX-License-Identifier: GPL-2.0-only
#include <linux/kvm_host.h>

static long kvm_vcpu_ioctl(struct file *filp, unsigned int ioctl, unsigned long arg)
{
	void __user *argp = (void __user *)arg;

	switch (ioctl) {
	case KVM_WARM_RANGE: {
		struct kvm_warm_range range;

		if (copy_from_user(&range, argp, sizeof(range)))
			return -EFAULT;
		return kvm_vcpu_warm_range(filp->private_data, &range, argp);
	}
	default:
		return -EINVAL;
	}
}

static long kvm_vm_ioctl_check_extension_generic(struct kvm *kvm, long arg)
{
	switch (arg) {
	case KVM_CAP_NR_VCPUS:
		return KVM_MAX_VCPUS;
	case KVM_CAP_WARM_RANGE:
		return 1;
	default:
		return 0;
	}
}

static long kvm_dev_ioctl(struct file *filp, unsigned int ioctl, unsigned long arg)
{
	switch (ioctl) {
	case KVM_GET_API_VERSION:
		return KVM_API_VERSION;
	case KVM_CHECK_EXTENSION:
		return kvm_vm_ioctl_check_extension_generic(NULL, arg);
	default:
		return -EINVAL;
	}
}
