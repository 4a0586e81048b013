# SPDX-License-Identifier: GPL-2.0-only
"""Answers to b4, asked by the real b4 in its offline mode; what it makes of them is in its own words."""

import json
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from kpatch_tools.errors import EnvironmentFault
from kpatch_tools.flow import b4, b4_setup
from kpatch_tools.flow.patches import check_series
from kpatch_tools.flow.series import load_series
from kpatch_tools.model.run import Command, RunResult
from kpatch_tools.model.series import Series
from kpatch_tools.render import b4_review
from kpatch_tools.tools import mailbox, process
from kpatch_tools.tools.files import cache_dir, write_atomic
from tests.faketree import FILES
from tests.lore import Lore
from tests.posted import SIGNED

Git = Callable[..., str]
Tree = Callable[..., Path]
BIN = Path(sys.executable).parent
B4 = shutil.which("b4", path=str(BIN))
needs_b4 = pytest.mark.skipif(B4 is None, reason="b4 is not installed: pip install 'kpatch-tools[fetch]'")
SEALED = ("-c", "b4.midmask=http://127.0.0.1:1/all/%s", "-c", "b4.attestation-policy=off")

# What `b4 review` does when the check key is pressed: per patch, then for the series.
RUN_CHECKS = """
import argparse, json, sys
import b4, b4.review.checks as checks
b4.setup_config(argparse.Namespace(config={}))
mbox, top = sys.argv[1:3]
msgs = [m for m in b4.get_msgs_from_mailbox_or_maildir(mbox)]
pairs = [(m["message-id"].strip("<>"), m) for m in msgs]
perpatch, series = checks.load_check_cmds()
print(json.dumps([
    checks.run_perpatch_checks(pairs[1:], perpatch, top),
    checks.run_series_checks(pairs[0], series, top),
]))
"""
# What it does when an agent has left its directory.
INTEGRATE = """
import argparse, json, sys
import b4, b4.review._review as r
b4.setup_config(argparse.Namespace(config={}))
top, *shas = sys.argv[1:]
tracking = {"series": {}, "patches": [{} for _ in shas]}
r.save_tracking = lambda *a, **k: None
done = r._integrate_agent_reviews(top, "cover", tracking, shas, tracking["patches"])
print(json.dumps([done, tracking]))
"""


@pytest.fixture
def posted(git: Git, git_tree: Tree, tmp_path: Path) -> tuple[Path, Path, list[str]]:
    """A tree at its base, an mbox with a cover and two patches (the second faulty), and their commits."""
    tree = git_tree(FILES)
    for number, text in enumerate((b"1\n2\n3\n4\n", b"1\n2\n3\n4\nFAULT\n"), 1):
        (tree / "virt/kvm/b.c").write_bytes(text)
        git(
            tree,
            "commit",
            "--quiet",
            "-a",
            "--file=-",
            stdin=f"KVM: Do {number}\n\nWhy.\n\n{SIGNED}\n".encode(),
        )
    commits = git(tree, "rev-list", "--reverse", "HEAD~2..HEAD").splitlines()
    box = tmp_path / "series.mbox"
    text = git(
        tree, "format-patch", "--stdout", "--cover-letter", "--thread=shallow", "--base=HEAD~2", "HEAD~2"
    )
    box.write_text(text.replace("*** SUBJECT HERE ***", "KVM: Two things") + "\n")
    git(tree, "reset", "--quiet", "--hard", "HEAD~2")
    return tree, box, commits


def python(script: str, *args: str, cwd: Path, env: Mapping[str, str] | None = None) -> str:
    command = Command(argv=(sys.executable, "-c", script, *args), timeout=60, cwd=cwd, env=env or {})
    return process.run(command).ok_or_raise("python").text


def run_b4(*args: str, cwd: Path) -> RunResult:
    argv = (str(B4), "--offline-mode", "-n", "--no-stdin", *SEALED, *args)
    return process.run(Command(argv=argv, timeout=60, cwd=cwd, env={"GIT_CONFIG_NOSYSTEM": "1"}))


def checked(tree: Path, box: Path) -> Series:
    series = load_series(str(box))
    b4.remember(series, check_series(series, tree=tree))
    return series


def test_a_name_that_is_no_utf_8_is_remembered_all_the_same(posted: tuple[Path, Path, list[str]]) -> None:
    tree, mbox, _commits = posted
    series = load_series(str(mbox))
    report = check_series(series, tree=tree)
    odd = replace(report.checks[0], reason="a\udcff.rst")
    b4.remember(series, replace(report, checks=(odd, *report.checks[1:])))
    (mail,) = mailbox.read_file(mbox)[:1]
    kept = b4.answer((mail,), tree=tree, whole=True)
    assert kept.checks[0].reason == "a\\udcff.rst"


