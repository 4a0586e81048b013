# SPDX-License-Identifier: GPL-2.0-only
"""Builds of a fake tree: a Makefile that behaves as kbuild does where we touch it, real make and real gcc."""

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from kpatch_tools.errors import EnvironmentFault, ToolFailed
from kpatch_tools.flow import selftest_library
from kpatch_tools.flow.build import build_kernel, check_build
from kpatch_tools.flow.selftest import build_selftest
from kpatch_tools.model.event import Event, silent
from kpatch_tools.model.finding import Severity
from kpatch_tools.model.report import Status
from kpatch_tools.model.sandbox import Limits, Sandbox
from kpatch_tools.tools import files, kbuild

pytestmark = pytest.mark.skipif(
    not all(shutil.which(name) for name in ("make", "gcc", "ld", "git")), reason="needs make, gcc, ld and git"
)

MAKEFILE = b"""\
.PHONY: allnoconfig bzImage headers
allnoconfig:
\t@echo configured >> $(O)/calls
\t@grep -vxFf $(CURDIR)/unknown $(KCONFIG_ALLCONFIG) > $(O)/.config
bzImage:
\t@echo built >> $(O)/calls
\t@test "$(KBUILD_BUILD_TIMESTAMP)" = 1970-01-01
\t@echo "  CC      a.o"
\t@$(CC) -Wall -c -o $(O)/a.o $(CURDIR)/a.c
\t@echo "  CC      b.o"
\t@mkdir -p $(O)/arch/x86/boot
\t@cp $(CURDIR)/image $(O)/arch/x86/boot/bzImage
headers:
\t@mkdir -p $(O)/usr/include/linux
\t@cp include/uapi/linux/* $(O)/usr/include/linux/
"""
SELFTESTS = b"""\
$(OUTPUT)/%: %.c lib.c
\t$(CC) -Wall $(KHDR_INCLUDES) $(EXTRA_CFLAGS) -o $@ $< lib.c
"""
GOOD_TEST = "#include <linux/foo.h>\nint helper(void);\nint main(void) { return helper() - FOO; }\n"


@pytest.fixture
def tree(
    git_tree: Callable[..., Path],
    kernel_image: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., Path]:
    """``tree({"a.c": b"..."})``: a fake kernel tree with these files changed."""
    monkeypatch.setattr(kbuild, "PROGRAMS", {"make": "make", "gcc": "gcc"})
    monkeypatch.setattr(kbuild, "HEADERS_PROGRAMS", {"make": "make"})
    image = kernel_image(tmp_path / "image").read_bytes()

    def make(changes: dict[str, bytes] | None = None, name: str = "tree") -> Path:
        content = {
            "Makefile": MAKEFILE,
            "unknown": b"CONFIG_KVM_SMM=y\n",
            "a.c": b"int a;\n",
            "image": image,
            "include/uapi/linux/foo.h": b"#define FOO 1\n",
            "tools/testing/selftests/kvm/Makefile": SELFTESTS,
            "tools/testing/selftests/kvm/lib.c": b"int helper(void);\nint helper(void) { return 1; }\n",
        }
        return git_tree({**content, **(changes or {})}, name)

    return make


def commit_of(path: Path, git: Callable[..., str]) -> str:
    return git(path, "rev-parse", "HEAD")


def calls() -> list[str]:
    return [line for path in files.cache_dir("obj").glob("*/calls") for line in path.read_text().split()]


def test_a_kernel_is_built_and_then_taken_from_the_cache(
    tree: Callable[..., Path], git: Callable[..., str], tmp_path: Path
) -> None:
    path = tree()
    events: list[Event] = []
    commit = commit_of(path, git)
    first = build_kernel(path, commit, sink=events.append, jobs=1, state=tmp_path / "logs")
    assert first.image is not None
    assert first.kernel is not None
    assert (first.release, first.cached, first.findings) == ("6.1.0-test", False, ())
    assert first.left_out == ("CONFIG_KVM_SMM",)
    assert "CONFIG_KVM=y" in first.config.read_text()
    assert "CC      a.o" in first.log.read_text()
    assert any(event.done == 2 for event in events)
    assert calls() == ["configured", "built"]
    check = check_build(first)
    assert check.status is Status.PASS
    assert ("kernel", "6.1.0-test") in check.facts

    second = build_kernel(path, commit, sink=silent, jobs=1, state=tmp_path / "logs")
    assert (second.cached, second.image, second.release) == (True, first.image, first.release)
    assert calls() == ["configured", "built"]
    assert git(path, "status", "--porcelain") == ""


