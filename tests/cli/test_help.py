# SPDX-License-Identifier: GPL-2.0-only
"""Every command teaches: words for each option and argument, examples that parse, exit codes, 80 columns."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from kpatch_tools.cli import app
from kpatch_tools.cli.command import Command, Group

COLUMNS = 80


def commands(
    command: click.Command = app.cli, parent: click.Context | None = None
) -> Iterator[tuple[click.Command, click.Context]]:
    """The group, and every command below it, with a context that was not parsed."""
    name = "kvet" if parent is None else command.name
    context = click.Context(command, info_name=name, parent=parent, **command.context_settings)
    yield command, context
    if isinstance(command, click.Group):
        for one in command.list_commands(context):
            found = command.get_command(context, one)
            assert found is not None, one
            yield from commands(found, context)


EVERY = [pytest.param(*pair, id=pair[1].command_path.replace(" ", "-")) for pair in commands()]


def typed(line: str) -> list[list[str]]:
    """The words of each kvet command in an example, without pipes, redirections and substitutions."""
    return [shlex.split(found.rstrip('"')) for found in re.findall(r"(?<![\w/.-])kvet [^|&>;)]*", line)]


def faults(command: click.Command, context: click.Context) -> Iterator[str]:
    """What a command's help lacks."""
    if not isinstance(command, Command | Group):
        yield "is made by click alone: no examples, no exit codes"
        return
    if not command.help:
        yield "says nothing of itself"
    if not command.examples:
        yield "has no example"
    if isinstance(command, Command) and 0 not in command.exits:
        yield "does not say what exit code 0 means"
    for param in command.get_params(context):
        if isinstance(param, click.Argument):
            text, name = param.help or "", param.human_readable_name
        else:
            assert isinstance(param, click.Option)
            text, name = param.help or "", param.opts[-1]
            shown = param.show_default or isinstance(param.default, bool)
            if isinstance(param.default, str | int | tuple | Path) and param.default and not shown:
                yield f"{name} does not show its default"
        if not text:
            yield f"{name} has no help"
        if re.match(r"[A-Z][a-z]", text) and not re.match(r"(?:Sphinx|Debian|URL)\b", text):
            yield f"{name}: the help begins like a sentence: {text}"
        if text.endswith("."):
            yield f"{name}: the help ends like a sentence: {text}"


@pytest.mark.parametrize(("command", "context"), EVERY)
def test_every_command_teaches(command, context):
    assert list(faults(command, context)) == []


@pytest.mark.parametrize(("command", "context"), EVERY)
def test_the_help_fits_a_terminal(command, context, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(COLUMNS))
    wide = [line for line in command.get_help(context).splitlines() if len(line) > COLUMNS]
    assert wide == []


@pytest.mark.parametrize(("command", "context"), EVERY)
def test_the_examples_parse_and_are_of_this_command(command, context, monkeypatch):
    # The files of an example are the reader's.
    monkeypatch.setattr(click.Path, "convert", lambda _self, value, _param, _context: value)
    for line, meaning in command.examples:
        assert meaning
        assert len(line) <= COLUMNS - 4, line
        paths = [parsed(words).command_path for words in typed(line)]
        assert any(path.startswith(context.command_path) for path in paths), line


def parsed(words: list[str]) -> click.Context:
    """The context of the command that these words name, with every parameter read and nothing run."""
    command, context = app.cli, app.cli.make_context("kvet", words[1:])
    while isinstance(command, click.Group):
        rest = [*context._protected_args, *context.args]
        name, found, args = command.resolve_command(context, rest)
        assert name
        assert found
        context = found.make_context(name, args, parent=context)
        command = found
    return context


def test_a_wrong_example_is_seen():
    for line in ("kvet revue x", "kvet review x --trees y", "kvet render pdf --from x", "kvet review"):
        with pytest.raises(click.UsageError):
            parsed(*typed(line))
    (words,) = typed("cd $(kvet tree get debian:6.12 --print-path)")
    assert parsed(words).params["spec"] == "debian:6.12"


def test_a_command_that_does_not_teach_is_seen():
    @click.command("poor", cls=Command)
    @click.argument("what")
    @click.option("--size", default=3, help="How large.")
    @click.option("--bare")
    def poor(**_given):
        pass

    told = list(faults(poor, click.Context(poor, info_name="poor")))
    assert told == [
        "says nothing of itself",
        "has no example",
        "does not say what exit code 0 means",
        "WHAT has no help",
        "--size does not show its default",
        "--size: the help begins like a sentence: How large.",
        "--size: the help ends like a sentence: How large.",
        "--bare has no help",
    ]
    assert list(faults(click.Command("plain"), click.Context(click.Command("plain")))) == [
        "is made by click alone: no examples, no exit codes"
    ]


@pytest.mark.parametrize(
    ("words", "cure"),
    [
        (["reveiw"], "did you mean review?"),
        (["docs", "chek"], "did you mean check?"),
        (["review", "x", "--tre", "y"], "did you mean --tree?"),
        (["review", "x", "--format", "jsn"], "did you mean json?"),
        (["review"], "for example: kvet review "),
        (["review", "a", "b"], "the form is: kvet review [OPTIONS] SERIES"),
        (["review", "x", "--xyzzy"], "kvet review --help"),
        (["review", "x", "--format", "xyzzy"], "one of text, json, "),
        (["review", "x", "--jobs", "0"], "a whole number from 1 on"),
        (["review", "x", "--jobs", "x"], "a whole number from 1 on"),
        (["plan", "x", "--jobs-most", "0"], "a whole number from 1 to "),
        (["review", "x", "--state", __file__], "name a folder"),
        (["collect", "no-such-folder", "--plan", "x"], "name a folder that is there"),
        (["plan", "x", "-o", "/"], "name a file"),
        (["completion", "tcsh"], "one of bash, zsh, fish"),
        (["xyzzy"], "kvet --help lists the commands"),
    ],
)
def test_wrong_usage_names_the_near_word(words, cure, capsys):
    assert app.run(words) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    first, second = shown.err.splitlines()
    assert first.startswith("kvet")
    assert second.startswith(f"  cure: {cure}")


def test_wrong_usage_cannot_rewrite_the_screen(capsys):
    assert app.run(["review", "x", "--\x1b[2J"]) == 2
    assert "\x1b" not in capsys.readouterr().err


def test_a_group_alone_shows_its_help(capsys):
    assert app.run(["series"]) == 2
    assert "Examples:" in capsys.readouterr().err


def test_the_first_examples_work(capsys):
    for line, _meaning in app.EXAMPLES:
        if "debian:" not in line and "demo" not in line:
            assert app.run(shlex.split(line)[1:]) == 0
            assert capsys.readouterr().out
