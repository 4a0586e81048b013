# SPDX-License-Identifier: GPL-2.0-only
"""Warnings of a fake tree between two commits: real make and gcc, and a sparse of our own."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from kpatch_tools.flow import warnings
from kpatch_tools.flow.build import BuildResult
from kpatch_tools.flow.warnings import NO_SPARSE, build_series
from kpatch_tools.model.event import silent
from kpatch_tools.model.finding import Severity
from kpatch_tools.model.report import CheckResult, Status
from kpatch_tools.tools import kbuild, kcheck, sandbox

pytestmark = pytest.mark.skipif(
    not all(shutil.which(name) for name in ("make", "gcc", "ld", "git")), reason="needs make, gcc, ld and git"
)

# The objects go by the names that KVM's Makefile uses.
MAKEFILE = b"""\
MAKEFLAGS += -rR
.PHONY: allnoconfig bzImage FORCE
OBJECTS := sub/a.o sub/../lib/b.o
EXTRA := $(if $(W),-Wextra,-Wno-unused-const-variable)
allnoconfig:
\t@cp $(KCONFIG_ALLCONFIG) $(O)/.config
\t@sed -i '/CONFIG_KVM_SMM/d' $(O)/.config
bzImage: $(OBJECTS)
\t@mkdir -p $(O)/arch/x86/boot
\t@cp $(CURDIR)/image $(O)/arch/x86/boot/bzImage
%.o: FORCE
\t@mkdir -p $(O)/sub $(O)/lib
\t@test -f $(O)/$@ -a -n "$(C)" || $(CC) -Wall -I$(CURDIR) $(EXTRA) -c -o $(O)/$@ $(CURDIR)/$*.c
\t@echo 'cmd_$@ := gcc' > $(O)/$(dir $@).$(notdir $@).cmd
\t@test -z "$(C)" || $(CHECK) $(CURDIR)/$*.c
FORCE:
"""
SPARSE = """\
#!/bin/sh
[ "$1" = --version ] && echo 0.0.test && exit
grep -n BAD_CONTEXT "$1" | while IFS=: read -r line rest; do
    echo "$1:$line:9: warning: context imbalance in 'f' - wrong count at exit" >&2
