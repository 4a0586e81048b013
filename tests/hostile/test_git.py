# SPDX-License-Identifier: GPL-2.0-only
"""git as an attack surface: every trap snaps with plain git, and none does when kvet works there."""

import os
import pty
import subprocess  # noqa: TID251 - plain git, as a user starts it
from collections.abc import Callable
from pathlib import Path

import pytest

from kpatch_tools.cli.app import run
from kpatch_tools.errors import EnvironmentFault, ToolFailed, UserError
from kpatch_tools.flow.apply import apply_series
from kpatch_tools.flow.series import load_series
from kpatch_tools.model.event import silent
from kpatch_tools.model.series import ApplyState
from kpatch_tools.tools import kept, trees
from kpatch_tools.tools.export import export
from kpatch_tools.tools.git import Repository
from kpatch_tools.tools.identity import user
from tests.hostile.traps import DOCUMENT, Tree, added, edited, git, moved, partial, patch


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def vet(tree: Tree, *, sound: bool = True) -> None:
    """What kvet does with git in a tree from elsewhere: applies, compares, looks, checks out."""
    where = ("--tree", str(tree.path))
    codes = {
        "apply": run(["apply", str(tree.series[0]), *where, "--branch", f"b{os.urandom(4).hex()}"]),
        "diff": run(["series", "diff", *map(str, tree.series), *where]),
        "range": run(["series", "show", "HEAD~1..HEAD", *where]),
        "docs": run(["docs", "check", DOCUMENT, *where, "--diff", "HEAD~1"]),
        "staged": run(["docs", "check", DOCUMENT, *where, "--staged"]),
    }
    try:
        with kept.worktree(tree.path, Repository.open(tree.path).head()):
            pass
    except (ToolFailed, UserError):
        codes["checkout"] = 3
    if sound:
        assert set(codes.values()) <= {0, 1}, codes


def _hook(tree: Tree) -> Callable[[], object]:
    for name in ("reference-transaction", "post-checkout", "post-index-change", "pre-commit", "post-rewrite"):
        (tree.path / ".git/hooks").mkdir(exist_ok=True)
        (tree.path / ".git/hooks" / name).symlink_to(tree.trap.path)
    return lambda: git(tree.path, "branch", "plain")


def _hooks_path(tree: Tree) -> Callable[[], object]:
    (tree.path / "hooks").mkdir()
    (tree.path / "hooks/reference-transaction").symlink_to(tree.trap.path)
    tree.config("core.hooksPath", "hooks")
    return lambda: git(tree.path, "branch", "plain")


def _fsmonitor(tree: Tree) -> Callable[[], object]:
    tree.config("core.fsmonitor", str(tree.trap))
    return lambda: git(tree.path, "status")


def _smudge(tree: Tree, key: str = "smudge") -> Callable[[], object]:
    (tree.path / ".gitattributes").write_text("* filter=evil\n")
    tree.commit("attributes")
    tree.config(f"filter.evil.{key}", str(tree.trap))
    (tree.path / "x").unlink()
    return lambda: git(tree.path, "checkout", "--", "x", ok=False)


def _clean(tree: Tree) -> Callable[[], object]:
    _smudge(tree, "clean")
    (tree.path / "x").write_text("changed\n")
    return lambda: git(tree.path, "diff", "--stat")


def _process(tree: Tree) -> Callable[[], object]:
    return _smudge(tree, "process")


def _textconv(tree: Tree) -> Callable[[], object]:
    tree.attributes("* diff=evil")
    tree.config("diff.evil.textconv", str(tree.trap))
    return lambda: git(tree.path, "log", "-p")


def _blame(tree: Tree) -> Callable[[], object]:
    _textconv(tree)
    return lambda: git(tree.path, "blame", "x")


def _range_diff(tree: Tree) -> Callable[[], object]:
    _textconv(tree)
    return lambda: git(tree.path, "range-diff", "HEAD~1..HEAD", "HEAD~1..HEAD")


