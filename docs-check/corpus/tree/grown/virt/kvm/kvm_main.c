// SPDX-License-Identifier: GPL-2.0-only
static long kvm_device_ioctl(struct file *filp, unsigned int ioctl, unsigned long arg)
{
	switch (ioctl) {
	case KVM_SET_DEVICE_ATTR:
	case KVM_GET_DEVICE_ATTR:
		return 0;
	}
	return -ENOTTY;
}

static long kvm_vm_ioctl(struct file *filp, unsigned int ioctl, unsigned long arg)
{
	switch (ioctl) {
	case KVM_REGISTER_SHARED_ZONE:
	case KVM_UNREGISTER_SHARED_ZONE:
	case KVM_DRAIN_ZONE:
	case KVM_COUNT_ZONES:
		return 0;
	}
	return kvm_arch_vm_ioctl(filp, ioctl, arg);
}

static long kvm_dev_ioctl(struct file *filp, unsigned int ioctl, unsigned long arg)
{
	switch (ioctl) {
	case KVM_CREATE_VM:
	case KVM_CHECK_EXTENSION:
		return 0;
	}
	return -EINVAL;
}

static int kvm_vm_ioctl_check_extension_generic(struct kvm *kvm, long arg)
{
	switch (arg) {
	case KVM_CAP_SHARED_ZONE:
	case KVM_CAP_DRAIN_ZONE:
		return 1;
	}
	return kvm_vm_ioctl_check_extension(kvm, arg);
}

static int kvm_vm_ioctl_enable_cap_generic(struct kvm *kvm, struct kvm_enable_cap *cap)
{
	switch (cap->cap) {
	case KVM_CAP_SHARED_ZONE:
		return 0;
	}
	return kvm_vm_ioctl_enable_cap(kvm, cap);
}
