# SPDX-License-Identifier: GPL-2.0-only
"""One commit as a mail, made by git itself in a repository of its own that borrows the tree's objects."""

from collections.abc import Mapping

from kpatch_tools.model.series import Person
from kpatch_tools.tools.git import Repository
from kpatch_tools.tools.private import private_folder

_OPTIONS = (
    "--stdout",
    "--zero-commit",
    "--signature=kvet",
    "--subject-prefix=PATCH",
    "--no-renames",
    "--diff-algorithm=myers",
    "--abbrev=12",
    "--stat=72",
    "--unified=3",
    "--src-prefix=a/",
    "--dst-prefix=b/",
)


def mail_of(source: Repository, base: str, files: Mapping[str, str], *, message: str, author: Person) -> str:
    """The patch that gives ``files`` (path below the top -> text) their content on ``base``, as a mail.

    In the form of `git format-patch`; without a Date line, so that the same input gives the same bytes (git
    send-email writes one, git am takes the time of the day). ``message`` has the subject in its first line.
    Neither the work tree nor the object store of ``source`` is written.
    """
    with private_folder("kvet-patch-") as folder:
        store = Repository.create(folder / "store.git", borrow=source)
        index = {"GIT_INDEX_FILE": str(folder / "index")}
        store.ask("read-tree", base, env=index, what=f"cannot read the tree of {base[:12]}")
        for path, text in files.items():
            blob = store.ask("hash-object", "-w", "--stdin", stdin=text.encode()).text.strip()
            store.ask("update-index", "--add", "--cacheinfo", f"100644,{blob},{path}", env=index)
        tree = store.ask("write-tree", env=index).text.strip()
        identity = {
            f"GIT_{who}_{what}": value
            for who in ("AUTHOR", "COMMITTER")
            for what, value in (("NAME", author.name), ("EMAIL", author.email), ("DATE", "@0 +0000"))
        }
        made = store.ask("commit-tree", tree, "-p", base, stdin=message.encode(), env=identity).text.strip()
        mail = store.ask("format-patch", *_OPTIONS, f"{made}^!").text
    head, blank, rest = mail.partition("\n\n")
    kept = (line for line in head.split("\n") if not line.startswith("Date: "))
    return "\n".join(kept) + blank + rest
