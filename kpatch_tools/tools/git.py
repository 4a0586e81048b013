# SPDX-License-Identifier: GPL-2.0-only
"""Git repositories and what kvet asks of them; how git is started is in tools/gitrun."""

import io
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from kpatch_tools.errors import EnvironmentFault, ToolFailed, UserError
from kpatch_tools.model.run import Command, Ended, RunResult
from kpatch_tools.tools import process
from kpatch_tools.tools.files import write_atomic
from kpatch_tools.tools.gitconfig import overruling
from kpatch_tools.tools.gitrun import (
    PLUMBING_TIMEOUT_S,
    QUIET_ENVIRONMENT,
    heard_command,
    plain,
    quiet_argv,
    start,
)

if TYPE_CHECKING:
    from kpatch_tools.tools.gitpython import CleanGit, CleanRepo

# This file has the last word (gitattributes(5)). "!" leaves an attribute unspecified, "-" sets it to false.
_NO_ATTRIBUTES = (
    b"* -text !eol -ident -filter !working-tree-encoding !merge !diff !conflict-marker-size "
    b"!export-subst !export-ignore !whitespace\n"
)


NAME_A_TREE = "name a kernel tree: --tree ~/linux, or --tree debian:6.1 for Debian's kernel source"


@dataclass(frozen=True, slots=True, kw_only=True)
class GitObject:
    """One object as stored: its id, its kind (blob, tree, commit, tag) and its bytes."""

    id: str
    kind: str
    data: bytes


