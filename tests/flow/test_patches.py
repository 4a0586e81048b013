# SPDX-License-Identifier: GPL-2.0-only
from collections.abc import Callable
from pathlib import Path

import pytest

from kpatch_tools.flow import patches
from kpatch_tools.flow.patches import check_series
from kpatch_tools.flow.series import load_series
from kpatch_tools.flow.tree import find_tree
from kpatch_tools.model.report import Status
from tests.faketree import FILES, SCRIPT
from tests.posted import SIGNED

Git = Callable[..., str]
Tree = Callable[..., Path]
MESSAGE = f"KVM: Do it\n\nBecause.\n\n{SIGNED}\n"


@pytest.fixture
def post(git: Git, git_tree: Tree, tmp_path: Path) -> Callable[..., tuple[Path, Path]]:
    """``post({path: content}, ..., message=)``: the tree, and one patch mail a dict for it in a folder."""

    def make(
        *steps: dict[str, bytes], message: str = MESSAGE, files: dict[str, bytes] = FILES
    ) -> tuple[Path, Path]:
        tree = git_tree(files)
        for step in steps:
            for path, content in step.items():
                (tree / path).parent.mkdir(parents=True, exist_ok=True)
                (tree / path).write_bytes(content)
            git(tree, "add", "--force", "--all")
            git(tree, "commit", "--quiet", "--file=-", stdin=message.encode())
        count = len(steps)
        git(
            tree,
            "format-patch",
            "--quiet",
            "-n",
            "--base=HEAD~" + str(count),
            "-o",
            str(tmp_path / "mails"),
            f"-{count}",
        )
        git(tree, "reset", "--quiet", "--hard", f"HEAD~{count}")
        return tree, tmp_path / "mails"

    return make


def rules(tree: Path, mails: Path) -> list[str]:
    report = check_series(load_series(str(mails)), tree=tree)
    return [one.rule for one in report.findings]


def test_clean(post: Callable[..., tuple[Path, Path]]) -> None:
    tree, mails = post({"virt/kvm/b.c": b"1\n2\n3\n4\n"})
    (result,) = check_series(load_series(str(mails)), tree=tree).checks
    assert (result.status, result.findings, result.reason) == (Status.PASS, (), "")
    assert dict(result.facts)["rules"] == "KVM's written rules (kvm-x86)"


def test_place_is_that_of_the_patched_file(post: Callable[..., tuple[Path, Path]]) -> None:
    tree, mails = post({"virt/kvm/b.c": b"1\n2\n3\n4\n"}, {"virt/kvm/b.c": b"1\n2\n3\n4\n5\nFAULT\n"})
    (one,) = check_series(load_series(str(mails)), tree=tree).findings
    assert one.rule == "checkpatch/FAULT"
    assert str(one.location) == "virt/kvm/b.c:6"
    assert one.location is not None
    assert one.location.patch == 2
    assert one.detail == "+FAULT"


def test_what_was_there_is_no_finding(post: Callable[..., tuple[Path, Path]]) -> None:
    tree, mails = post({"virt/kvm/a.c": b"one\nFAULT of old\n3\n"})
    assert rules(tree, mails) == []


def test_fault_in_a_message_is_one_of_the_patch(post: Callable[..., tuple[Path, Path]]) -> None:
    tree, mails = post({"virt/kvm/b.c": b"4\n"}, message=MESSAGE.replace("Because", "FAULT of mine"))
    (one,) = check_series(load_series(str(mails)), tree=tree).findings
    assert str(one.location) == "patch 1"


def test_camelcase_of_the_headers_is_known(post: Callable[..., tuple[Path, Path]]) -> None:
    tree, mails = post({"virt/kvm/b.c": b"SoMeKnown\nSoMeOther\n"})
    (one,) = check_series(load_series(str(mails)), tree=tree).findings
    assert "SoMeOther" in one.message


def test_maintainers_is_asked_for_only_where_nothing_covers(post: Callable[..., tuple[Path, Path]]) -> None:
    tree, mails = post({"virt/kvm/new.c": b"1\n"})
    assert rules(tree, mails) == []


def test_maintainers_is_asked_for(post: Callable[..., tuple[Path, Path]]) -> None:
    tree, mails = post({"lib/new.c": b"1\n"}, message=MESSAGE.replace("KVM: ", "lib: "))
    assert rules(tree, mails) == ["checkpatch/FILE_PATH_CHANGES"]