def _diff_command(tree: Tree) -> Callable[[], object]:
    tree.attributes("* diff=evil")
    tree.config("diff.evil.command", str(tree.trap))
    return lambda: git(tree.path, "diff", "HEAD~1", "HEAD", ok=False)


def _diff_external(tree: Tree) -> Callable[[], object]:
    tree.config("diff.external", str(tree.trap))
    return lambda: git(tree.path, "diff", "HEAD~1", "HEAD", ok=False)


def _attributes_file(tree: Tree) -> Callable[[], object]:
    (tree.path / "attributes").write_text("* diff=evil\n")
    tree.config("core.attributesFile", str(tree.path / "attributes"))
    tree.config("diff.evil.textconv", str(tree.trap))
    return lambda: git(tree.path, "log", "-p")


def _include(tree: Tree) -> Callable[[], object]:
    tree.attributes("* diff=evil")
    (tree.path / "more").write_text(f'[diff "evil"]\n\ttextconv = {tree.trap}\n')
    tree.config("include.path", "../more")
    return lambda: git(tree.path, "log", "-p")


def _merge(tree: Tree) -> Callable[[], object]:
    tree.attributes("* merge=evil")
    tree.config("merge.evil.driver", f"{tree.trap} %A")
    git(tree.path, "branch", "side", "HEAD~1")
    side = tree.path.with_name("side")
    git(tree.path, "worktree", "add", "-q", str(side), "side")
    (side / "x").write_text("one\nzwei\nthree\n")
    git(side, "commit", "-qam", "side")
    return lambda: git(side, "merge", "-q", "main", ok=False)


def _signature(tree: Tree) -> Callable[[], object]:
    tree.config("gpg.program", str(tree.trap))
    tree.config("log.showSignature", "true")
    raw = git(tree.path, "cat-file", "commit", "HEAD")
    head, _, body = raw.partition("\n\n")
    block = "gpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----"
    signed = git(
        tree.path,
        "hash-object",
        "-t",
        "commit",
        "-w",
        "--stdin",
        stdin=f"{head}\n{block}\n\n{body}\n".encode(),
    )
    git(tree.path, "reset", "-q", "--soft", signed)
    return lambda: git(tree.path, "log", "-1")


def _sign(tree: Tree) -> Callable[[], object]:
    tree.config("gpg.program", str(tree.trap))
    tree.config("commit.gpgSign", "true")
    return lambda: git(tree.path, "commit", "-q", "--allow-empty", "-m", "x", ok=False)


def _pager(tree: Tree) -> Callable[[], object]:
    tree.config("core.pager", str(tree.trap))
    tree.config("pager.log", str(tree.trap))

    def on_a_terminal() -> None:
        ours, theirs = pty.openpty()
        subprocess.run(
            ("git", "log", "-1"), cwd=tree.path, stdout=theirs, stderr=theirs, timeout=30, check=True
        )
        os.close(ours)
        os.close(theirs)

    return on_a_terminal


SOUND = {
    "a hook": _hook,
    "core.hooksPath": _hooks_path,
    "core.fsmonitor": _fsmonitor,
    "filter smudge": _smudge,
    "filter clean": _clean,
    "filter process": _process,
    "textconv": _textconv,
    "textconv at blame": _blame,
    "textconv at range-diff": _range_diff,
    "diff driver": _diff_command,
    "diff.external": _diff_external,
    "core.attributesFile": _attributes_file,
    "include.path": _include,
    "merge driver": _merge,
    "gpg.program to verify": _signature,
    "gpg.program to sign": _sign,
    "pager": _pager,
}


@pytest.mark.parametrize("name", SOUND)
def test_a_tree_with_a_trap_is_vetted_as_any_other(tree: Tree, name: str) -> None:
    plain = SOUND[name](tree)
    plain()
    assert tree.trap.snapped(), "the trap is no trap"
    if name.startswith(("filter", "core.att", "include")):
        git(tree.path, "checkout", "-q", "--force", "HEAD", ok=False)
    tree.trap.snapped()
    vet(tree)
    assert not tree.trap.snapped()


