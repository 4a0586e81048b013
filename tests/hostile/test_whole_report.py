# SPDX-License-Identifier: GPL-2.0-only
"""A series whose every word is hostile, from its mails to each form that its report is shown in."""

import base64
import contextlib
import email
import email.policy
import json
import mailbox
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from kpatch_tools.cli import app
from kpatch_tools.render import FORMATS
from kpatch_tools.render.escape import terminal
from tests.flow.test_hostile_replies import HEADERS
from tests.hostile import fakekernel
from tests.hostile.traps import git
from tests.render.test_hostile_reports import controls

SHA = "1da177e4c3f41524e886b7f1b8a0c1fc7321cac2"
EVIL = (
    "\x1b]0;owned\x07\x1b[2J\x9b31m \u202eabc\u2066 \u2028\u2029\x85 ::error file=a::owned "
    "##[error]x %0A::error::x "
    ']]> <script>alert(1)</script> "><img src=x onerror=alert(1)> [t](javascript:1) '
    "![p](https://e.example/x.png) "
    f"@someone #123 GH-123 {SHA} <details> ``` `a` \ufeff\xad\u200b\U000e0041 \x0b\x0c\x1c\x7f"
)
# Names that git takes; those with control characters are refused with the whole series.
NAMES = (
    "::error file=x::y.c",
    "dir/`code`|@someone.c",
    'q"uo<script>.c',
    "bidi\u202e.c",
    "%0A%0D.c",
    "Documentation/\u202e@a.rst",
    "include/uapi/linux/\u2028x.h",
    "[l](javascript:a).c",
    "bad\udcff.c",
    "https:foo.c",
    "-leading.c",
    "scripts/$(touch pwn).sh",
)
CODE = (
    b"int x;   ",
    b"#error " + EVIL.encode(),
    b"\xff\xfe bad \xed\xa0\x80",
    b"// " + b"word " * 3000,
    b'"' * 3000,
    b"x\ry",
)
DOCUMENT = (
    b"Title " + EVIL.encode(),
    b"=",
    b"",
    b":c:type:`foo\x1b[31m` `link <javascript:alert(1)>`_ @someone",
    b"|x| *unbalanced ``x " + EVIL.encode(),
)
MARKS = ("<script", "<img", "@someone", "GH-123", SHA, "](javascript", "```")


def encoded(text: str) -> str:
    return f"=?utf-8?b?{base64.b64encode(text.encode()).decode()}?="


def quoted(name: str) -> str:
    """A name as git writes it in a diff."""
    octets = name.encode("utf-8", "surrogateescape")
    return "".join(chr(one) if 31 < one < 127 and one not in b'"\\' else f"\\{one:03o}" for one in octets)


def added(name: str, lines: tuple[bytes, ...]) -> bytes:
    shown = quoted(name)
    section = EVIL.translate(dict.fromkeys(map(ord, "\x0b\x0c\x1c\x85\u2028\u2029")))
    head = (
        f'diff --git "a/{shown}" "b/{shown}"\nnew file mode 100644\nindex 000000000000..111111111111\n'
        f'--- /dev/null\n+++ "b/{shown}"\n@@ -0,0 +1,{len(lines)} @@ {section}\n'
    )
    return head.encode() + b"".join(b"+" + line + b"\n" for line in lines)


