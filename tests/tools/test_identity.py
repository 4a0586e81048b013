# SPDX-License-Identifier: GPL-2.0-only
"""Who the user is: what git hears for an author, and what it sends a mail from."""

from collections.abc import Callable
from pathlib import Path

import pytest

from kpatch_tools.errors import EnvironmentFault
from kpatch_tools.model.series import Person
from kpatch_tools.tools.identity import user

ANN = Person(name="Ann User", email="ann@example.org")


@pytest.fixture
def tree(
    git_tree: Callable[..., Path], git: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    for name in ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL"):
        monkeypatch.delenv(name, raising=False)
    made = git_tree({"x": b"x\n"})
    git(made, "config", "user.name", ANN.name)
    git(made, "config", "user.email", ANN.email)
    return made


def test_the_configuration_names_author_and_sender(tree: Path) -> None:
    assert user(tree) == user(tree, sends=True) == ANN


def test_author_settings_and_the_environment_come_first_as_for_git_commit(
    tree: Path, git: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    git(tree, "config", "author.email", "author@example.org")
    assert user(tree) == Person(name=ANN.name, email="author@example.org")
    monkeypatch.setenv("GIT_AUTHOR_EMAIL", "env@example.org")
    assert user(tree) == user(tree, sends=True) == Person(name=ANN.name, email="env@example.org")
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Env")
    assert user(tree) == Person(name="Env", email="env@example.org")


def test_a_bare_repository_has_its_say_where_it_is_named(
    tree: Path, git: Callable[..., str], tmp_path: Path
) -> None:
    git(tmp_path, "clone", "--quiet", "--bare", str(tree), "bare.git")
    git(tmp_path / "bare.git", "config", "user.name", "Bare")
    git(tmp_path / "bare.git", "config", "user.email", "bare@example.org")
    assert user(tmp_path / "bare.git", named=True) == Person(name="Bare", email="bare@example.org")
    with pytest.raises(EnvironmentFault, match=r"git has no user\.name and user\.email"):
        user(tmp_path / "bare.git")


@pytest.mark.parametrize(
    ("setting", "wanted"),
    [
        ("Ann at Work <work@example.org>", Person(name="Ann at Work", email="work@example.org")),
        ("work@example.org", Person(name=ANN.name, email="work@example.org")),
    ],
)
def test_a_mail_goes_out_from_where_git_send_email_sends_and_a_patch_keeps_its_author(
    tree: Path, git: Callable[..., str], setting: str, wanted: Person
) -> None:
    git(tree, "config", "sendemail.from", setting)
    assert user(tree, sends=True) == wanted
    assert user(tree) == ANN


@pytest.mark.parametrize("setting", ["nobody", "Ann <>", "a b"])
def test_a_sender_that_is_no_address_is_told_with_its_key(
    tree: Path, git: Callable[..., str], setting: str
) -> None:
    git(tree, "config", "sendemail.from", setting)
    with pytest.raises(EnvironmentFault, match=r"sendemail\.from is no mail address"):
        user(tree, sends=True)
    assert user(tree) == ANN


def test_what_is_missing_is_named_and_nothing_is_guessed(tree: Path, git: Callable[..., str]) -> None:
    git(tree, "config", "--unset", "user.email")
    with pytest.raises(EnvironmentFault, match=r"git has no user\.email, and") as caught:
        user(tree)
    assert "git config --global user.name" in caught.value.cure
    git(tree, "config", "--unset", "user.name")
    with pytest.raises(EnvironmentFault, match=r"git has no user\.name and user\.email"):
        user(tree, sends=True)
    git(tree, "config", "sendemail.from", "Ann User <ann@example.org>")
    assert user(tree, sends=True) == ANN