def _upload_pack(tree: Tree) -> None:
    partial(tree, "file://{folder}")
    tree.config("remote.origin.uploadpack", f"{tree.trap} /dev/null; git-upload-pack")


def _ext(tree: Tree) -> None:
    partial(tree, f"ext::{tree.trap} /dev/null")
    tree.config("protocol.ext.allow", "always")


def _ssh(tree: Tree) -> None:
    partial(tree, "ssh://nobody.invalid/x")
    tree.config("core.sshCommand", str(tree.trap))


def _git_proxy(tree: Tree) -> None:
    partial(tree, "git://nobody.invalid/x")
    tree.config("core.gitProxy", str(tree.trap))


def _vcs(tree: Tree) -> None:
    partial(tree, f"{tree.trap} /dev/null")
    tree.config("remote.origin.vcs", "ext")
    tree.config("protocol.ext.allow", "always")


def _instead_of(tree: Tree) -> None:
    partial(tree, "https://nobody.invalid/x")
    tree.config("protocol.ext.allow", "always")
    tree.config(f"url.ext::{tree.trap} /dev/null #.insteadOf", "https://nobody.invalid/")


@pytest.mark.parametrize("lay", [_upload_pack, _ext, _ssh, _git_proxy, _vcs, _instead_of])
def test_a_partial_clone_fetches_by_no_program_of_its_own(tree: Tree, lay: Callable[[Tree], None]) -> None:
    lay(tree)
    git(tree.path, "cat-file", "-p", "HEAD~1:x", ok=False)
    assert tree.trap.snapped(), "the trap is no trap"
    vet(tree, sound=False)
    assert not tree.trap.snapped()


@pytest.mark.parametrize("key", ["credential.helper", "credential.https://h.example.helper", "core.askPass"])
def test_no_credential_helper_of_a_tree_is_asked(tree: Tree, key: str) -> None:
    tree.config(key, str(tree.trap))
    wanted = b"protocol=https\nhost=h.example\n\n"
    git(tree.path, "credential", "fill", stdin=wanted, env={"GIT_TERMINAL_PROMPT": "0"}, ok=False)
    assert tree.trap.snapped(), "the trap is no trap"
    assert not Repository.open(tree.path).run("credential", "fill", stdin=wanted).ok
    assert not tree.trap.snapped()