def mail(number: int, subject: str, diff: bytes) -> bytes:
    head = (
        "From evil@example.org Mon Sep 17 00:00:00 2001\n"
        f"From: {encoded(EVIL + chr(10) + 'Bcc: x@y.example')} <evil@example.org>\n"
        f"Subject: [PATCH {number}/2] {encoded(subject)}\n"
        "Date: Mon, 17 Sep 2001 00:00:00 +0000\n"
        f"Message-ID: <{number}\x1b[31m%0a::error::x@e.example>\n"
        "In-Reply-To: <0\x1b[31m::error@e.example>\nReferences: <a%0d%0aBcc:x@y.example> <0\x1b[31m@e>\n"
        f'To: {encoded("a, b" + EVIL)} <l@example.org>, "x\\"\n Bcc: q@q.example" <z@example.org>\n'
        "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n"
        f'{EVIL}\n\nFixes: 12 ("x\x1b[31m")\nLink: https://x/{EVIL}\nReported-by: {EVIL} <@x>\n'
        "Closes: \x1b]0;x\x07\nSigned-off-by: E <evil@example.org>\n---\n"
    )
    return head.encode() + diff + b"-- \n2.1\n\n"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a review of that series."""
    place = tmp_path_factory.mktemp("whole")
    tree = place / "tree"
    for name, body in fakekernel.FILES.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_bytes(body)
    git(tree, "init", "-q")
    git(tree, "add", "-A")
    git(tree, "commit", "-qm", "base")
    half = len(NAMES) // 2
    diffs = [
        b"".join(added(name, DOCUMENT if name.endswith(".rst") else CODE) for name in names)
        for names in (NAMES[:half], NAMES[half:])
    ]
    box = place / "box.mbox"
    box.write_bytes(mail(1, f"a: {EVIL}", diffs[0]) + mail(2, f"b\nBcc: z {EVIL}{'x' * 3000}", diffs[1]))
    home = place / "home"
    home.mkdir()
    # A reply needs a sender.
    (home / ".gitconfig").write_text("[user]\n\tname = Tess Ter\n\temail = t@example.org\n")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("HOME", str(home))
        patched.setenv("XDG_CACHE_HOME", str(home / ".cache"))
        app.run(["review", str(box), "--tree", str(tree), "--no-kernel", "--state", str(place / "state")])
    (folder,) = (place / "state/runs").iterdir()
    return folder


def test_no_file_is_left_but_ours(run: Path) -> None:
    assert {path.name for path in run.iterdir()} <= {
        *("report.json", "report.html", "reply.mbox", "series.mbox", "logs")
    }
    assert not any(path.name == "pwn" for path in run.parents[2].rglob("*"))


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_nothing_is_obeyed_in_any_form(run: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert app.run(["render", name, "--from", str(run / "report.json")]) == 0
    shown = capsys.readouterr().out
    assert not controls(shown, kept="\n\t")
    assert shown.encode()
    if name in {"json", "sarif", "kcidb"}:
        json.loads(shown)
    if name == "junit":
        ET.fromstring(shown)
    if name == "github":
        assert all(re.match(r"::(error|warning|notice) ", line) for line in shown.splitlines())
    if name == "markdown":
        assert not any(mark in shown for mark in MARKS)
    if name == "html":
        assert not any(mark in shown for mark in MARKS[:2])
    if name in {"text", "html", "markdown"}:
        assert not set("\ufeff\xad\u200b\U000e0041") & set(shown)


def test_its_findings_are_in_it(run: Path) -> None:
    """What is tested here is a report with that text in it, and no refusal of the series."""
    report = json.loads((run / "report.json").read_text())
    told = [one["message"] for check in report["checks"] for one in check["findings"]]
    assert len(told) > 5
    assert any(terminal("\x1b]0;owned\x07") in terminal(one) for one in told)
    assert {check["check"]: check["status"] for check in report["checks"]}["apply"] == "PASS"


def test_each_reply_has_our_headers_alone(run: Path) -> None:
    with contextlib.closing(mailbox.mbox(run / "reply.mbox")) as read:
        box = list(read)
    assert box
    for stored in box:
        reply = email.message_from_bytes(stored.as_bytes(), policy=email.policy.default)
        assert not reply.defects
        assert set(reply.keys()) <= HEADERS
        body = reply.get_content()
        assert not controls(body, kept="\n\t")
        ours = [line for line in body.split("\n") if not line.startswith(">")]
        assert not any(re.match(r"\s*(From |diff |---$|\+\+\+ |@@ |[\w-]+-by: )", line) for line in ours)
