// SPDX-License-Identifier: GPL-2.0-only
#define KVM_X86_INSIDE 3

long kvm_arch_vcpu_ioctl(struct file *filp, unsigned int ioctl, unsigned long arg)
{
	switch (ioctl) {
	case KVM_GET_SPEED:
	case KVM_SET_SPEED: /* KVM_SET_NOTHING */
		return 0;
	}
	return -EINVAL;
}

static long
kvm_arch_vm_ioctl(struct file *filp, unsigned int ioctl,
		  unsigned long arg)
{
	if (ioctl == KVM_SET_PAIR)
		return 0;
	return -EINVAL;
}

int kvm_vm_ioctl_check_extension(struct kvm *kvm, long ext)
{
	switch (ext) {
	case KVM_CAP_SPEED:
		return 1;
	}
	return 0;
}
