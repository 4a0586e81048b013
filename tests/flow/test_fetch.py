# SPDX-License-Identifier: GPL-2.0-only
from collections.abc import Callable
from pathlib import Path

import pytest

from kpatch_tools.checks.series import completeness
from kpatch_tools.cli.app import run
from kpatch_tools.errors import EnvironmentFault, UserError
from kpatch_tools.flow.fetch import as_message_id
from kpatch_tools.flow.series import load_series
from kpatch_tools.model.series import ApplyState
from kpatch_tools.parse.thread import Choice
from kpatch_tools.tools import b4
from tests.lore import Lore

Git = Callable[..., str]
Tree = Callable[..., Path]

DAYS = {1: "Mon, 1 Jan 2024", 2: "Mon, 5 Feb 2024", 3: "Mon, 4 Mar 2024"}


def post(
    subject: str, mid: str, *, reply: str = "", version: int = 1, body: str = "why", new: str | None = "b"
) -> str:
    thread = f"In-Reply-To: <{reply}>\nReferences: <{reply}>\n" if reply else ""
    diff = f"diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+{new}\n" if new else ""
    return (
        f"From: A B <a@example.org>\nMessage-ID: <{mid}>\n{thread}"
        f"Date: {DAYS[version]} 10:00:00 +0000\nSubject: {subject}\n\n{body}\n---\n{diff}-- \n2.39\n"
    )


def posting(version: int, *, reply: str = "", body: str = "change-id: 2024-topic-1") -> list[str]:
    tag = "PATCH" if version == 1 else f"PATCH v{version}"
    cover = f"c{version}@example.org"
    return [
        post(f"[{tag} 0/2] topic", cover, reply=reply, version=version, body=body, new=None),
        post(f"[{tag} 1/2] one", f"a{version}@example.org", reply=cover, version=version, new="one"),
        post(f"[{tag} 2/2] two", f"b{version}@example.org", reply=cover, version=version, new=str(version)),
        post(f"Re: [{tag} 1/2] one", f"r{version}@example.org", reply=f"a{version}@example.org",
             version=version, new=None, body="From here on it is fine.\n\nReviewed-by: R <r@example.org>"),
    ]  # fmt: skip


def test_a_message_id_brings_its_series(lore: Lore) -> None:
    lore.add(*posting(1))
    for spec in (
        "c1@example.org",
        "<b1@example.org>",
        "r1@example.org",
        "https://lore.kernel.org/kvm/a1@example.org/T/#u",
    ):
        loaded = load_series(spec)
        assert [patch.subject for patch in loaded.patches] == ["one", "two"]
        assert completeness(loaded) is None
    assert lore.requests[0] == "GET /all/c1@example.org/t.mbox.gz"
    assert all(agent.startswith("b4/") for agent in lore.agents)


def test_versions_newer_older_and_absent(lore: Lore) -> None:
    lore.add(*posting(1), *posting(3, body="change-id: 2024-topic-1\n\nv2: https://lore/r/c2@example.org"))
    lore.add(*posting(2, body="Changes to v1: https://lore.example.org/r/c1%40example.org/"))
    assert load_series("a1@example.org").version == 1
    assert load_series("a1@example.org", version=3).patches[1].message_id == "b3@example.org"
    assert load_series("a1@example.org@v3").patches[1].message_id == "b3@example.org"
    assert load_series("c3@example.org", version=2).message_id == "c2@example.org"
    assert load_series("c2@example.org@v1").message_id == "c1@example.org"
    with pytest.raises(UserError, match="v7 was not found; its thread holds v1"):
        load_series("a1@example.org", version=7)


def test_a_version_sent_into_the_old_thread_is_told_apart(lore: Lore) -> None:
    lore.add(*posting(1), *posting(2, reply="c1@example.org"))
    assert load_series("a1@example.org").message_id == "c1@example.org"
    second = load_series("b2@example.org")
    assert (second.version, second.patches[1].message_id) == (2, "b2@example.org")
    assert load_series("c1@example.org", version=2).message_id == "c2@example.org"


def test_completeness_is_ours(lore: Lore) -> None:
    mails = posting(1)
    lore.add(mails[0], mails[2])
    fault = completeness(load_series("c1@example.org"))
    assert fault is not None
    assert fault[0] is ApplyState.INCOMPLETE


def test_a_resend_does_not_lose_the_next_patch(lore: Lore) -> None:
    lore.add(
        *posting(1), post("[PATCH RESEND 1/2] one", "again@example.org", reply="c1@example.org", new="one")
    )
    loaded = load_series("c1@example.org")
    assert [patch.message_id for patch in loaded.patches] == ["again@example.org", "b1@example.org"]
    assert completeness(loaded) is None


def test_what_the_archive_has_not(lore: Lore) -> None:
    with pytest.raises(UserError, match="has no mail of that Message-ID"):
        load_series("nobody@example.org")


def test_no_network_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(b4.LORE, "http://127.0.0.1:1/all/")
    with pytest.raises(EnvironmentFault, match="cannot be reached") as caught:
        load_series("nobody@example.org")
    assert "\n" not in caught.value.message
    monkeypatch.setenv(b4.LORE, "lore")
    with pytest.raises(UserError, match="no archive's address"):
        load_series("nobody@example.org")