done
"""
A = b'#include "lib/x.h"\nstatic int old(void) { int old_one; return 0; }\nint a(void) { return old(); }\n'
B = b"int b;\n"


@pytest.fixture
def series(
    git_tree: Callable[..., Path],
    git: Callable[..., str],
    kernel_image: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., tuple[CheckResult, ...]]:
    """``series({"sub/a.c": b"..."}, ...)``: a tree with these patches, one commit each, is built."""
    monkeypatch.setattr(kbuild, "PROGRAMS", {"make": "make", "gcc": "gcc"})
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "sparse").write_text(SPARSE)
    (tools / "sparse").chmod(0o755)
    monkeypatch.setenv("PATH", str(tools), prepend=":")
    # The temporary folder is not shown to strangers' code; this sparse lies there.
    monkeypatch.setattr(sandbox, "NO_TOOLS", ())
    image = kernel_image(tmp_path / "image").read_bytes()
    start = {"Makefile": MAKEFILE, "image": image, "sub/a.c": A, "lib/b.c": B, "lib/x.h": b"", "doc": b""}

    def run(*patches: dict[str, bytes]) -> tuple[CheckResult, ...]:
        tree = tmp_path / "tree"
        if not tree.exists():
            git_tree(start)
        base = git(tree, "rev-parse", "HEAD")
        for change in patches:
            for path, content in change.items():
                (tree / path).parent.mkdir(exist_ok=True)
                (tree / path).write_bytes(content)
            git(tree, "add", "--all")
            git(tree, "commit", "--quiet", "--message=change")
        commits = git(tree, "rev-list", "--reverse", f"{base}..HEAD").split()
        return build_series(tree, base, commits, sink=silent, logs=tmp_path / "logs", jobs=2)[1]

    return run


def told(check: CheckResult) -> list[tuple[str, str, int, Severity]]:
    return [
        (one.rule, f"{one.location.path}:{one.location.line}", one.location.patch, one.severity)
        for one in check.findings
    ]


def test_a_clean_series_counts_what_was_there(series: Callable[..., tuple[CheckResult, ...]]) -> None:
    build, check = series({"sub/a.c": b"\n\n" + A + b"int more;\n"})
    assert (check.status, check.findings) == (Status.PASS, ())
    assert check.debts == (("warnings of the compiler", 1),)
    assert ("sparse", "0.0.test") in check.facts
    # The plain build complains of the old one too, and the series is not blamed for it.
    assert (build.status, build.findings) == (Status.PASS, ())


def test_each_new_one_has_its_file_line_and_patch(series: Callable[..., tuple[CheckResult, ...]]) -> None:
    one = A + b"static int fresh(void) { int fresh_one; return 0; }\nint a2(void) { return fresh(); }\n"
    two = one + b"static const int spare = 1;\nint s(int v) { return 0; } /* BAD_CONTEXT */\n"
    build, check = series({"doc": b"x"}, {"sub/a.c": one}, {"sub/a.c": two})
    assert sorted(told(check)) == [
        ("gcc/-Wunused-const-variable=", "sub/a.c:6", 3, Severity.NOTE),
        ("gcc/-Wunused-parameter", "sub/a.c:7", 3, Severity.NOTE),
        ("gcc/-Wunused-variable", "sub/a.c:4", 2, Severity.WARNING),
        ("sparse/warning", "sub/a.c:7", 3, Severity.WARNING),
    ]
    assert check.status is Status.FAIL
    assert build.status is Status.PASS


def test_notes_alone_pass(series: Callable[..., tuple[CheckResult, ...]]) -> None:
    _build, check = series({"lib/b.c": B + b"static const int spare = 1;\n"})
    assert told(check) == [("gcc/-Wunused-const-variable=", "lib/b.c:2", 1, Severity.NOTE)]
    assert check.status is Status.PASS


def test_a_touched_header_is_seen_through_a_file_that_includes_it(
    series: Callable[..., tuple[CheckResult, ...]],
) -> None:
    build, check = series({"lib/x.h": b"static int in_header(void) { return 1; }\n"})
    assert told(check) == [("gcc/-Wunused-function", "lib/x.h:1", 1, Severity.WARNING)]
    # Told once, and not by the build too.
    assert build.findings == ()


def test_a_function_that_lost_its_caller(series: Callable[..., tuple[CheckResult, ...]]) -> None:
    _build, check = series({"doc": b"x"}, {"sub/a.c": A.replace(b"old()", b"1")})
    assert told(check) == [("gcc/-Wunused-function", "sub/a.c:2", 2, Severity.WARNING)]
    assert "the line is older" in check.findings[0].hint


def test_a_new_file_is_all_new(series: Callable[..., tuple[CheckResult, ...]]) -> None:
    makefile = MAKEFILE.replace(b"sub/a.o ", b"sub/a.o sub/c.o ")
    _build, check = series({"Makefile": makefile, "sub/c.c": b"static int c(void) { return 1; }\n"})
    assert told(check) == [("gcc/-Wunused-function", "sub/c.c:1", 1, Severity.WARNING)]


def test_what_is_not_compiled_is_named(series: Callable[..., tuple[CheckResult, ...]]) -> None:
    _build, check = series({"other.c": b"static int c(void) { return 1; }\n", "lib/b.c": B + b"int c;\n"})
    assert check.status is Status.PASS
    assert ("not in this kernel", "other.c") in check.facts


def test_a_series_without_code_is_left_out(series: Callable[..., tuple[CheckResult, ...]]) -> None:
    build, check = series({"Documentation/doc": b"words"})
    assert (check.status, check.reason) == (
        Status.SKIP,
        "the series changes nothing that a kernel is made of",
    )
    assert check.debts == (("warnings of the build", 1),)
    assert (build.status, build.findings) == (Status.PASS, ())


def test_a_series_that_touches_no_c_file(series: Callable[..., tuple[CheckResult, ...]]) -> None:
    _build, check = series({"sub/a.c": b'#include "lib/x.h"\nint a;\n'}, {"image.txt": b"x"})
    assert check.status is Status.PASS
    _build, check = series({"Kconfig": b"words"})
    assert (check.status, check.reason) == (Status.SKIP, "the series touches no C file of this kernel")


def test_without_sparse_the_report_says_so(
    series: Callable[..., tuple[CheckResult, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kcheck, "sparse_version", lambda: "")
    _build, check = series({"lib/b.c": B + b"int c; /* BAD_CONTEXT */\n"})
    assert check.status is Status.PASS
    assert ("sparse", NO_SPARSE) in check.facts
    assert check.debts == (("warnings of the compiler", 1),)


def test_the_second_time_nothing_is_compiled(
    series: Callable[..., tuple[CheckResult, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = series({"lib/b.c": B + b"static const int spare = 1;\n"})

    def never(*_args: object, **_more: object) -> None:
        raise AssertionError("make was called again")

    monkeypatch.setattr(warnings, "_compile", never)
    tree = Path(first[1].logs[0]).parents[1] / "tree"
    base, head = (line.split()[1] for line in (tree / ".git/logs/HEAD").read_text().splitlines())
    _built, checks = build_series(tree, base, [head], sink=silent, logs=tree.parent / "again")
    assert checks[1].findings == first[1].findings


def test_a_make_that_makes_nothing_proves_nothing(series: Callable[..., tuple[CheckResult, ...]]) -> None:
    broken = MAKEFILE.replace(b"%.o: FORCE\n", b"%.o: FORCE\n\t@test -z '$(W)'\n")
    _build, check = series({"Makefile": broken, "lib/b.c": B + b"int c;\n"})
    assert check.status is Status.DID_NOT_RUN
    assert "Error 1" in check.reason


def test_a_kernel_that_does_not_build(series: Callable[..., tuple[CheckResult, ...]]) -> None:
    build, check = series({"lib/b.c": b"int b = none;\n"})
    assert build.status is Status.FAIL
    # The compiler's error with the patch that wrote the line.
    assert ("gcc/error", "lib/b.c:1", 1, Severity.ERROR) in told(build)
    assert (check.status, check.reason) == (Status.DID_NOT_RUN, "the kernel does not build")


def test_a_kernel_without_a_list_of_its_objects_proves_nothing(
    series: Callable[..., tuple[CheckResult, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BuildResult, "objects", None)
    _build, check = series({"lib/b.c": B + b"int c;\n"})
    assert check.status is Status.DID_NOT_RUN
    assert "no list of its objects" in check.reason
