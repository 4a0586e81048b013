#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
#
# Runs in a guest of another architecture: shows that KVM works there, with its second stage, and what
# it answers to an ioctl that this architecture does not have. Perl because Debian carries it for every
# architecture, and because its syscall() reaches any ioctl without a compiler for the guest.
#
# Arguments: NAME ARCH CAPABILITY REQUEST ERRNO STRUCT_SIZE ADDRESS_AT SIZE_AT, numbers in decimal. NAME
# begins the name of each test. What is printed is KTAP; the exit code is 0, 1 or 4 as kselftest.h has it.

# Perl's own code for a script that died is an errno, and 2 would be an expected failure.
END { $? = 1 if $? && $? != 4 }

use strict;
use warnings;
no warnings 'portable';	# 64-bit numbers: both architectures have them

# The numbers of arm64 and riscv64 (include/uapi/asm-generic/unistd.h).
use constant { SYS_IOCTL => 29, SYS_MMAP => 222 };
use constant { PROT_READ_WRITE => 3, MAP_SHARED => 1, MAP_PRIVATE_ANONYMOUS => 0x22 };

# include/uapi/linux/kvm.h
use constant {
	KVM_GET_API_VERSION => 0xae00,
	KVM_CREATE_VM => 0xae01,
	KVM_CHECK_EXTENSION => 0xae03,
	KVM_GET_VCPU_MMAP_SIZE => 0xae04,
	KVM_CREATE_VCPU => 0xae41,
	KVM_SET_USER_MEMORY_REGION => 0x4020ae46,
	KVM_RUN => 0xae80,
	KVM_SET_ONE_REG => 0x4010aeac,
	KVM_ARM_VCPU_INIT => 0x4020aeae,
	KVM_ARM_PREFERRED_TARGET => 0x8020aeaf,
	KVM_EXIT_MMIO => 6,
};
# What every one of these kernels has, as text like the arguments: KVM_CAP_USER_MEMORY, KVM_GET_MP_STATE.
use constant { KNOWN_CAPABILITY => '3', KNOWN_REQUEST => '2147790488' };
# No architecture and no release uses this number of KVM's ("_IO(KVMIO, 0xff)").
use constant KVM_UNKNOWN => 0xaeff;

# Guest physical addresses: one page of memory, and one that no memslot covers.
use constant { PAGE => 4096, MEMORY => 0x10000, OUTSIDE => 0x20000, STORED_AT => 0x800, VALUE => 0x6b766574 };

# The guest's guest stores a word into its memory, then one outside of it. Registers as in struct kvm_regs
# (arm64: core register number in units of 32 bits) and struct kvm_riscv_core; both as 64-bit registers.
my %machine = (
	arm64 => {
		code => [0xb9000040, 0xb9000020],	# str w0, [x2]; str w0, [x1]
		register => { map({ ("x$_", 0x6030000000100000 + 2 * $_) } 0 .. 2), pc => 0x6030000000100040 },
		value => 'x0', outside => 'x1', inside => 'x2',
		bits => 165,				# KVM_CAP_ARM_VM_IPA_SIZE
	},
	riscv64 => {
		code => [0x00a62023, 0x00a5a023],	# sw a0, 0(a2); sw a0, 0(a1)
		register => { map({ ("a$_", 0x8030000002000000 + 10 + $_) } 0 .. 2), pc => 0x8030000002000000 },
		value => 'a0', outside => 'a1', inside => 'a2',
		bits => 207,				# KVM_CAP_VM_GPA_BITS
	},
);

my ($prefix, $arch, $capability, $request, $expected, $struct_size, $address_at, $size_at) = @ARGV;
die "probe: eight arguments are needed\n" unless @ARGV == 8;
# syscall() hands over a pointer for what is text, and a number only for what has been one.
sub number { return $_[0] =~ /^[0-9]+$/ ? $_[0] + 0 : die "probe: $_[0] is no number\n" }
$_ = number($_) for $capability, $request, $struct_size, $address_at, $size_at;
my $self = $machine{$arch} or die "probe: no architecture $arch\n";

$| = 1;
my ($number, $failed, $skipped) = (0, 0, 0);

