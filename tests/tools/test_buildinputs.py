# SPDX-License-Identifier: GPL-2.0-only
"""What a build reads: the claim "same kernel" hangs on it."""

import pytest

from kpatch_tools.tools.buildinputs import changed_inputs, is_read
from kpatch_tools.tools.git import Repository


@pytest.mark.parametrize(
    ("path", "read"),
    [
        ("Documentation/virt/kvm/api.rst", False),
        ("Documentation/Kconfig", True),
        ("Documentation/Makefile", True),
        ("Documentation/a/Kconfig.debug", True),
        ("tools/testing/selftests/kvm/x.c", False),
        ("tools/objtool/check.c", True),
        ("tools/include/linux/x.h", True),
        ("tools/testingground/x.c", True),
        ("MAINTAINERS", False),
        ("arch/MAINTAINERS", True),
        ("virt/kvm/README.rst", True),
        ("Makefile", True),
        (".gitignore", True),
    ],
)
def test_a_path(path, read):
    assert is_read(path) is read


def test_two_commits(git_tree, git):
    tree = git_tree({"a.c": b"1", "Documentation/a.rst": b"1", "tools/testing/x.c": b"1", "Makefile": b"1"})
    base = git(tree, "rev-parse", "HEAD")
    (tree / "Documentation/a.rst").write_bytes(b"2")
    (tree / "tools/testing/x.c").write_bytes(b"2")
    git(tree, "commit", "-qam", "text")
    text = git(tree, "rev-parse", "HEAD")
    git(tree, "mv", "Documentation/a.rst", "b.c")
    (tree / "a.c").chmod(0o755)
    git(tree, "commit", "-qam", "code")
    repository = Repository.open(tree)
    assert changed_inputs(repository, base, text) == ()
    # A new mode and a file that comes out of a folder nobody reads count.
    assert changed_inputs(repository, text, git(tree, "rev-parse", "HEAD")) == ("a.c", "b.c")