def test_the_same_content_in_another_repository_is_not_built_again(
    tree: Callable[..., Path], git: Callable[..., str]
) -> None:
    one, two = tree(), tree(name="other")
    build_kernel(one, commit_of(one, git), sink=silent)
    assert build_kernel(two, commit_of(two, git), sink=silent).cached


def test_other_content_is_built(tree: Callable[..., Path], git: Callable[..., str]) -> None:
    one, two = tree(), tree({"a.c": b"int b;\n"}, name="other")
    build_kernel(one, commit_of(one, git), sink=silent)
    assert not build_kernel(two, commit_of(two, git), sink=silent).cached


def test_the_number_of_steps_is_known_the_next_time(
    tree: Callable[..., Path], git: Callable[..., str]
) -> None:
    one, two = tree(), tree({"a.c": b"int b;\n"}, name="other")
    events: list[Event] = []
    build_kernel(one, commit_of(one, git), sink=silent)
    build_kernel(two, commit_of(two, git), sink=events.append)
    assert {event.total for event in events if event.done} >= {2}


def test_a_compile_error_is_a_finding_with_its_place(
    tree: Callable[..., Path], git: Callable[..., str], tmp_path: Path
) -> None:
    path = tree({"a.c": b"int a;\nint f(void) { return b; }\n"})
    result = build_kernel(path, commit_of(path, git), sink=silent, state=tmp_path / "logs")
    assert result.image is None
    assert result.kernel is None
    (finding,) = [item for item in result.findings if item.severity is Severity.ERROR]
    assert finding.rule == "gcc/error"
    assert finding.location is not None
    assert (finding.location.path, finding.location.line) == ("a.c", 2)
    assert "undeclared" in finding.message
    assert result.log.parent == tmp_path / "logs"
    assert check_build(result).status is Status.FAIL
    again = build_kernel(path, commit_of(path, git), sink=silent)
    assert not again.cached


def test_a_warning_is_told_again_from_the_cache(tree: Callable[..., Path], git: Callable[..., str]) -> None:
    path = tree({"a.c": b"int f(void);\nint f(void) { int unused; return 0; }\n"})
    for cached in (False, True):
        result = build_kernel(path, commit_of(path, git), sink=silent)
        assert result.cached is cached
        (finding,) = result.findings
        assert finding.rule == "gcc/-Wunused-variable"
        assert finding.location is not None
        assert finding.location.path == "a.c"
        assert check_build(result).status is Status.FAIL


def test_a_wanted_line_that_the_kernel_does_not_take(
    tree: Callable[..., Path], git: Callable[..., str]
) -> None:
    path = tree({"unknown": b"CONFIG_KVM_AMD=y\n"})
    result = build_kernel(path, commit_of(path, git), sink=silent)
    assert result.image is None
    (finding,) = result.findings
    assert finding.rule == "kconfig/unmet"
    assert "CONFIG_KVM_AMD: wanted y, got n" in finding.message


def test_a_failure_without_a_word_of_the_compiler(tree: Callable[..., Path], git: Callable[..., str]) -> None:
    path = tree({"Makefile": MAKEFILE.replace(b"\t@cp $(CURDIR)/image", b"\t@false")})
    result = build_kernel(path, commit_of(path, git), sink=silent)
    (finding,) = result.findings
    assert finding.rule == "build/failed"
    assert "bzImage" in finding.message


def test_a_full_disk_is_no_fault_of_the_series(tree: Callable[..., Path], git: Callable[..., str]) -> None:
    full = MAKEFILE.replace(b"\t@cp $(CURDIR)/image", b"\t@echo 'x.o: No space left on device' >&2; false")
    path = tree({"Makefile": full})
    with pytest.raises(EnvironmentFault, match="No space left"):
        build_kernel(path, commit_of(path, git), sink=silent)