class Repository:
    """A git repository with what kvet asks of it; nothing here writes but where the name says so.

    ``top`` is the work tree's top folder, None for a bare repository; ``path`` is ``top`` or the git
    directory. ``common_dir`` is shared by all linked worktrees; ``objects`` is its object store. What its
    own configuration could start is overruled.
    """

    def __init__(self, *, git_dir: Path, common_dir: Path, top: Path | None, object_format: str) -> None:
        self.git_dir = git_dir
        self.common_dir = common_dir
        self.top = top
        self.object_format = object_format
        self._place = {"GIT_DIR": str(git_dir)}
        if top:
            self._place["GIT_WORK_TREE"] = str(top)
        self._settings = overruling(git_dir, common_dir, self._place)

    @classmethod
    def open(cls, path: Path) -> "Repository":
        """The repository whose top is ``path``: a work tree, a linked worktree or a bare repository.

        Raises UserError when ``path`` is none of these; a folder inside a work tree is refused too, since a
        folder that somebody forgot to `git init` may lie in an unrelated repository.
        """
        found = _find(path, named=True)
        if path.resolve() not in (found.path.resolve(), found.git_dir.resolve()):
            raise UserError(
                f"{path} is not the top of a git tree; it lies inside {found.path}",
                cure=f"name the top: --tree {found.path}",
            )
        return found

    @classmethod
    def discover(cls, path: Path) -> "Repository":
        """The work tree that holds ``path``, looked for upwards as git does; UserError when none does.

        A bare repository is refused: any clone may hold a folder that looks like one, with a configuration.
        """
        return _find(path, named=False)

    @classmethod
    def create(cls, path: Path, *, borrow: "Repository") -> "Repository":
        """Make a bare repository of our own at ``path`` that reads the objects of ``borrow``.

        Its configuration is ours alone, so nothing of the user's takes part in what runs there.
        """
        path.mkdir(parents=True, exist_ok=True)
        init = plain(
            "init",
            "--quiet",
            "--bare",
            f"--object-format={borrow.object_format}",
            "--template=",
            ".",
            cwd=path,
        )
        init.ok_or_raise(f"cannot make a repository in {path}")
        made = cls.made(path, borrow=borrow)
        made.borrow(borrow)
        return made

    @classmethod
    def made(cls, path: Path, *, borrow: "Repository") -> "Repository":
        """The repository that create() made at ``path``; git is not asked about what is ours."""
        return cls(git_dir=path, common_dir=path, top=None, object_format=borrow.object_format)

    @property
    def path(self) -> Path:
        """The work tree's top, or the git directory of a bare repository."""
        return self.top or self.git_dir

    @property
    def repo(self) -> "CleanRepo":
        """GitPython's view, for git's commands through ``repo.git``; tools.stage makes branches with it.

        GitPython looks for GIT_* in the environment when it is made: inside a hook, use run() instead.
        """
        from kpatch_tools.tools.gitpython import CleanRepo  # noqa: PLC0415 - most commands never need it

        made = CleanRepo(self.git_dir, expand_vars=False)
        cast("CleanGit", made.git).place = self._place
        cast("CleanGit", made.git).settings = self._settings
        return made

    @property
    def objects(self) -> Path:
        """The object store."""
        return self.common_dir / "objects"

    def borrow(self, other: "Repository") -> None:
        """Write: read missing objects from ``other`` (objects/info/alternates), cut where it is shallow.

        No attribute that a tree brings counts here: files are checked out as they are stored, and merged
        and compared as text.
        """
        _keep(self.common_dir / "info" / "attributes", _NO_ATTRIBUTES)
        shallow = other.common_dir / "shallow"
        _keep(self.objects / "info" / "alternates", os.fsencode(other.objects) + b"\n")
        _keep(self.common_dir / "shallow", shallow.read_bytes() if shallow.is_file() else b"")

    def run(
        self,
        *args: str,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        timeout: float = PLUMBING_TIMEOUT_S,
        memory: int = 0,
    ) -> RunResult:
        """Run ``git ARGS`` here and return how it ended; never raises for a bad exit code.

        ``memory`` is what git may have of its own, in bytes; 0 sets no limit.
        """
        environment = {**QUIET_ENVIRONMENT, **self._place, **(env or {})}
        return start(
            Command(
                argv=quiet_argv(*args, more=self._settings),
                timeout=timeout,
                cwd=self.path,
                env=environment,
                stdin=stdin,
                memory=memory,
            )
        )

    def ask(
        self, *args: str, stdin: bytes = b"", env: Mapping[str, str] | None = None, what: str = ""
    ) -> RunResult:
        """Run ``git ARGS`` here; ToolFailed with git's last lines when it fails."""
        return self.run(*args, stdin=stdin, env=env).ok_or_raise(what or f"git {args[0]} in {self.path}")

    def resolve(self, ref: str) -> str:
        """The full id of the commit that ``ref`` names; UserError when it names none."""
        found = self.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
        name = found.text.strip()
        if not found.ok or not name:
            if ref == "HEAD":
                raise UserError(
                    f"{self.path}: a git tree without a commit: there is nothing in it yet", cure=NAME_A_TREE
                )
            history = "log --oneline" if set(ref) & set("~^@") else "branch --all"
            raise UserError(
                f"{self.path}: {ref!r} names no commit here",
                cure=f"git -C {self.path} {history} lists what there is",
            )
        return name

    def head(self) -> str:
        """The commit that is checked out."""
        return self.resolve("HEAD")

    def tree_id(self, commit: str) -> str:
        """The id of a commit's tree."""
        return self.ask("rev-parse", "--verify", f"{commit}^{{tree}}").text.strip()

    def read_blob(self, commit: str, path: str) -> bytes | None:
        """The content of ``path`` (relative to the top) at ``commit``; None when there is no such file."""
        (found,) = self.read_objects([f"{commit}:{path}"])
        return found.data if found and found.kind == "blob" else None

    def read_objects(self, names: Iterable[str]) -> list[GitObject | None]:
        """The objects of that name ("<commit>:<path>", "<id>"), in order; None where there is none.

        Raises UserError for a name with a line break, which the protocol cannot carry.
        """
        wanted = list(names)
        if any("\n" in name or "\0" in name for name in wanted):
            raise UserError(
                "a path with a line break cannot be looked up", cure="name a path without a line break"
            )
        request = "".join(f"{name}\n" for name in wanted).encode("utf-8", "surrogateescape")
        answer = self.ask("cat-file", "--batch", stdin=request).stdout
        return list(_batch(answer, len(wanted), self.path))


def _keep(path: Path, data: bytes) -> None:
    """Give a file this content; other runs read it, so it is replaced whole and only when it differs.

    It is looked at whenever the repository is opened: what a power cut leaves of it is mended then.
    """
    if (path.read_bytes() if path.is_file() else b"") != data:
        write_atomic(path, data, durable=False)