def test_without_b4_the_cure_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EnvironmentFault) as caught:
        load_series("nobody@example.org")
    assert "pip install" in caught.value.cure


def test_nothing_of_the_users_b4_changes(lore: Lore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lore.add(*posting(1))
    for name in ("DATA", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name))
    load_series("c1@example.org")
    assert not list(tmp_path.glob("*/b4"))
    assert not (Path.home() / ".cache/b4").exists()
    assert not (Path.home() / ".local").exists()


def test_a_mirror_of_the_users_own_is_heard(lore: Lore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(b4.LORE)
    (Path.home() / ".gitconfig").write_text(f"[b4]\n\tmidmask = {lore.mask}\n")
    lore.add(*posting(1))
    assert load_series("c1@example.org").total == 2


def test_the_command_saves_a_thread(
    lore: Lore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    monkeypatch.chdir(tmp_path)
    lore.add(*posting(1), *posting(2, reply="c1@example.org"))
    assert run(["series", "fetch", "<a1@example.org>"]) == 0
    captured = capfdbinary.readouterr()
    spec = captured.out.decode().strip()
    assert spec == "a1_example.org.mbox@a1@example.org"
    assert b"v1 complete, 2 patches" in captured.err
    lore.requests.clear()
    assert load_series(spec).message_id == "c1@example.org"
    assert load_series("a1_example.org.mbox@v2").message_id == "c2@example.org"
    assert lore.requests == []
    assert run(["series", "fetch", "a1@example.org"]) == 2
    assert b"is there already" in capfdbinary.readouterr().err
    assert run(["series", "fetch", "a1@example.org", "-v", "2", "-o", "two.mbox"]) == 0
    assert capfdbinary.readouterr().out == b"two.mbox@v2\n"
    assert run(["series", "fetch", "a1@example.org", "-o", "-"]) == 0
    saved = capfdbinary.readouterr().out
    assert saved == Path("two.mbox").read_bytes()
    assert b"\n>From here on" in saved
    for argv in (["nonsense"], ["a1@example.org", "-o", "no/such/file"], ["a1@example.org", "-v", "9"]):
        assert run(["series", "fetch", *argv]) == 2
    assert not Path("no").exists()


def test_an_incomplete_thread_is_saved_and_said(lore: Lore, tmp_path: Path) -> None:
    lore.add(posting(1)[0], posting(1)[1])
    assert run(["series", "fetch", "c1@example.org", "-o", str(tmp_path / "x.mbox")]) == 1
    assert run(["series", "show", str(tmp_path / "x.mbox")]) == 1
    assert run(["apply", "c1@example.org", "--tree", str(tmp_path)]) == 2


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("<a@b.c>", ("a@b.c", None)),
        ("a@b.c@v3", ("a@b.c", Choice(version=3))),
        ("https://lore.kernel.org/r/a%2Bb@c", ("a+b@c", None)),
        ("a/b+c@d@v1+v2", ("a/b+c@d", Choice(version=2, onto=1))),
        ("box.mbox@v2", ("", None)),
        ("dir/me@x.mbox", ("", None)),
        ("./a@b", ("", None)),
        ("two words@x", ("", None)),
        ("v1..v2", ("", None)),
    ],
)
def test_what_is_a_message_id(spec: str, expected: tuple[str, Choice | None]) -> None:
    assert as_message_id(spec) == expected


def test_a_range_of_commits(git: Git, git_tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = git_tree({"x": b"1\n"})
    git(tree, "tag", "start")
    for number in (2, 3):
        (tree / "x").write_text(f"{number}\n")
        git(tree, "commit", "--quiet", "-am", f"make it {number}\n\nFrom here\n\n--\nodd")
    git(tree, "commit", "--quiet", "--allow-empty", "-m", "nothing")
    for key, value in (
        ("format.attach", "x"), ("diff.noprefix", "true"), ("format.subjectPrefix", "X 9/9"),
        ("format.coverLetter", "true"), ("format.signature", "me"), ("format.numbered", "false"),
    ):  # fmt: skip
        git(tree, "config", key, value)
    loaded = load_series("start..HEAD", tree=tree)
    assert completeness(loaded) is None
    assert [patch.subject for patch in loaded.patches] == ["make it 2", "make it 3"]
    assert loaded.base_commit == git(tree, "rev-parse", "start")
    assert loaded.notes == ("1 commit of the range changes nothing and is left out",)
    monkeypatch.chdir(tree)
    assert [patch.diff for patch in load_series("start..").patches] == [p.diff for p in loaded.patches]


def test_ranges_that_are_none(git: Git, git_tree: Tree) -> None:
    tree = git_tree({"x": b"1\n"})
    git(tree, "checkout", "--quiet", "-b", "side")
    git(tree, "commit", "--quiet", "--allow-empty", "-m", "s")
    git(tree, "checkout", "--quiet", "main")
    git(tree, "commit", "--quiet", "--allow-empty", "-m", "m")
    git(tree, "merge", "--quiet", "--no-edit", "side")
    git(tree, "tag", "older", "HEAD^2")
    for spec, words in (
        ("HEAD..HEAD", "both ends are the same commit"),
        ("main..older", "no patches; .* comes 2 commits before"),
        ("side..main", "holds merges"),
        ("a...b", "symmetric"),
        ("main..none", "names no commit"),
    ):
        with pytest.raises(UserError, match=words):
            load_series(spec, tree=tree)