def test_refs_of_a_borrowed_store_are_asked_of_no_program(tree: Tree, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--shared", str(tree.path), "shared")
    git(tmp_path / "shared", "config", "core.alternateRefsCommand", str(tree.trap))
    tree.commit("more")
    git(tmp_path / "shared", "fetch", "-q", "--dry-run")
    assert tree.trap.snapped(), "the trap is no trap"
    Repository.open(tmp_path / "shared").ask("fetch", "-q", "--dry-run")
    assert not tree.trap.snapped()


@pytest.mark.parametrize(
    "name",
    ["GIT_EXTERNAL_DIFF", "GIT_SSH_COMMAND", "GIT_PAGER", "GIT_ASKPASS", "GIT_PROXY_COMMAND", "GIT_EDITOR"],
)
def test_no_program_of_the_environment_is_started(
    tree: Tree, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, str(tree.trap))
    if name == "GIT_EXTERNAL_DIFF":
        git(tree.path, "diff", "HEAD~1", "HEAD", ok=False)
        assert tree.trap.snapped(), "the trap is no trap"
    else:
        assert git(tree.path, "var", name, ok=False) == str(tree.trap) or name not in {
            "GIT_PAGER",
            "GIT_EDITOR",
        }
    vet(tree)
    assert not tree.trap.snapped()


def test_what_cannot_be_overruled_is_refused(tree: Tree) -> None:
    tree.attributes("* diff=a=b")
    with (tree.path / ".git/config").open("a") as config:
        config.write(f'[diff "a=b"]\n\ttextconv = {tree.trap}\n')
    git(tree.path, "log", "-p")
    assert tree.trap.snapped(), "the trap is no trap"
    with pytest.raises(UserError, match=r"diff\.a=b\.textconv, which cannot be switched off"):
        Repository.open(tree.path)


def test_hooks_of_a_configuration_are_off(tree: Tree) -> None:
    # A git newer than most machines have starts them; what reaches git is what can be looked at here.
    tree.config("hook.evil.command", str(tree.trap))
    made = Repository.open(tree.path).run("config", "--get", "hook.evil.command")
    assert made.text.strip() == "true"
    assert not tree.trap.snapped()


def test_gitpython_is_hardened_alike(tree: Tree) -> None:
    _textconv(tree)()
    assert tree.trap.snapped(), "the trap is no trap"
    assert "one" in Repository.open(tree.path).repo.git.log("-p")
    assert not tree.trap.snapped()


def test_replaced_objects_and_grafts_do_not_count(tree: Tree) -> None:
    head, first = git(tree.path, "rev-parse", "HEAD"), git(tree.path, "rev-parse", "HEAD~1")
    fake = git(tree.path, "hash-object", "-w", "--stdin", stdin=b"fake\n")
    git(tree.path, "replace", git(tree.path, "rev-parse", "HEAD:x"), fake)
    repository = Repository.open(tree.path)
    assert git(tree.path, "show", "HEAD:x") == "fake"
    assert repository.read_blob("HEAD", "x") == b"one\n2\nthree\n"
    (tree.path / ".git/info").mkdir(exist_ok=True)
    (tree.path / ".git/info/grafts").write_text(f"{head}\n")
    assert git(tree.path, "rev-list", "HEAD") == head
    found = repository.run("rev-list", "HEAD")
    assert found.text.split() == [head, first]
    assert not found.error_text


def test_a_folder_that_looks_like_a_repository_is_none(
    tree: Tree, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A clone may bring it, configuration and all: no file in it has a name that git refuses."""
    folder = tree.path / "sub"
    git(tree.path, "init", "-q", "--bare", str(folder))
    (folder / "worktree").mkdir()
    (folder / "page.rst").write_text("Title\n=====\n")
    git(folder, "config", "core.bare", "false")
    git(folder, "config", "core.worktree", "worktree")
    git(folder, "config", "core.fsmonitor", str(tree.trap))
    git(folder, "config", "user.name", "Somebody Else")
    git(folder, "config", "user.email", "else@example.org")
    git(folder / "worktree", f"--git-dir={folder}", "status", ok=False)
    assert tree.trap.snapped(), "the trap is no trap"
    assert git(folder, "config", "user.name") == "T"
    monkeypatch.chdir(folder)
    with pytest.raises(UserError, match="bare repository"):
        Repository.discover(folder)
    assert run(["docs", "check", "page.rst"]) in {0, 1}
    assert "not in a git tree" in capsys.readouterr().err
    assert run(["series", "show", "HEAD~1..HEAD"]) == 2
    with pytest.raises(EnvironmentFault, match=r"no user\.name and user\.email"):
        user()
    assert not tree.trap.snapped()


def test_a_bare_repository_that_is_named_is_taken(tree: Tree, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--bare", str(tree.path), "bare.git")
    assert Repository.open(tmp_path / "bare.git").head() == git(tree.path, "rev-parse", "HEAD")
    assert run(["apply", str(tree.series[0]), "--tree", str(tmp_path / "bare.git")]) == 0


def test_a_configuration_does_not_choose_the_work_tree(tree: Tree, tmp_path: Path) -> None:
    (tmp_path / "private").mkdir()
    (tmp_path / "private/secret.rst").write_text("Secret\n======\n")
    tree.config("core.worktree", str(tmp_path))
    assert git(tree.path, "rev-parse", "--show-toplevel") == str(tmp_path)
    for find in (Repository.open, Repository.discover):
        with pytest.raises(UserError, match=r"its work tree is .* knows nothing of it"):
            find(tree.path)


def test_linked_worktrees_and_submodules_are_work_trees(tree: Tree, tmp_path: Path) -> None:
    git(tree.path, "worktree", "add", "-q", "--detach", str(tmp_path / "linked"))
    git(tmp_path, "init", "-q", "--separate-git-dir", str(tmp_path / "data"), str(tmp_path / "apart"))
    git(tmp_path, "init", "-q", "super")
    git(
        tmp_path / "super",
        *("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(tree.path), "kernel"),
    )
    for name in ("linked", "apart", "super/kernel"):
        assert Repository.open(tmp_path / name).top == tmp_path / name
        assert Repository.discover(tmp_path / name).top == tmp_path / name


@pytest.mark.skipif(os.geteuid() != 0, reason="gives a folder to another user")
def test_a_tree_of_another_user_is_refused_until_the_user_trusts_it(tree: Tree) -> None:
    for path in (tree.path, tree.path / ".git"):
        os.chown(path, 12345, 12345)
    with pytest.raises(UserError, match="another user"):
        Repository.open(tree.path)
    git(tree.path, "config", "--global", "safe.directory", str(tree.path))
    assert Repository.open(tree.path).top == tree.path


def test_templates_bring_no_hook(tree: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "template/hooks").mkdir(parents=True)
    (tmp_path / "template/hooks/reference-transaction").symlink_to(tree.trap.path)
    git(tmp_path, "config", "--global", "init.templateDir", str(tmp_path / "template"))
    git(tmp_path, "init", "-q", "plain")
    assert (tmp_path / "plain/.git/hooks/reference-transaction").exists()
    monkeypatch.setenv("GIT_TEMPLATE_DIR", str(tmp_path / "template"))
    store = Repository.create(tmp_path / "store.git", borrow=Repository.open(tree.path))
    trees.tree_from_url(tree.path.as_uri(), "", tmp_path / "fetched", silent)
    for made in (store.git_dir, tmp_path / "fetched/.git"):
        assert not (made / "hooks").exists()
    assert not tree.trap.snapped()


CONTENT = {
    "a": b"$Id$\n",
    "b": b"one\ntwo\n",
    "c": "ü\n".encode(),
    "d": b"$Format:%H$\n",
    "e": b"e\n",
    ".gitattributes": (
        b"a ident\nb text eol=crlf\nc working-tree-encoding=UTF-16\nd export-subst\ne filter=lfs\n"
    ),
}


def contents(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in CONTENT}


def test_a_checkout_holds_what_was_reviewed(tree: Tree, tmp_path: Path) -> None:
    for name, data in CONTENT.items():
        git(
            tree.path,
            *("update-index", "--add", "--cacheinfo"),
            "100644," + git(tree.path, "hash-object", "-w", "--stdin", stdin=data) + f",{name}",
        )
    git(tree.path, "commit", "-qm", "content")
    head = git(tree.path, "rev-parse", "HEAD")
    # The user's own filter, not the tree's: but what it is to do with which file the tree says.
    git(tmp_path, "config", "--global", "filter.lfs.smudge", str(tree.trap))
    git(tmp_path, "clone", "-q", str(tree.path), "plain")
    assert tree.trap.snapped(), "the trap is no trap"
    assert {name for name, data in contents(tmp_path / "plain").items() if data != CONTENT[name]} == set(
        "abc"
    )
    archive = subprocess.run(
        ("git", "archive", "HEAD", "d"), cwd=tree.path, capture_output=True, check=True, timeout=30
    ).stdout
    assert head.encode() in archive
    with kept.worktree(tree.path, head) as place:
        assert contents(place) == CONTENT
    store = Repository.open(kept.store_for(tree.path))
    assert export(store, head, ("d",), tmp_path / "out") == 1
    assert (tmp_path / "out/d").read_bytes() == CONTENT["d"]
    trees.tree_from_url(tree.path.as_uri(), "", tmp_path / "fetched", silent)
    assert (tmp_path / "fetched/e").read_bytes() == b"e\n"
    assert not tree.trap.snapped()


def test_a_series_brings_no_merge_of_its_own(tree: Tree, tmp_path: Path) -> None:
    """It is built into git, so no configuration is needed: both sides of a conflict, one after the other."""
    tree.attributes("* merge=union")
    old = git(tree.path, "rev-parse", "HEAD~1:x")[:12]
    diff = edited("two", "zwei").replace("--- a/x", f"index {old}..1111111 100644\n--- a/x")
    git(tree.path, "reset", "-q", "--hard")
    git(tree.path, "apply", "--3way", "--cached", stdin=diff.encode())
    assert git(tree.path, "show", ":x") == "one\n2\nzwei\nthree"
    mails = patch(added(".gitattributes", "* merge=union"), "[PATCH 1/2] a") + patch(diff, "[PATCH 2/2] b")
    (tmp_path / "m.mbox").write_text(mails)
    applied = apply_series(load_series(str(tmp_path / "m.mbox")), tree=tree.path)
    assert applied.state is ApplyState.CONFLICT


@pytest.mark.parametrize(
    "path",
    [
        ".g\u200cit/config",
        "GIT~1/config",
        ".git /config",
        ".git::$INDEX_ALLOCATION/config",
        "a\\.git\\config",
    ],
)
def test_names_that_are_dot_git_elsewhere(tree: Tree, tmp_path: Path, path: str) -> None:
    diff = added(path, "[core]")
    loose = ("-c", "core.protectNTFS=false", "-c", "core.protectHFS=false")
    git(tree.path, *loose, "apply", "--cached", stdin=diff.encode())
    git(tree.path, "reset", "-q")
    tree.config("core.protectNTFS", "false")
    tree.config("core.protectHFS", "false")
    (tmp_path / "m.mbox").write_text(
        patch(diff, "[PATCH] x").replace("Subject:", "Content-Type: text/plain; charset=utf-8\nSubject:")
    )
    assert run(["apply", str(tmp_path / "m.mbox"), "--tree", str(tree.path), "--branch", "made"]) != 0
    assert not git(tree.path, "branch", "--list", "made")


LINKS = {
    "through a link": added("d/up", "..", "120000") + added("out", "d/up/../private/secret", "120000"),
    "many times": added("d/up", "..", "120000") + added("out", "d/up/d/up/d/up/../private/secret", "120000"),
    "moved up": added("p/q/out", "../private/secret", "120000"),
}


@pytest.mark.parametrize("name", LINKS)
def test_no_link_of_a_series_leads_out(
    tree: Tree, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    (tmp_path / "private").mkdir()
    (tmp_path / "private/secret").write_text("secret\n")
    # As a posting says it: neither mode nor content, which the reader of diffs could look at.
    steps = [LINKS[name], *([moved("p/q/out", "out")] if name == "moved up" else [])]
    for diff in steps:
        git(tree.path, "apply", "--index", stdin=diff.encode())
    assert (tree.path / "out").read_text() == "secret\n"
    git(tree.path, "reset", "-q", "--hard")
    count = len(steps)
    mails = "".join(patch(diff, f"[PATCH {at}/{count}] x") for at, diff in enumerate(steps, 1))
    (tmp_path / "m.mbox").write_text(mails)
    assert run(["apply", str(tmp_path / "m.mbox"), "--tree", str(tree.path), "--branch", "made"]) == 2
    assert "'out' a link to" in capsys.readouterr().err
    assert not git(tree.path, "branch", "--list", "made")


def test_a_link_that_stays_may_move(tree: Tree, tmp_path: Path) -> None:
    mails = patch(added("p/q/l", "../../x", "120000"), "[PATCH 1/2] x")
    mails += patch(moved("p/q/l", "p/r/l"), "[PATCH 2/2] y")
    (tmp_path / "m.mbox").write_text(mails)
    applied = apply_series(load_series(str(tmp_path / "m.mbox")), tree=tree.path)
    assert applied.state is ApplyState.APPLIED


@pytest.mark.parametrize("target", ["../../private.rst", "../.git/config", "/etc/passwd"])
def test_a_link_among_the_documents_shows_nothing_from_elsewhere(
    tree: Tree, tmp_path: Path, capsys: pytest.CaptureFixture[str], target: str
) -> None:
    (tmp_path / "private.rst").write_text("Secret\n---\n")
    link = tree.path / "Documentation/link.rst"
    link.symlink_to(target)
    tree.commit("link")
    assert link.read_text()
    for what in (str(link), str(link.parent)):
        assert run(["docs", "check", what, "--all"]) == 2
        captured = capsys.readouterr()
        assert "leads out of the tree" in captured.err
        assert "Secret" not in captured.out + captured.err
    link.unlink()
    link.symlink_to("x.rst")
    assert run(["docs", "check", str(link), "--all"]) in {0, 1}


def test_a_submodule_is_not_fetched(tree: Tree, tmp_path: Path) -> None:
    modules = f'[submodule "m"]\n\tpath = m\n\turl = "ext::{tree.trap} /dev/null"\n'
    (tree.path / ".gitmodules").write_text(modules)
    git(tree.path, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},m")
    git(tree.path, "add", ".gitmodules")
    git(tree.path, "commit", "-qm", "submodule")
    for key, value in (
        ("protocol.ext.allow", "always"),
        ("submodule.recurse", "true"),
        ("fetch.recurseSubmodules", "true"),
        ("submodule.m.update", "checkout"),
        ("submodule.m.url", f"ext::{tree.trap} /dev/null"),
    ):
        git(tmp_path, "config", "--global", key, value)
    git(tmp_path, "clone", "-q", "--recurse-submodules", str(tree.path), "plain", ok=False)
    assert tree.trap.snapped(), "the trap is no trap"
    with kept.worktree(tree.path, git(tree.path, "rev-parse", "HEAD")) as place:
        assert list((place / "m").iterdir()) == []
    trees.tree_from_url(tree.path.as_uri(), "", tmp_path / "fetched", silent)
    assert list((tmp_path / "fetched/m").iterdir()) == []
    assert not tree.trap.snapped()


@pytest.mark.parametrize("url", ["ext::{} /dev/null", "--upload-pack={}"])
def test_an_address_starts_nothing(tree: Tree, tmp_path: Path, url: str) -> None:
    git(tmp_path, "config", "--global", "protocol.ext.allow", "always")
    address = url.format(tree.trap)
    git(tree.path, "fetch", "-q", address, "main" if url.startswith("ext") else str(tree.path), ok=False)
    assert tree.trap.snapped(), "the trap is no trap"
    with pytest.raises(ToolFailed):
        trees.tree_from_url(address, "main", tmp_path / "fetched", silent)
    assert not tree.trap.snapped()
    assert not (tmp_path / "fetched").exists()


def test_files_that_bring_a_repository_make_no_tree(tree: Tree) -> None:
    with pytest.raises(ToolFailed, match=r"a \.git of their own"):
        trees.commit_all(tree.path, "x", silent)


def test_a_store_of_ours_borrows_from_its_tree_alone(tree: Tree, tmp_path: Path) -> None:
    store = kept.store_for(tree.path)
    borrowed = (store / "objects/info/alternates").read_text()
    assert borrowed == f"{tree.path}/.git/objects\n"
    for path in (".git/objects/info/alternates", "objects/info/alternates"):
        (tmp_path / "m.mbox").write_text(patch(added(path, "/"), "[PATCH] x"))
        run(["apply", str(tmp_path / "m.mbox"), "--tree", str(tree.path)])
    assert (store / "objects/info/alternates").read_text() == borrowed


def test_the_user_is_still_known(tree: Tree) -> None:
    git(tree.path, "config", "--global", "user.name", "Ann Other")
    git(tree.path, "config", "--global", "user.email", "ann@example.org")
    for name in ("_include", "_hook", "_fsmonitor"):
        globals()[name](tree)
    for found in (user(tree.path), user(tree.path, sends=True)):
        assert (found.name, found.email) == ("Ann Other", "ann@example.org")
    tree.config("user.email", "work@example.org")
    for found in (user(tree.path), user(tree.path, sends=True)):
        assert found.email == "work@example.org"
    assert not tree.trap.snapped()