def lone(series: Series, number: int) -> tuple[mailbox.RawMail, ...]:
    return (mailbox.RawMail(raw=series.patches[number - 1].raw, source="stdin"),)


def test_patch_of_a_checked_series(posted: tuple[Path, Path, list[str]]) -> None:
    tree, box, _commits = posted
    series = checked(tree, box)
    assert b4.answer(lone(series, 1), tree=tree).findings == ()
    found = b4.answer(lone(series, 2), tree=tree)
    assert [one.rule for one in found.findings] == ["checkpatch/FAULT"]
    assert found.skipped == ""
    assert series.cover is not None
    cover = (mailbox.RawMail(raw=series.cover.raw, source="stdin"),)
    assert [one.rule for one in b4.answer(cover, tree=tree, whole=True).findings] == ["checkpatch/FAULT"]


def test_patch_of_an_unknown_series_shows_what_it_shows_alone(posted: tuple[Path, Path, list[str]]) -> None:
    tree, box, _commits = posted
    series = load_series(str(box))
    found = b4.answer(lone(series, 2), tree=tree)
    assert [one.rule for one in found.findings] == ["checkpatch/FAULT"]
    assert "it needs the other patches; kvet series check" in found.skipped
    cover = b4.answer(lone(series, 1), tree=tree, whole=True)
    assert cover.checks == ()
    assert "was not checked yet" in cover.skipped


def test_another_diff_under_the_same_id_is_not_what_was_checked(posted: tuple[Path, Path, list[str]]) -> None:
    tree, box, _commits = posted
    series = checked(tree, box)
    (mail,) = lone(series, 2)
    other = (mailbox.RawMail(raw=mail.raw.replace(b"+FAULT", b"+fine!"), source="stdin"),)
    found = b4.answer(other, tree=tree)
    assert found.findings == ()
    assert "another diff was checked" in found.skipped