def _batch(answer: bytes, count: int, where: Path) -> Iterator[GitObject | None]:
    stream = io.BytesIO(answer)
    for _ in range(count):
        header = stream.readline().decode(errors="replace").rstrip("\n")
        words = header.rsplit(" ", 2)
        if len(words) == 3 and words[2].isdecimal():
            data = stream.read(int(words[2]))
            if len(data) != int(words[2]) or stream.read(1) != b"\n":
                raise ToolFailed(f"{where}: git cat-file gave less than it announced for {words[0]}")
            yield GitObject(id=words[0], kind=words[1], data=data)
        elif header.endswith((" missing", " ambiguous")):
            yield None
        else:
            raise ToolFailed(f"{where}: git cat-file answered {header[:200]!r}")


def _find(path: Path, *, named: bool) -> Repository:
    try:
        reason = "" if path.is_dir() else "is not a folder" if path.exists() else "does not exist"
        if not reason and not os.access(path, os.R_OK | os.X_OK):
            reason = "you may not read it"
    except OSError as error:
        reason = error.strerror or "cannot be read"
    if reason:
        raise UserError(f"{path}: {reason}", cure=NAME_A_TREE)
    # The user's own configuration is heard: it says whose repositories are trusted.
    question = ("rev-parse", "--show-object-format", "--is-bare-repository", "--absolute-git-dir")
    only = () if named else ("safe.bareRepository=explicit",)
    asked = process.run(heard_command(*question, "--git-common-dir", "--show-toplevel", cwd=path, more=only))
    if asked.ended is Ended.NOT_FOUND:
        raise EnvironmentFault("git is not installed", cure="apt-get install git")
    answer = asked.stdout.decode(errors="surrogateescape").removesuffix("\n").split("\n")
    # Where there is no work tree, git has answered all the rest when it stops at the last question.
    if not asked.ok and len(answer) != 4:
        raise _refused(path, asked.error_text)
    if len(answer) != 4 + asked.ok:
        raise UserError(
            f"{path}: a git directory with a line break in its name cannot be used", cure="rename the folder"
        )
    object_format, bare, git_dir, common, *shown = answer
    top: Path | None = None
    if bare == "false":
        if shown:
            top = Path(shown[0])
        elif Path(git_dir).name == ".git":
            top = Path(git_dir).parent
    if top and not _leads_to(top / ".git", Path(git_dir)):
        raise UserError(
            f"{git_dir}: its configuration says that its work tree is {top}, which knows nothing of it",
            cure=f"git --git-dir={git_dir} config --unset core.worktree",
        )
    if not top and not named:
        raise _unnamed(path)
    return Repository(
        git_dir=Path(git_dir),
        common_dir=(path / common).resolve(),
        top=top,
        object_format=object_format,
    )


def _refused(path: Path, words: str) -> UserError:
    """Why git calls ``path`` no repository, by what it said."""
    if "dubious ownership" in words:
        return UserError(
            f"{path}: git does not trust this tree: it belongs to another user",
            cure=f"git config --global --add safe.directory {path.resolve()}",
        )
    if "safe.bareRepository" in words:
        return _unnamed(path)
    if (path / "Kconfig").is_file() and (path / "Makefile").is_file():
        return UserError(
            f"{path} is a kernel's source, but not a git tree",
            cure=f"cd {path} && git init && git add -f -A && git commit -m base",
        )
    return UserError(f"{path} is not a git tree", cure=NAME_A_TREE)


def _unnamed(path: Path) -> UserError:
    return UserError(
        f"{path} lies in a bare repository, which may be part of a tree from somebody else",
        cure="if it is yours, name it: --tree FOLDER",
    )


def _leads_to(link: Path, git_dir: Path) -> bool:
    """Whether a work tree's .git is that folder, or a file that names it (gitrepository-layout(5))."""
    if link.is_dir():
        return link.resolve() == git_dir.resolve()
    try:
        target = os.fsdecode(link.read_bytes()).removeprefix("gitdir: ").rstrip("\n")
    except OSError:
        return False
    return (link.parent / target).resolve() == git_dir.resolve()
