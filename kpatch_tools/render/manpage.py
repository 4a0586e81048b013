# SPDX-License-Identifier: GPL-2.0-only
"""A Manual as pages for man(1): kvet.1, and one page for each command with those below it."""

import textwrap
from collections.abc import Iterable, Iterator, Mapping

from kpatch_tools.model.manual import Block, Entry, Manual
from kpatch_tools.render.escape import roff

ENVIRONMENT = (
    Entry(typed="KVET_LORE", text="the mail archive that b4 asks, instead of lore.kernel.org"),
    Entry(typed="KVET_ORIGIN", text="the name of your CI system in KernelCI, for the format kcidb"),
    Entry(
        typed="XDG_CACHE_HOME", text="where kvet/ is the cache: trees, kernels, what was read; safe to delete"
    ),
    Entry(typed="TMPDIR", text="where a run has its private folder, gone at its end"),
)
FILES = (
    Entry(typed=".kvet/runs/", text="what runs leave: report.json, report.html, reply.mbox, logs/"),
    Entry(typed="~/.cache/kvet/", text="the cache"),
)


def pages(manual: Manual, *, tool: str, date: str) -> Mapping[str, str]:
    """The text of each page by its file name; ``tool`` is "kvet 0.1.0", ``date`` the page's as YYYY-MM-DD."""
    made = {"kvet.1": _page(manual, _top(manual), tool=tool, date=date)}
    for command in manual.commands:
        body = [*_body(command), *(line for inner in command.commands for line in _inner(inner))]
        see = (".SH SEE ALSO", ".BR kvet (1)")
        made[f"{_title(command)}.1"] = _page(command, [*body, *see], tool=tool, date=date)
    return made


def _title(manual: Manual) -> str:
    return manual.name.replace(" ", "-")


def _page(manual: Manual, body: Iterable[str], *, tool: str, date: str) -> str:
    head = (
        '.\\" made by kvet man',
        f'.TH {roff(_title(manual).upper())} 1 "{date}" "{roff(tool)}" "kvet"',
        ".nh",
        ".ad l",
        ".SH NAME",
        f"{roff(_title(manual))} \\- {roff(manual.summary)}",
        ".SH SYNOPSIS",
        f".B {roff(manual.usage)}",
    )
    return "\n".join([*head, *body]) + "\n"


def _top(manual: Manual) -> Iterator[str]:
    yield ".SH DESCRIPTION"
    yield from _blocks(manual.about)
    yield ".SH COMMANDS"
    for title, entries in manual.groups:
        yield f".SS {roff(title)}"
        for entry in entries:
            yield from (".TP", f".BR kvet\\-{roff(entry.typed)} (1)", *_running(entry.text))
    yield from _list("OPTIONS", manual.options)
    yield from _examples("EXAMPLES", manual.examples)
    yield from _list("EXIT STATUS", manual.exits)
    yield from _list("ENVIRONMENT", ENVIRONMENT)
    yield from _list("FILES", FILES)
    yield ".SH SEE ALSO"
    names = [f".BR kvet\\-{roff(one.name.rpartition(' ')[2])} (1)" for one in manual.commands]
    yield from (f"{name}," if at < len(names) - 1 else name for at, name in enumerate(names))


def _body(manual: Manual) -> Iterator[str]:
    yield ".SH DESCRIPTION"
    yield from _blocks(manual.about)
    if not manual.commands:
        yield from _list("ARGUMENTS", manual.arguments)
        yield from _list("OPTIONS", manual.options)
    yield from _examples("EXAMPLES", manual.examples)
    if manual.exits:
        yield from _list("EXIT STATUS", manual.exits)


def _inner(manual: Manual) -> Iterator[str]:
    yield f".SH {roff(manual.name.upper())}"
    yield f".B {roff(manual.usage)}"
    yield ".PP"
    yield from _blocks(manual.about)
    for title, entries in (("Arguments", manual.arguments), ("Options", manual.options)):
        if entries:
            yield f".SS {title}"
            yield from _entries(entries)
    if manual.examples:
        yield ".SS Examples"
        yield from _commands(manual.examples)
    yield ".SS Exit status"
    yield from _entries(manual.exits)


def _list(title: str, entries: tuple[Entry, ...]) -> Iterator[str]:
    if entries:
        yield f".SH {title}"
        yield from _entries(entries)


def _entries(entries: tuple[Entry, ...]) -> Iterator[str]:
    for entry in entries:
        yield from (".TP", f".B {roff(entry.typed)}", *_running(entry.text))


def _examples(title: str, examples: tuple[Entry, ...]) -> Iterator[str]:
    if examples:
        yield f".SH {title}"
        yield from _commands(examples)


def _commands(examples: tuple[Entry, ...]) -> Iterator[str]:
    for example in examples:
        yield from (".TP", f".B {roff(example.typed)}", *_running(example.text))


def _blocks(blocks: tuple[Block, ...]) -> Iterator[str]:
    for at, block in enumerate(blocks):
        if at:
            yield ".PP"
        if block.literal:
            yield from (".RS 4", ".nf", *map(roff, block.text.splitlines()), ".fi", ".RE")
        else:
            yield from _running(block.text)


def _running(text: str) -> Iterator[str]:
    """Text that man fills, in lines that one can read in the source too."""
    for line in textwrap.wrap(roff(text), 78, break_long_words=False, break_on_hyphens=False):
        yield f"\\&{line}" if line.startswith(".") else line
