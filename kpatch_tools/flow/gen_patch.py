# SPDX-License-Identifier: GPL-2.0-only
"""A generated selftest as a patch for its tree."""

from collections.abc import Callable
from pathlib import Path

from kpatch_tools.errors import UserError
from kpatch_tools.flow.dialect import SELFTESTS, choose_dialect, in_form
from kpatch_tools.flow.generate import generate
from kpatch_tools.generate.patch import body, ignored, listed, subject
from kpatch_tools.model.contract import Contract
from kpatch_tools.model.dialect import Dialect, Form
from kpatch_tools.tools.formatpatch import mail_of
from kpatch_tools.tools.git import Repository
from kpatch_tools.tools.identity import user
from kpatch_tools.tools.kept import store_for


def make_patch(contract: Contract, tree: Path, *, commit: str = "", form: Form = "classic") -> str:
    """The mail that adds the test of ``contract`` to HEAD of ``tree``, or brings it up to date there.

    ``commit`` is a full id to start from instead, of the tree or of its store. "" when all of it is there.
    Nothing in the tree is touched. Raises UserError for what is no git tree or has an unknown selftest
    library, EnvironmentFault when git does not know who signs.
    """
    own = Repository.open(tree)
    repository = Repository.open(store_for(tree)) if commit else own
    base = commit or own.head()

    def read(path: str) -> str | None:
        blob = repository.read_blob(base, path)
        try:
            return None if blob is None else blob.decode()
        except UnicodeDecodeError as error:
            raise UserError(
                f"{tree}: {path} is no UTF-8", cure="convert the file to UTF-8 in the tree, and commit that"
            ) from error

    dialect = in_form(choose_dialect(read, f"{tree} at {base[:12]}"), form, read)
    sources = generate(contract, dialect)
    wanted = {f"{SELFTESTS}/{name}": text for name, text in sources.items()}
    replaces = any(read(path) is not None for path in wanted)
    for name in sources:
        wanted |= _lists(dialect, name.removesuffix(".c"), wanted, read)
    changed = {path: text for path, text in wanted.items() if read(path) != text}
    if not changed:
        return ""
    author = user(tree, named=True)
    message = "\n".join(
        (
            subject(contract, replaces=replaces),
            "",
            body(contract, replaces=replaces),
            f"Signed-off-by: {author}\n",
        )
    )
    return mail_of(repository, base, changed, message=message, author=author)


def _lists(
    dialect: Dialect, program: str, done: dict[str, str], read: Callable[[str], str | None]
) -> dict[str, str]:
    """Makefile and .gitignore with that program, where the tree has them; ``done`` are earlier changes."""
    makefile, ignore = f"{SELFTESTS}/{dialect.makefile}", f"{SELFTESTS}/.gitignore"
    texts = {path: done.get(path) or read(path) for path in (makefile, ignore)}
    try:
        changed = {makefile: listed(texts[makefile] or "", dialect.makefile_variable, program)}
        if text := texts[ignore]:
            changed[ignore] = ignored(text, program)
    except ValueError as error:
        raise UserError(
            f"there is no place to enter {program} in {SELFTESTS}: {error}",
            cure="enter it by hand: kvet gen CONTRACT --out FOLDER writes the test alone",
        ) from error
    return changed
