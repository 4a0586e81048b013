# SPDX-License-Identifier: GPL-2.0-only
"""A small kernel tree whose checkpatch.pl is ours: it complains about every line that holds FAULT."""

SCRIPT = rb"""#!/usr/bin/perl
use strict; use warnings;
die "not at the top\n" if !-e "MAINTAINERS";
my $bad = 0;
foreach my $name (grep { m@/@ } @ARGV) {
	open(my $in, '<', $name) or die "$name: $!";
	my $diff = 0;
	while (my $line = <$in>) {
		$diff = 1 if $line =~ /^diff --git/;
		if ($line =~ /FAULT/) { print "$name:$.: ERROR:FAULT: the word stands here\n"; $bad = 1; }
		if ($line =~ /(SoMe\w+)/) { print "$name:$.: CHECK:CAMELCASE: Avoid CamelCase: <$1>\n"; $bad = 1; }
		if ($line =~ /^new file/) {
			print "$name:$.: WARNING:FILE_PATH_CHANGES: does MAINTAINERS need updating?\n"; $bad = 1;
		}
		if ($line =~ /DIE/) { die "words on stderr\n"; }
	}
}
exit $bad;
"""
FILES = {
    "scripts/checkpatch.pl": SCRIPT,
    "MAINTAINERS": b"List\n\nKVM\nF:\tvirt/kvm/\n\nTHE REST\nF:\t*\nF:\t*/\n",
    "include/linux/x.h": b"int SoMeKnown;\n",
    "virt/kvm/a.c": b"one\nFAULT of old\nthree\n",
    "virt/kvm/b.c": b"1\n2\n3\n",
    "Makefile": b"VERSION = 6\nPATCHLEVEL = 1\n",
}