def test_the_checkpatch_of_the_series_is_never_run(post: Callable[..., tuple[Path, Path]]) -> None:
    tree, mails = post({"scripts/checkpatch.pl": b"exit 0;\n" + SCRIPT, "virt/kvm/b.c": b"FAULT\n"})
    (result,) = check_series(load_series(str(mails)), tree=tree).checks
    assert "checkpatch/FAULT" in [one.rule for one in result.findings]
    assert ("checkpatch", "the one that patch 1/1 brings is not run") in result.facts


def test_tree_without_checkpatch_is_no_pass(post: Callable[..., tuple[Path, Path]]) -> None:
    files = {path: data for path, data in FILES.items() if "checkpatch" not in path}
    tree, mails = post({"virt/kvm/b.c": b"4\n"}, files=files)
    (result,) = check_series(load_series(str(mails)), tree=tree).checks
    assert result.status is Status.DID_NOT_RUN
    assert "has no scripts/checkpatch.pl" in result.reason


def test_series_that_does_not_apply_is_checked_as_far_as_it_goes(
    post: Callable[..., tuple[Path, Path]], git: Git
) -> None:
    tree, mails = post({"virt/kvm/b.c": b"1\nFAULT\n3\n"})
    (tree / "virt/kvm/b.c").write_bytes(b"other\n")
    git(tree, "commit", "--quiet", "-am", "other")
    (result,) = check_series(load_series(str(mails)), tree=tree).checks
    assert result.status is Status.FAIL
    assert [one.rule for one in result.findings] == ["checkpatch/FAULT"]
    assert "does not apply" in result.reason


def test_half_of_a_series_is_no_pass(post: Callable[..., tuple[Path, Path]]) -> None:
    message = MESSAGE.replace("KVM: ", "lib: ")
    tree, mails = post(
        {"lib/a.c": b"4\n"},
        {"lib/b.c": b"5\n"},
        message=message,
        files={**FILES, "lib/a.c": b"1\n", "lib/b.c": b"1\n"},
    )
    next(iter(sorted(mails.iterdir()))).unlink()
    (result,) = check_series(load_series(str(mails)), tree=tree).checks
    assert result.status is Status.DID_NOT_RUN
    assert "1 of 2 patches missing" in result.reason


FIXES = MESSAGE.replace(SIGNED, f'Fixes: 0123456789ab ("KVM: Not there")\n{SIGNED}')


def test_fixes_is_not_looked_up_without_history(post: Callable[..., tuple[Path, Path]]) -> None:
    tree, mails = post({"virt/kvm/b.c": b"4\n"}, message=FIXES)
    (result,) = check_series(load_series(str(mails)), tree=tree).checks
    assert result.findings == ()
    assert dict(result.facts)["Fixes:"].endswith("this tree has no history")


def test_fixes_is_looked_up(post: Callable[..., tuple[Path, Path]], monkeypatch: pytest.MonkeyPatch) -> None:
    tree, mails = post({"virt/kvm/b.c": b"4\n"}, message=FIXES)
    monkeypatch.setattr(patches, "HISTORY", 1)
    assert rules(tree, mails) == ["message/fixes-commit"]


def test_fixes_that_is_right(
    post: Callable[..., tuple[Path, Path]], monkeypatch: pytest.MonkeyPatch, git: Git
) -> None:
    tree, mails = post({"virt/kvm/b.c": b"4\n"}, message=FIXES)
    head = git(tree, "rev-parse", "--short=12", "HEAD")
    (mail,) = mails.iterdir()
    mail.write_text(mail.read_text().replace('0123456789ab ("KVM: Not there")', f'{head} ("base")'))
    monkeypatch.setattr(patches, "HISTORY", 1)
    assert rules(tree, mails) == []


@pytest.mark.kernel
def test_our_series_on_a_real_tree() -> None:
    """checkpatch.pl of Linux 6.1 and KVM's rules find nothing in our own series but that it names no base."""
    series = load_series("kvm-map-memory/v2")
    (result,) = check_series(series, tree=find_tree("debian:6.1").path).checks
    assert [one.rule for one in result.findings] == ["kvm/base"]
    assert result.status is Status.PASS