def test_what_another_version_left_is_not_used(
    posted: tuple[Path, Path, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    tree, box, _commits = posted
    series = checked(tree, box)
    monkeypatch.setattr(b4, "__version__", "99")
    assert b4.answer(lone(series, 1), tree=tree).skipped


def test_damaged_cache_is_no_answer(posted: tuple[Path, Path, list[str]]) -> None:
    tree, box, _commits = posted
    series = checked(tree, box)
    for path in cache_dir("checked").iterdir():
        path.write_text("{")
    assert b4.answer(lone(series, 1), tree=tree).skipped


def test_single_patch_is_its_whole_series(posted: tuple[Path, Path, list[str]]) -> None:
    tree, box, _commits = posted
    raw = load_series(str(box)).patches[0].raw.replace(b"[PATCH 1/2]", b"[PATCH]")
    found = b4.answer((mailbox.RawMail(raw=raw, source="stdin"),), tree=tree)
    assert ([one.rule for one in found.findings], found.skipped) == (["kvm/base"], "")


def tracking_file(git: Git, tree: Path, box: Path, commits: list[str], out: Path) -> Path:
    """A review branch as b4 leaves it, and the file that it hands to check commands."""
    git(tree, "branch", "b4/review/some-id", commits[-1])
    empty = git(tree, "commit-tree", "-p", commits[-1], "-m", "tracking", f"{commits[-1]}^{{tree}}")
    git(tree, "update-ref", "refs/heads/b4/review/some-id", empty)
    series = load_series(str(box))
    assert series.cover is not None
    data = {
        "series": {
            "change-id": "some-id",
            "first-patch-commit": commits[0],
            "header-info": {"msgid": series.cover.message_id},
        },
        "patches": [{"header-info": {"msgid": one.message_id}} for one in series.patches],
    }
    return write_atomic(out, json.dumps(data))


def test_series_that_b4_tracks(posted: tuple[Path, Path, list[str]], git: Git, tmp_path: Path) -> None:
    tree, box, commits = posted
    tracking = tracking_file(git, tree, box, commits, tmp_path / "t.json")
    series = load_series(str(box))
    found = b4.answer(lone(series, 2), tree=tree, tracking=tracking)
    assert [one.rule for one in found.findings] == ["checkpatch/FAULT"]
    assert found.skipped == ""


@pytest.mark.parametrize("text", ["", "{", "[]", '{"series": {}, "patches": 3}', '{"series": 1}'])
def test_bad_tracking_file_leads_nowhere(
    posted: tuple[Path, Path, list[str]], tmp_path: Path, text: str
) -> None:
    tree, box, _commits = posted
    tracking = write_atomic(tmp_path / "t.json", text)
    assert b4.answer(lone(load_series(str(box)), 1), tree=tree, tracking=tracking).skipped


@needs_b4
def test_b4_am(posted: tuple[Path, Path, list[str]], tmp_path: Path) -> None:
    tree, box, _commits = posted
    b4_setup.write(b4_setup.plan(tree, str(BIN / "kvet")))
    told = run_b4("am", "-k", "-o", str(tmp_path), "-m", str(box), cwd=tree).error_text
    assert told.count("kvet: WARNING: skipped: ") == 2
    # b4 would keep that answer for 30 days.
    for folder in cache_dir().parent.glob("b4*"):
        shutil.rmtree(folder)
    checked(tree, box)
    told = run_b4("am", "-k", "-o", str(tmp_path), "-m", str(box), cwd=tree).error_text
    assert "skipped" not in told
    assert told.count("kvet: passed all checks") == 1
    assert "kvet: virt/kvm/b.c:5: ERROR: the word stands here [checkpatch/FAULT]" in told


@needs_b4
def test_b4_am_by_message_id(posted: tuple[Path, Path, list[str]], lore: Lore, tmp_path: Path) -> None:
    tree, box, _commits = posted
    b4_setup.write(b4_setup.plan(tree, str(BIN / "kvet")))
    lore.add(box.read_bytes())
    series = checked(tree, box)
    options = ("-c", f"b4.midmask={lore.mask}", "-c", "b4.attestation-policy=off")
    argv = (str(B4), "-n", "--no-stdin", *options, "am", "-k", "-o", str(tmp_path), series.message_id)
    env = {"GIT_CONFIG_NOSYSTEM": "1"}
    told = process.run(Command(argv=argv, timeout=60, cwd=tree, env=env)).error_text
    assert told.count("kvet: passed all checks") == 1
    assert "ERROR: the word stands here [checkpatch/FAULT]" in told


@needs_b4
@pytest.mark.parametrize("known", ["checked", "tracked", "unknown"])
def test_b4_review_runs_our_checks(
    posted: tuple[Path, Path, list[str]], git: Git, tmp_path: Path, known: str
) -> None:
    tree, box, commits = posted
    b4_setup.write(b4_setup.plan(tree, str(BIN / "kvet")))
    environment = {}
    if known == "checked":
        checked(tree, box)
    elif known == "tracked":
        path = tracking_file(git, tree, box, commits, tmp_path / "t.json")
        environment["B4_TRACKING_FILE"] = str(path)
    patches, series = json.loads(python(RUN_CHECKS, str(box), str(tree), cwd=tree, env=environment))
    states = [[entry["status"] for entry in entries] for entries in patches.values()]
    if known == "unknown":
        assert states == [["pass", "warn"], ["fail", "warn"]]
        assert [entry["status"] for entry in series] == ["warn"]
        assert "skipped: " in series[0]["summary"]
        return
    assert states == [["pass"], ["fail"]]
    assert [(entry["tool"], entry["status"]) for entry in series] == [("kvet-patches", "fail")]
    (detail,) = json.loads(series[0]["details"])
    assert detail["description"] == "virt/kvm/b.c:5: the word stands here"


@needs_b4
def test_b4_takes_the_review_directory(posted: tuple[Path, Path, list[str]], git: Git) -> None:
    tree, box, commits = posted
    series = load_series(str(box))
    report = check_series(series, tree=tree)
    head = git(tree, "rev-parse", "HEAD")
    for name, text in b4_review.render(report, series).items():
        write_atomic(tree / ".git/b4-review" / head / name, text)
    done, tracking = json.loads(python(INTEGRATE, str(tree), *commits, cwd=tree).splitlines()[-1])
    assert done is True
    assert tracking["series"]["reviews"]["kvet@localhost"]["note"].startswith("kvet finds 1 error")
    assert "reviews" not in tracking["patches"][0]
    (comment,) = tracking["patches"][1]["reviews"]["kvet@localhost"]["comments"]
    assert (comment["path"], comment["line"], comment["content"]) == ("b/virt/kvm/b.c", 5, "+FAULT")
    assert comment["text"] == "The word stands here."


def test_what_cannot_all_be_kept_is_not_kept_in_part(
    posted: tuple[Path, Path, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    tree, mbox, _commits = posted
    series = checked(tree, mbox)
    made: list[Path] = []

    def fails_at_the_second(path: Path, data: bytes) -> Path:
        made.append(path)
        if len(made) == 2:
            raise OSError(28, "No space left on device")
        return write_atomic(path, data)

    monkeypatch.setattr(b4, "write_atomic", fails_at_the_second)
    with pytest.raises(EnvironmentFault, match="No space left"):
        b4.remember(series, check_series(series, tree=tree))
    assert len(made) == 2
    assert not [path for path in made if path.exists()]