# Names without POSIX.pm or Errno.pm, which the guest does not have; generic numbers (errno-base.h, errno.h).
my %errno = (
	1 => 'EPERM', 2 => 'ENOENT', 4 => 'EINTR', 5 => 'EIO', 6 => 'ENXIO', 7 => 'E2BIG', 8 => 'ENOEXEC',
	9 => 'EBADF', 11 => 'EAGAIN', 12 => 'ENOMEM', 13 => 'EACCES', 14 => 'EFAULT', 16 => 'EBUSY', 17 => 'EEXIST',
	19 => 'ENODEV', 22 => 'EINVAL', 25 => 'ENOTTY', 28 => 'ENOSPC', 38 => 'ENOSYS', 95 => 'EOPNOTSUPP',
);

sub call
{
	my ($descriptor, $what) = @_;
	# Not a copy of the argument: the kernel may write into it.
	my $result = syscall(SYS_IOCTL, $descriptor, $what, $_[2]);
	return ($result, $result == -1 ? $errno{$! + 0} // 'E' . ($! + 0) : 'none');
}

sub observed
{
	my ($name, %values) = @_;
	print "# observed $prefix.$name", map({ " $_=$values{$_}" } sort keys %values), "\n";
}

sub result
{
	my ($name, $wrong, $skip) = @_;
	$number++;
	$failed++ if $wrong;
	$skipped++ if $skip;
	print $wrong ? 'not ok' : 'ok', " $number $prefix.$name",
		$wrong ? " # $wrong" : $skip ? " # SKIP $skip" : '', "\n";
}

sub must
{
	my ($name, $result, $errno) = @_;
	die "$name: $errno\n" if $result == -1;
	return $result;
}

sub map_memory
{
	my ($size, $flags, $descriptor) = @_;
	my $address = syscall(SYS_MMAP, 0, $size, PROT_READ_WRITE, $flags, $descriptor, 0);
	die 'mmap: E' . ($! + 0) . "\n" if $address == -1;
	return $address;
}

# Bytes of our own memory: "P" is a pointer to so many of them.
sub peek
{
	my ($address, $count) = @_;
	return unpack("P$count", pack('J', $address));
}

# A pipe writes bytes to an address: read(2) on the other end takes a number for its buffer.
sub poke
{
	my ($address, $bytes) = @_;
	pipe(my $reader, my $writer) or die "pipe: $!\n";
	syswrite($writer, $bytes);
	my $read = syscall(63, fileno($reader), $address, length($bytes));	# __NR_read
	die "read: $read\n" unless $read == length($bytes);
}

sub set_register
{
	my ($vcpu, $name, $value) = @_;
	my $box = pack('J', $value);
	my $address = unpack('J', pack('P', $box));
	must("KVM_SET_ONE_REG $name", call($vcpu, KVM_SET_ONE_REG, pack('JJ', $self->{register}{$name}, $address)));
}

# A VM with one page of memory and a vCPU at its start; dies with the call that was refused.
sub machine
{
	my ($kvm) = @_;
	my $version = must('KVM_GET_API_VERSION', call($kvm, KVM_GET_API_VERSION, 0));
	die "KVM_GET_API_VERSION: $version\n" unless $version == 12;
	my $vm = must('KVM_CREATE_VM', call($kvm, KVM_CREATE_VM, 0));
	my $host = map_memory(PAGE, MAP_PRIVATE_ANONYMOUS, -1);
	poke($host, pack('L*', @{ $self->{code} }));
	my $region = pack('LLJJJ', 0, 0, MEMORY, PAGE, $host);
	must('KVM_SET_USER_MEMORY_REGION', call($vm, KVM_SET_USER_MEMORY_REGION, $region));
	my $vcpu = must('KVM_CREATE_VCPU', call($vm, KVM_CREATE_VCPU, 0));
	my $size = must('KVM_GET_VCPU_MMAP_SIZE', call($kvm, KVM_GET_VCPU_MMAP_SIZE, 0));
	my $run = map_memory($size, MAP_SHARED, $vcpu);
	if ($arch eq 'arm64') {
		my $target = "\0" x 32;
		must('KVM_ARM_PREFERRED_TARGET', call($vm, KVM_ARM_PREFERRED_TARGET, $target));
		must('KVM_ARM_VCPU_INIT', call($vcpu, KVM_ARM_VCPU_INIT, $target));
	}
	set_register($vcpu, 'pc', MEMORY);
	set_register($vcpu, $self->{value}, VALUE);
	set_register($vcpu, $self->{inside}, MEMORY + STORED_AT);
	set_register($vcpu, $self->{outside}, OUTSIDE);
	return ($vm, $vcpu, $host, $run);
}

# Its guest fetches and stores through the second stage, and leaves at the address that has no memory.
sub second_stage
{
	my ($kvm, $vcpu, $host, $run) = @_;
	must('KVM_RUN', call($vcpu, KVM_RUN, 0));
	# struct kvm_run: exit_reason at 8, then for KVM_EXIT_MMIO phys_addr, data, len and is_write from 32.
	my $exit = unpack('L', peek($run + 8, 4));
	my ($address, $data) = unpack('JL', peek($run + 32, 12));
	my $stored = unpack('L', peek($host + STORED_AT, 4));
	my ($bits) = call($kvm, KVM_CHECK_EXTENSION, $self->{bits});
	observed('second_stage', exit => $exit, address => $address, data => $data, stored => $stored, bits => $bits);
	die "KVM_RUN left with exit reason $exit, not for the address without memory\n" if $exit != KVM_EXIT_MMIO;
	die "KVM_RUN left for the address $address\n" if $address != OUTSIDE || $data != VALUE;
	die "the store of the guest did not reach its memory\n" if $stored != VALUE;
}

print "TAP version 13\n1..4\n";
my ($file, $kvm, $vm, $vcpu, $host, $run);
my $refused = '';
if (open($file, '+<', '/dev/kvm')) {
	$kvm = fileno($file);
	eval {
		($vm, $vcpu, $host, $run) = machine($kvm);
		second_stage($kvm, $vcpu, $host, $run);
		1;
	} or $refused = $@;
	chomp($refused);
} else {
	$refused = "/dev/kvm: $!";
}
if ($refused) {
	result($_, '', $refused) for qw(second_stage capability request unknown_request);
	exit 4;
}
result('second_stage');

my ($system) = call($kvm, KVM_CHECK_EXTENSION, $capability);
my ($of_vm) = call($vm, KVM_CHECK_EXTENSION, $capability);
my ($known) = call($kvm, KVM_CHECK_EXTENSION, number(KNOWN_CAPABILITY));
observed('capability', system => $system, vm => $of_vm, known => $known);
my $wrong = '';
if ($known != 1) {
	$wrong = "a capability that every KVM has is $known";
} elsif ($system || $of_vm) {
	$wrong = "KVM_CHECK_EXTENSION($capability) is $system on /dev/kvm and $of_vm on the VM, it has to be 0";
}
result('capability', $wrong);

# Arguments that every implementation takes: one page that has memory, no flags.
my $argument = "\0" x $struct_size;
substr($argument, $address_at, 8) = pack('J', MEMORY);
substr($argument, $size_at, 8) = pack('J', PAGE);
my $before = $argument;
my ($ret, $errno) = call($vcpu, $request, $argument);
my $written = $argument eq $before ? 0 : 1;
my $state = $before;
my ($known_ret) = call($vcpu, number(KNOWN_REQUEST), $state);
observed('request', ret => $ret, errno => $errno, written => $written, known => $known_ret);
$wrong = '';
if ($known_ret || $state eq $before) {
	$wrong = "an ioctl that every vCPU has gives $known_ret";
} elsif ($ret != -1 || $errno ne $expected || $written) {
	$wrong = "ret $ret errno $errno" . ($written ? ' and the struct was written' : '')
		. ", it has to be -1 $expected";
}
result('request', $wrong);

# The same answer as to a number that nobody has: it is refused as unknown and not for its arguments.
my ($other, $other_errno) = call($vcpu, KVM_UNKNOWN, $argument);
observed('unknown_request', ret => $other, errno => $other_errno);
result('unknown_request', $other == -1 && $other_errno eq $errno ? ''
	: "an unknown number gives $other $other_errno, this one $ret $errno");
exit($failed ? 1 : 0);
