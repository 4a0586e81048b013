# SPDX-License-Identifier: GPL-2.0-only
"""The tree's own checkpatch.pl, run without a checkout.

The script and its word lists are read as blobs from the base commit, never from the series: a patch must not
choose its judge. The folder that it sees as kernel tree holds only what it needs. Left out on purpose are
spdxcheck.py, get_maintainer.pl and a repository: checkpatch hands them text of the patch through a shell.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kpatch_tools.errors import EnvironmentFault
from kpatch_tools.model.run import Command, Ended
from kpatch_tools.model.sandbox import Sandbox
from kpatch_tools.parse.checkpatch import Complaint, read_terse
from kpatch_tools.tools import process
from kpatch_tools.tools.git import Repository
from kpatch_tools.tools.gitrun import QUIET_ENVIRONMENT
from kpatch_tools.tools.private import private_folder

SCRIPT = "scripts/checkpatch.pl"
_HELPERS = ("scripts/spelling.txt", "scripts/const_structs.checkpatch", ".checkpatch.conf")
# By these it knows the top of a kernel tree (sub top_of_kernel_tree).
_TOP_FILES = ("COPYING", "CREDITS", "Kbuild", "MAINTAINERS", "Makefile", "README")
_TOP_FOLDERS = (
    "Documentation", "arch", "include", "drivers", "fs", "init", "ipc", "kernel", "lib", "scripts",
)  # fmt: skip
# Needs thousands of device tree bindings in the tree; and a repository, where rules of ours look.
LEFT_OUT = ("UNDOCUMENTED_DT_STRING",)
_OURS = ("UNKNOWN_COMMIT_ID",)
TIMEOUT_S = 600.0
_ASM_INCLUDE = re.compile(rb"^\+\s*#\s*include\s*<asm/([A-Za-z0-9_-]+)\.h>", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A patch as checkpatch is to read it; ``name`` is one file name without a folder."""

    name: str
    data: bytes


def run_checkpatch(store: Repository, commit: str, mails: Sequence[Mail]) -> dict[str, tuple[Complaint, ...]]:
    """Complaints of the checkpatch.pl of ``commit`` about each mail, by its name; one process for all.

    Raises EnvironmentFault when the commit has none or perl is missing, ToolFailed when it did not run to
    its end.
    """
    wanted = (SCRIPT, *_HELPERS)
    blobs = dict(zip(wanted, store.read_objects(f"{commit}:{path}" for path in wanted), strict=True))
    if blobs[SCRIPT] is None:
        raise EnvironmentFault(
            f"the base {commit[:12]} has no {SCRIPT}",
            cure="name a kernel tree: --tree ~/linux, or --tree debian:6.1",
        )
    with private_folder("kvet-checkpatch-") as folder:
        _lay_out(folder, {path: blob.data for path, blob in blobs.items() if blob and blob.kind == "blob"})
        _headers(folder, store, commit, mails)
        inbox = folder / "kvet-mails"
        inbox.mkdir()
        for mail in mails:
            (inbox / mail.name).write_bytes(mail.data)
        return _complaints(folder, mails)


def _complaints(folder: Path, mails: Sequence[Mail]) -> dict[str, tuple[Complaint, ...]]:
    ignored = [word for kind in (*LEFT_OUT, *_OURS) for word in ("--ignore", kind)]
    options = ("--strict", "--terse", "--show-types", "--no-summary", "--color=never", *ignored)
    names = [f"kvet-mails/{mail.name}" for mail in mails]
    result = process.run(
        Command(
            argv=("perl", SCRIPT, *options, *names),
            timeout=TIMEOUT_S,
            cwd=folder,
            # HOME holds the user's .checkpatch.conf, which would make the answer depend on the user.
            env={
                **QUIET_ENVIRONMENT,
                "HOME": str(folder),
                "GIT_DIR": str(folder / "kvet-no-repository"),
            },
            # A program of a tree reads a stranger's text.
            sandbox=Sandbox(readable=(folder,)),
        )
    )
    if result.ended is Ended.NOT_FOUND:
        raise EnvironmentFault("perl is not installed, checkpatch.pl needs it", cure="apt-get install perl")
    found = read_terse(result.text)
    # It exits 1 when it complained and 0 when not; a die or a syntax error is something else.
    if result.ended is not Ended.EXITED or result.returncode != bool(found) or result.stderr.strip():
        result.ok_or_raise("checkpatch.pl did not run to its end")
        raise EnvironmentFault(
            f"checkpatch.pl complained about itself: {result.tail[:300]}",
            cure="run scripts/checkpatch.pl of the tree by hand: it lacks something there",
        )
    return {mail.name: tuple(one for one in found if one.name.endswith(f"/{mail.name}")) for mail in mails}


def _lay_out(folder: Path, files: Mapping[str, bytes]) -> None:
    for path in _TOP_FOLDERS:
        (folder / path).mkdir()
    for path, data in {**dict.fromkeys(_TOP_FILES, b""), **files}.items():
        (folder / path).write_bytes(data)


def _headers(folder: Path, store: Repository, commit: str, mails: Sequence[Mail]) -> None:
    """The headers that a rule looks at: <linux/x.h> is asked for where a patch includes <asm/x.h>."""
    names = {found.decode() for mail in mails for found in _ASM_INCLUDE.findall(mail.data)}
    paths = sorted(f"include/linux/{name}.h" for name in names)
    if not paths:
        return
    (folder / "include/linux").mkdir()
    for path, blob in zip(paths, store.read_objects(f"{commit}:{path}" for path in paths), strict=True):
        if blob and blob.kind == "blob":
            (folder / path).write_bytes(blob.data)


def known_words(store: Repository, commit: str, words: Sequence[str]) -> frozenset[str]:
    """Those of ``words`` that occur as whole words below include/ at ``commit``.

    checkpatch excuses such names from CAMELCASE by reading all of include/, which is not laid out.
    """
    if not words:
        return frozenset()
    patterns = [item for word in words for item in ("-e", word)]
    found = store.run("grep", "-h", "-o", "-w", "-F", *patterns, commit, "--", "include")
    return frozenset(found.text.split()) & frozenset(words)