def test_missing_programs_are_named_with_the_packages(
    tree: Callable[..., Path], git: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tree()
    monkeypatch.setattr(kbuild, "PROGRAMS", {"make": "make", "no-flex": "flex", "no-bison": "bison"})
    with pytest.raises(EnvironmentFault, match="no-flex, no-bison are not installed") as caught:
        build_kernel(path, commit_of(path, git), sink=silent)
    assert caught.value.cure == "apt-get install -y bison flex"


def test_a_cache_folder_that_make_cannot_take(
    tree: Callable[..., Path], git: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tree()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "a b"))
    with pytest.raises(EnvironmentFault, match="blanks or colons"):
        build_kernel(path, commit_of(path, git), sink=silent)


def test_the_job_server_of_a_calling_make_is_not_handed_on(
    tree: Callable[..., Path], git: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tree()
    monkeypatch.setenv("MAKEFLAGS", "--jobserver-auth=3,4 -j")
    monkeypatch.setenv("KBUILD_OUTPUT", "/nowhere")
    result = build_kernel(path, commit_of(path, git), sink=silent)
    assert "jobserver" not in result.log.read_text()


def test_selftests_are_built_outside_the_tree_and_kept(
    tree: Callable[..., Path], git: Callable[..., str], tmp_path: Path
) -> None:
    path = tree()
    commit = commit_of(path, git)
    sources = {"x86_64/foo_test.c": GOOD_TEST}
    first = build_selftest(path, commit, sources, sink=silent, state=tmp_path / "logs")
    assert first.findings == ()
    assert not first.cached
    assert first.binaries["x86_64/foo_test.c"].stat().st_mode & 0o111
    again = build_selftest(path, commit, sources, sink=silent)
    assert again.cached
    assert again.binaries == first.binaries
    other = build_selftest(path, commit, {"x86_64/foo_test.c": GOOD_TEST + "\n"}, sink=silent)
    assert not other.cached
    assert other.binaries != first.binaries
    assert git(path, "status", "--porcelain") == ""


def test_a_generated_test_must_compile_without_a_warning(
    tree: Callable[..., Path], git: Callable[..., str]
) -> None:
    path = tree()
    bad = GOOD_TEST.replace("{ return", "{ int x; return")
    result = build_selftest(path, commit_of(path, git), {"x86_64/foo_test.c": bad}, sink=silent)
    assert result.binaries == {}
    (finding,) = result.findings
    assert finding.rule == "gcc/-Wunused-variable"
    assert finding.location is not None
    assert finding.location.path == "x86_64/foo_test.c"
    assert not build_selftest(path, commit_of(path, git), {"x86_64/foo_test.c": bad}, sink=silent).cached


def test_a_warning_in_the_trees_own_library_is_not_ours(
    tree: Callable[..., Path], git: Callable[..., str]
) -> None:
    library = b"int helper(void);\nint helper(void) { int x; return 1; }\n"
    makefile = b"""\
$(OUTPUT)/%: %.c $(OUTPUT)/lib.o
\t$(CC) -Wall $(KHDR_INCLUDES) $(EXTRA_CFLAGS) -o $@ $< $(OUTPUT)/lib.o
$(OUTPUT)/lib.o: lib.c
\t$(CC) -Wall $(EXTRA_CFLAGS) -c -o $@ $<
"""
    folder = "tools/testing/selftests/kvm"
    path = tree({f"{folder}/lib.c": library, f"{folder}/Makefile": makefile})
    result = build_selftest(path, commit_of(path, git), {"x86_64/foo_test.c": GOOD_TEST}, sink=silent)
    assert result.findings == ()
    assert result.binaries


def test_a_library_that_does_not_build_is_the_trees_fault(
    tree: Callable[..., Path], git: Callable[..., str]
) -> None:
    path = tree({"tools/testing/selftests/kvm/lib.c": b"int helper(void) { return nothing; }\n"})
    with pytest.raises(ToolFailed, match="library does not build"):
        build_selftest(path, commit_of(path, git), {"x86_64/foo_test.c": GOOD_TEST}, sink=silent)


def test_a_new_test_needs_no_checkout_once_the_headers_are_there(
    tree: Callable[..., Path], git: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tree()
    commit = commit_of(path, git)
    build_selftest(path, commit, {"x86_64/foo_test.c": GOOD_TEST}, sink=silent)

    def refuse(*_arguments: object) -> Path:
        raise AssertionError("the checkout was taken")

    monkeypatch.setattr(selftest_library.kept, "worktree", refuse)
    again = build_selftest(path, commit, {"x86_64/foo_test.c": GOOD_TEST + "\n"}, sink=silent)
    assert again.binaries
    assert not again.cached


def test_a_library_that_needs_more_of_the_tree_is_built_in_the_checkout(
    tree: Callable[..., Path], git: Callable[..., str]
) -> None:
    folder = "tools/testing/selftests/kvm"
    library = b'int helper(void);\n#include "../../../../far.h"\n'
    path = tree({f"{folder}/lib.c": library, "far.h": b"int helper(void) { return 1; }\n"})
    for text in (GOOD_TEST, GOOD_TEST + "\n"):
        result = build_selftest(path, commit_of(path, git), {"x86_64/foo_test.c": text}, sink=silent)
        assert result.findings == ()
        assert result.binaries


def test_new_headers_reach_the_test(tree: Callable[..., Path], git: Callable[..., str]) -> None:
    sources = {"x86_64/foo_test.c": GOOD_TEST}
    one = tree()
    two = tree({"include/uapi/linux/foo.h": b"#define FOO 2\n"}, name="other")
    first = build_selftest(one, commit_of(one, git), sources, sink=silent)
    second = build_selftest(two, commit_of(two, git), sources, sink=silent)
    assert (
        first.binaries["x86_64/foo_test.c"].read_bytes() != second.binaries["x86_64/foo_test.c"].read_bytes()
    )


def limited(**limits: int) -> Callable[..., Sandbox]:
    """Sandboxes of small limits."""
    return partial(Sandbox, limits=Limits(**limits))


@pytest.mark.skipif(shutil.which("bwrap") is None, reason="needs bubblewrap")
@pytest.mark.parametrize(
    ("line", "limits", "words"),
    [
        ("n=0; while :; do n=$$((n+1)); dd if=/dev/zero of=$(O)/f$$n bs=1M count=9; done", {"disk": 64 << 20},
         "more than 64 MiB on the disk"),
        ("perl -e 'while (1) { push @x, q(x) x (1 << 24); }'", {"memory": 300 << 20},
         "more than 300 MiB of memory"),
        ("for n in `seq 400`; do sleep 9 & done; wait", {"processes": 40}, "more than 40 processes"),
        ("dd if=/dev/zero of=$(O)/large bs=1M count=99", {"file": 1 << 20}, "a file of more than"),
        ("yes", {}, "MiB of output"),
    ],
    ids=["disk", "memory", "processes", "file", "output"],
)  # fmt: skip
def test_a_build_that_uses_up_the_machine_is_ended_and_named(  # noqa: PLR0917 - fixtures and a case
    tree, git, line: str, limits: dict[str, int], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kbuild, "Sandbox", limited(**limits))
    monkeypatch.setattr(kbuild, "_LARGEST_LOG", 1 << 20)
    makefile = MAKEFILE.replace(b'\t@echo "  CC      b.o"\n', f"\t@{line}\n".encode())
    path = tree({"Makefile": makefile})
    built = build_kernel(path, commit_of(path, git), sink=silent)
    (finding,) = built.findings
    assert (finding.rule, finding.severity) == ("sandbox/limit", Severity.ERROR)
    assert words in finding.message
    assert built.image is None
    assert not list(files.cache_dir("obj").glob("*/f*"))
    assert check_build(built).status is Status.FAIL


@pytest.mark.skipif(shutil.which("bwrap") is None, reason="needs bubblewrap")
def test_links_that_a_build_leaves_lead_nowhere(tree, git, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("key\n")
    makefile = MAKEFILE.replace(
        b"\t@cp $(CURDIR)/image $(O)/arch/x86/boot/bzImage",
        f"\t@ln -sf {secret} $(O)/arch/x86/boot/bzImage; ln -sf {secret} $(O)/.config".encode(),
    )
    path = tree({"Makefile": makefile})
    built = build_kernel(path, commit_of(path, git), sink=silent)
    assert built.image is None
    tree({"a.c": b"int other;\n"}, "second")
    again = build_kernel(tmp_path / "second", commit_of(tmp_path / "second", git), sink=silent)
    assert again.image is not None
    assert secret.read_text() == "key\n"
