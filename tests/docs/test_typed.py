# SPDX-License-Identifier: GPL-2.0-only
"""What a reader is told to type can be typed: every command of README and docs/ parses, and many are run."""

import re
import shlex
import shutil
from collections.abc import Iterator

import click
import pytest

from kpatch_tools.cli import app
from tests import screens
from tests.cli.test_help import parsed, typed

DOCS = screens.CHECKOUT / "docs"
PAGES = [screens.CHECKOUT / "README.md", *sorted(DOCS.glob("**/*.rst"))]
_PROMPT = re.compile(r"^ {3,4}\$ ((?:.*\\\n)*.*)", re.MULTILINE)
_BARE = re.compile(r"^ {4}(?:\.venv/bin/)?(kvet .*)", re.MULTILINE)
_SHOWN = re.compile(r"literalinclude:: (?:\.\./)?screens/(\S+)\.txt")
_INLINE = re.compile(r"`{1,2}(kvet [^`]+)`{1,2}")
# What needs a network, a kernel or a person; the rest of the tutorial is typed in a new home.
APART = ("ci/bootstrap", ". .venv", "cd", "mutt", "kvet series fetch", "kvet review kvm-map-memory/v2")


def lines(text: str) -> list[str]:
    """The command lines that a page shows, without the prompt, in one line each."""
    found = [match.replace("\\\n", " ") for match in _PROMPT.findall(text) + _BARE.findall(text)]
    return [re.sub(r"  +#.*| \\\s+", " ", line).strip() for line in found]


def commands(text: str) -> Iterator[str]:
    """Every command line of kvet's on a page."""
    for line in lines(text):
        line = re.sub(r"\$\((?!kvet )[^)]*\)", "X", line)  # noqa: PLW2901 - what another program prints
        yield from (shlex.join(words) for words in typed(line))


def inline(text: str) -> Iterator[tuple[str, list[str]]]:
    """Each command in running text as a path ("kvet docs check") with the options that are named with it."""
    for shown in _INLINE.findall(text.replace("\n   ", " ")):
        words = re.sub(r"[][|,()]|\\", " ", shown).split()
        command: click.Command | None = app.cli
        group: click.Command = app.cli
        known, wrong = {"--help", "-h", "--version"}, list[str]()
        for word in words[1:]:
            if not isinstance(command, click.Group) or word.isupper() or word.startswith("-"):
                break
            command = command.get_command(click.Context(command), word)
            if command is None:
                wrong.append(word)
                break
            # "show / check X [--ledger]" names two commands, and an option of one of them.
            every = [command]
            if "/" in words and isinstance(group, click.Group):
                every += filter(None, (group.get_command(click.Context(group), other) for other in words))
            known |= {
                name for one in every for param in one.params for name in (*param.opts, *param.secondary_opts)
            }
            group = command
        wrong += [word for word in words if word.startswith("-") and len(word) > 1 and word not in known]
        yield shown, wrong


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_parses(page, monkeypatch):
    monkeypatch.setattr(click.Path, "convert", lambda _self, value, _param, _context: value)
    text = page.read_text()
    for line in commands(text):
        parsed(shlex.split(line))
    assert [(shown, wrong) for shown, wrong in inline(text) if wrong] == []


def test_most_pages_have_commands():
    assert sum(1 for page in PAGES for _ in commands(page.read_text())) > 15
    assert sum(1 for page in PAGES for _ in inline(page.read_text())) > 40


def test_a_wrong_command_is_seen(monkeypatch):
    monkeypatch.setattr(click.Path, "convert", lambda _self, value, _param, _context: value)
    text = "   $ kvet reveiw x\n\n    kvet review x --trees y\n"
    for line in commands(text):
        with pytest.raises(click.UsageError):
            parsed(shlex.split(line))
    assert len(list(commands(text))) == 2
    assert [wrong for _shown, wrong in inline("``kvet reveiw`` `kvet review X --tre Y [--per-patch]`")] == [
        ["reveiw"],
        ["--tre"],
    ]


def tutorial() -> Iterator[str]:
    """What the tutorial has typed, in its order; what a screen shows was typed as well."""
    text = (DOCS / "tutorial.rst").read_text()
    told = set()
    for found in re.finditer(f"(?:{_PROMPT.pattern})|(?:{_SHOWN.pattern})", text, re.MULTILINE):
        line = found[1] or screens.read(found[2])[0]
        if line not in told:
            yield line
        told.add(line)


def test_the_tutorial_can_be_typed_from_its_start_to_its_end(tmp_path):
    """In a home without anything, not even git's identity."""
    order = list(tutorial())
    run = [line for line in order if not line.startswith(APART)]
    assert [line.split()[0] for line in run].count("kvet") >= 4
    for line in run:
        shown = screens.take(f"{line}; echo ended with $?", tmp_path)
        *_said, ended = shown.splitlines()
        assert ended in {"ended with 0", "ended with 1"}, f"{line}\n{shown}"
        assert "a fault in kvet" not in shown
        assert "\n  cure: " not in shown, f"{line}\n{shown}"
    assert "In-Reply-To: " in next(tmp_path.glob("kvet-demo/state/runs/*/reply.mbox")).read_text()


@pytest.fixture(scope="module")
def linux(tmp_path_factory):
    """A home with a tree that has an origin, and a change to its document."""
    home = screens.world(tmp_path_factory.mktemp("home"))
    for line in (
        "kvet demo",
        "git clone --quiet kvet-demo/tree linux",
        "git -C linux switch --quiet --create topic",
        "git -C linux am --quiet ~/kvet-demo/map-ahead/0001-*.patch",
        "git -C linux branch --force master origin/main",
        "git -C linux update-ref refs/remotes/origin/master origin/main",
    ):
        shown = screens.take(f"{line}; echo ended with $?", home)
        assert shown.endswith("ended with 0\n"), shown
    shutil.copy(DOCS / "examples" / "kvm_warm_range.toml", home / "linux")
    return home


@pytest.mark.parametrize("page", ["README.md", "docs/howto/ci.rst", "docs/howto/contract.rst"])
def test_what_needs_neither_kernel_nor_network_runs(page, linux):
    text = (screens.CHECKOUT / page).read_text()
    wanted = re.compile(r"kvet (?:docs check|render|demo|contract show|series diff kvm\S+ kvm\S+ --summary)")
    run = [
        line for line in lines(text) if wanted.match(line.replace(".venv/bin/", "")) and "debian:" not in line
    ]
    assert run
    for line in run:
        shown = screens.take(f"cd linux; {line}; echo ended with $?", linux)
        assert re.search(r"ended with [01]$", shown.rstrip()), f"{line}\n{shown}"
        assert "a fault in kvet" not in shown
