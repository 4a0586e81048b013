# SPDX-License-Identifier: GPL-2.0-only
"""The manual pages: made from the commands, and read by man, groff and mandoc without a word."""

import re
import shutil
from pathlib import Path

import pytest

import kpatch_tools
from kpatch_tools.cli import app
from kpatch_tools.cli.manual import manual
from kpatch_tools.model.manual import Block, Entry, Manual
from kpatch_tools.model.run import Command
from kpatch_tools.render.escape import roff
from kpatch_tools.render.manpage import ENVIRONMENT, pages
from kpatch_tools.tools import process

DATE = "2024-01-01"


@pytest.fixture(scope="module")
def every():
    return pages(manual(), tool="kvet 1.0", date=DATE)


def test_there_is_a_page_for_each_command(every):
    assert set(every) == {"kvet.1", *(f"kvet-{name}.1" for name in app.COMMANDS)}


def test_a_page_says_what_the_help_says(every):
    text = every["kvet-docs.1"]
    for words in ("KVET DOCS CHECK", "\\-\\-baseline FILE", "kvet docs fix", "Exit status"):
        assert words in text
    assert "\\-h, \\-\\-help" in every["kvet-review.1"]
    assert '.TH KVET 1 "2024-01-01" "kvet 1.0"' in every["kvet.1"]


@pytest.mark.parametrize(
    "argv",
    [
        ("man", "--warnings", "-E", "UTF-8", "-l"),
        ("groff", "-ww", "-man", "-Tutf8", "-z"),
        ("mandoc", "-Tlint", "-Wwarning"),
    ],
    ids=lambda argv: argv[0],
)
def test_the_readers_have_nothing_to_say(every, argv, tmp_path):
    if not shutil.which(argv[0]):
        pytest.skip(f"no {argv[0]} here")
    for name, text in every.items():
        (tmp_path / name).write_text(text)
        done = process.run(
            Command(
                argv=(*argv, name), cwd=tmp_path, timeout=60, env={"MANPAGER": "cat", "LC_ALL": "C.UTF-8"}
            )
        )
        complaints = done.error_text + (done.text if argv[0] == "mandoc" else "")
        assert (complaints, done.ok) == ("", True), name


def test_every_variable_that_kvet_asks_for_is_told():
    package = Path(kpatch_tools.__file__).parent
    asked = {
        name
        for path in package.rglob("*.py")
        for name in re.findall(r"(?<![A-Z_])KVET_[A-Z]+", path.read_text())
    }
    assert {"KVET_LORE", "KVET_ORIGIN"} <= asked
    assert asked <= {entry.typed for entry in ENVIRONMENT}
    site = (package.parent / "docs" / "reference" / "configuration.rst").read_text()
    assert all(f"``{name}``" in site for name in asked)


def test_nothing_of_a_text_is_taken_for_a_request(tmp_path):
    """A line that begins with a dot or a quote, a backslash, a macro's name."""
    hostile = ".so /etc/passwd"
    odd = Manual(
        name="kvet odd",
        summary="'br \\fB .de",
        usage="kvet odd",
        about=(Block(text=f"{'word ' * 14}{hostile}"), Block(text=hostile, literal=True)),
        options=(
            Entry(typed='eval "x y"', text="q"),
            Entry(typed=".B", text="\\n(.$ 'quoted' \x1b[2J"),
        ),
        exits=(Entry(typed="0", text="."),),
    )
    top = Manual(name="kvet", summary="s", usage="kvet", about=(Block(text="a"),), commands=(odd,))
    text = pages(top, tool="t", date=DATE)["kvet-odd.1"]
    assert "\x1b" not in text
    known = ('.\\"', ".TH", ".nh", ".ad", ".SH", ".B ", ".BR", ".PP", ".RS", ".RE", ".nf", ".fi", ".TP")
    assert all(line.startswith(known) for line in text.splitlines() if line.startswith((".", "'")))
    (tmp_path / "odd.1").write_text(text)
    shown = process.run(Command(argv=("groff", "-man", "-Tascii", "-P-c", "odd.1"), cwd=tmp_path, timeout=60))
    if shown.ok:
        assert shown.text.count(hostile) == 2
        assert "\\fB" in shown.text.replace("\b", "")
        assert 'eval "x y"' in re.sub(".\b", "", shown.text)


def test_the_escape_of_a_manual_page():
    assert roff(".x") == "\\&.x"
    assert roff('eval "$(x)"') == "eval \\(dq$(x)\\(dq"
    assert roff("-a 'b' `c` ~ ^ \\") == "\\-a \\(aqb\\(aq \\(gac\\(ga \\(ti \\(ha \\e"


def test_pages_are_printed_and_written(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1704067200")
    assert app.run(["man", "review"]) == 0
    assert '.TH KVET\\-REVIEW 1 "2024-01-01"' in capsys.readouterr().out
    assert app.run(["man", "-o", str(tmp_path / "man1")]) == 0
    assert (tmp_path / "man1" / "kvet-docs.1").is_file()
    assert app.run(["man", "xyzzy"]) == 2
    assert app.run(["man", "review", "-o", str(tmp_path)]) == 2
    (tmp_path / "file").touch()
    assert app.run(["man", "-o", str(tmp_path / "file" / "below")]) == 2
    assert "cure: name a file, in a folder that you can write to" in capsys.readouterr().err
