// SPDX-License-Identifier: GPL-2.0-only
long kvm_arch_vcpu_async_ioctl(struct file *filp, unsigned int ioctl, unsigned long arg)
{
	if (ioctl == KVM_S390_PULSE)
		return 0;
	return -ENOIOCTLCMD;
}

int kvm_vm_ioctl_check_extension(struct kvm *kvm, long ext)
{
	switch (ext) {
	case KVM_CAP_PAIR_OF_WORDS:
		return 1;
	}
	return 0;
}
