# SPDX-License-Identifier: GPL-2.0-only
"""Replies to our own series, as mails: read back by git, by Python, by b4 and by mutt."""

import email
import email.policy
import json
import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from kpatch_tools.errors import EnvironmentFault, UserError
from kpatch_tools.flow import reply
from kpatch_tools.flow.fetch import range_mails
from kpatch_tools.flow.prepare import series_id
from kpatch_tools.flow.reading import read_series
from kpatch_tools.flow.series import load_series
from kpatch_tools.model.finding import Finding, Location, Severity
from kpatch_tools.model.report import CheckResult, Report, Status, TreeId
from kpatch_tools.model.run import Command
from kpatch_tools.model.series import Person, Series
from kpatch_tools.parse.origins import Origins
from kpatch_tools.parse.report_json import parse_report
from kpatch_tools.parse.review_mail import read_review
from kpatch_tools.tools import mailbox, process
from kpatch_tools.tools.identity import user

V2 = "kvm-map-memory/v2"
API = "Documentation/virt/kvm/api.rst"
ME = Person(name="Ann User", email="ann@example.org")
FIRST = "20261102100000.kvm-map-memory.v2-1@kernel.invalid"
COVER = "20261102100000.kvm-map-memory.v2-0@kernel.invalid"
B4 = shutil.which("b4", path=str(Path(sys.executable).parent))
needs_b4 = pytest.mark.skipif(B4 is None, reason="b4 is not installed: pip install 'kpatch-tools[fetch]'")
needs_mutt = pytest.mark.skipif(
    not (shutil.which("mutt") and shutil.which("script")), reason="mutt or script is not installed"
)
Git = Callable[..., str]
Tree = Callable[..., Path]


@pytest.fixture
def identity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Person:
    """A home of the user with an identity, as git reads it."""
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(f"[user]\n\tname = {ME.name}\n\temail = {ME.email}\n")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    return ME


@pytest.fixture(scope="module")
def v2() -> Series:
    return load_series(V2)


def finding(line: int, message: str = "it is wrong", *, path: str = API, patch: int = 1) -> Finding:
    place = Location(path=path, line=line, patch=patch)
    return Finding(rule="docs/x", severity=Severity.ERROR, message=message, location=place)


LOOSE = Finding(rule="c/x", severity=Severity.ERROR, message="nothing describes it")


def report(series: Series, *findings: Finding, check: str = "patches", tree: str = "/none") -> Report:
    return Report(
        tool="kvet 1",
        tree=TreeId(path=tree, base="0" * 40),
        series=series_id(series),
        checks=(CheckResult(check=check, status=Status.FAIL, findings=findings),),
        started="2026-11-22T20:00:00+00:00",
    )


def made(series: Series, *findings: Finding, sender: Person = ME) -> reply.Replies:
    return reply.replies(report(series, *findings), series, Origins(series.patches), sender=sender)


def mails_of(box: bytes) -> list[email.message.EmailMessage]:
    found = [
        email.message_from_bytes(one.raw, policy=email.policy.default)
        for one in mailbox.read_bytes(box, "box")
    ]
    return [one for one in found if isinstance(one, email.message.EmailMessage)]


def posted(*headers: str, body: str = "Why.\n", path: str = "x.c", base: str = "PATCH") -> mailbox.RawMail:
    """A mail with one added line, whatever its headers are."""
    text = (
        f"Subject: [{base}] KVM: x86: Do it\n"
        + "".join(f"{one}\n" for one in headers)
        + f"\n{body}---\ndiff --git a/{path} b/{path}\nindex 1111111..2222222 100644\n"
        f"--- a/{path}\n+++ b/{path}\n@@ -1,1 +1,2 @@\n line\n+added\n-- \n2.39\n"
    )
    return mailbox.RawMail(raw=text.encode("utf-8", "surrogateescape"), source="mail")


def answered(*headers: str, sender: Person = ME, **rest: str) -> email.message.EmailMessage:
    series = read_series((posted(*headers, **rest),), "mail")
    found = made(series, finding(2, path=rest.get("path", "x.c")), sender=sender)
    (message,) = mails_of(found.mbox)
    return message


def test_replies_to_cover_and_patch(v2: Series) -> None:
    found = made(v2, finding(5929), LOOSE)
    cover, patch = mails_of(found.mbox)
    assert (cover["Subject"], cover["In-Reply-To"]) == (
        "Re: [PATCH v2 00/10] KVM: Populate guest memory ahead of its use",
        f"<{COVER}>",
    )
    assert (patch["Subject"], patch["In-Reply-To"]) == (
        "Re: [PATCH v2 01/10] KVM: Document KVM_MAP_MEMORY ioctl",
        f"<{FIRST}>",
    )
    assert patch["References"].split() == [f"<{COVER}>", f"<{FIRST}>"]
    assert patch["From"] == "Ann User <ann@example.org>"
    assert patch["To"] == "kvet developers <kvet@kernel.invalid>"
    assert patch["Date"] == "Sun, 22 Nov 2026 20:00:00 +0000"
    text = patch.get_content()
    assert "On Mon, Nov 02, 2026 at 10:01:00AM +0000, kvet developers wrote:\n> diff --git" in text
    assert "> +:Architectures: none\n\nIt is wrong.\n" in text
    assert "Nothing describes it." in cover.get_content()
    assert not re.search(r"(?im)^\s*(reviewed|tested|acked|signed-off)-by:", text)


def test_the_same_report_gives_the_same_bytes(v2: Series) -> None:
    assert made(v2, finding(5929)).mbox == made(v2, finding(5929)).mbox
    one, two = made(v2, finding(5929)), made(v2, finding(5929, "it is odd"))
    assert one.mails[0].message_id != two.mails[0].message_id


def test_without_findings_there_is_no_mail(v2: Series) -> None:
    note = replace(finding(5929), severity=Severity.NOTE)
    assert made(v2).mails == made(v2, note).mails == ()
    assert made(v2).mbox == b""


def test_the_cover_is_answered_when_there_is_more_than_one_patch_can_hold(v2: Series) -> None:
    one, two = finding(5929), finding(10, path="x", patch=2)
    assert [len(made(v2, *found).mails) for found in ((one,), (one, LOOSE), (one, two))] == [1, 2, 3]
    open_check = CheckResult(check="tests", reason="no kernel")
    found = replace(report(v2, one), checks=(*report(v2, one).checks, open_check))
    cover, _patch = reply.replies(found, v2, Origins(v2.patches), sender=ME).mails
    assert "Did not run: tests (no kernel).\n" in cover.body


def test_without_a_cover_the_first_patch_is_answered_for_all(v2: Series) -> None:
    bare = replace(v2, cover=None)
    (one,) = mails_of(made(bare, LOOSE).mbox)
    assert one["In-Reply-To"] == f"<{FIRST}>"
    first, second = mails_of(made(bare, finding(5929), finding(10, path="x", patch=2)).mbox)
    assert first.get_content().startswith("kvet finds 2 errors")
    assert "It is wrong." in first.get_content()
    assert second["In-Reply-To"] == f"<{FIRST.replace('v2-1', 'v2-2')}>"


def test_everybody_is_answered_once_and_not_the_user() -> None:
    message = answered(
        "From: Tess Ter <tess@example.org>",
        "To: kvm@vger.kernel.org, Ann <ANN@example.org>",
        "Cc: =?utf-8?q?J=C3=B6rg?= <joerg@example.org>, KVM@vger.kernel.org, tess@example.org",
        "Message-ID: <1@example.org>",
    )
    assert message["To"] == "Tess Ter <tess@example.org>"
    assert [str(one) for one in message["Cc"].addresses] == [
        "kvm@vger.kernel.org",
        "Jörg <joerg@example.org>",
    ]


def test_reply_to_goes_before_the_sender() -> None:
    message = answered(
        "From: a@example.org", "Reply-To: list@example.org", "To: b@example.org", "Message-ID: <1@x.y>"
    )
    assert (message["To"], message["Cc"]) == ("list@example.org", "b@example.org")


def test_an_author_whose_patch_somebody_else_sends_is_addressed_too() -> None:
    message = answered(
        "From: Sender <sender@example.org>",
        "Message-ID: <1@x.y>",
        body="From: Author <author@example.org>\n\nWhy.\n",
    )
    assert (message["To"], message["Cc"]) == ("Sender <sender@example.org>", "Author <author@example.org>")


def test_an_answer_to_ones_own_patch_goes_where_that_went() -> None:
    message = answered(
        "From: ann@example.org", "To: kvm@vger.kernel.org", "Cc: c@example.org", "Message-ID: <1@x.y>"
    )
    assert (message["To"], message["Cc"]) == ("kvm@vger.kernel.org", "c@example.org")
    alone = answered("From: ann@example.org", "Message-ID: <1@x.y>")
    assert (alone["To"], alone["Cc"]) == ("ann@example.org", None)


def test_what_a_mail_lacks_is_said() -> None:
    series = read_series((posted("From: a@example.org"),), "mail")
    found = made(series, finding(2, path="x.c"))
    (message,) = mails_of(found.mbox)
    assert message["In-Reply-To"] is None
    assert message["References"] is None
    assert [note.partition(",")[0] for note in found.notes] == [
        '1 mail answers none ("Re: [PATCH] KVM: x86: Do it")',
        "the mails go to the author alone: the patches have nobody else in To and Cc",
    ]


def test_addresses_that_are_left_out_are_counted() -> None:
    series = read_series(
        (
            posted(
                "From: a@example.org",
                "To: X <\u00e4@example.org>",
                "Cc: c@example.org",
                "Message-ID: <1@x.y>",
            ),
        ),
        "mail",
    )
    found = made(series, finding(2, path="x.c"))
    assert found.notes == ("1 of the addresses in the patches cannot be written to, and are left out",)


def test_a_series_without_mails_is_said_to_have_none(v2: Series) -> None:
    found = made(replace(v2, cover=None, patches=()), LOOSE)
    assert found.mails == ()
    assert found.notes == ("no mail was written: the series has none that could be answered",)


def test_hostile_headers_stay_in_their_place() -> None:
    message = answered(
        "From: =?utf-8?q?Evil=0ABcc=3A_x=40example=2Eorg?= <a@example.org>",
        'To: "A\\" <b@example.org>, =?utf-8?q?=22?= <c@example.org>',
        "Message-ID: <\x1b]0;x@example.org>",
        "References: <ok@example.org> <b\xe4d@example.org>",
        base="PATCH =?utf-8?q?x=0D=0ABcc:_y?=",
    )
    assert sorted(set(message.keys())) == sorted(
        {
            "From",
            "To",
            "Cc",
            "Subject",
            "Date",
            "Message-ID",
            "MIME-Version",
            "Content-Type",
            "Content-Transfer-Encoding",
        }
        & set(message.keys())
    )
    assert message["Bcc"] is None
    assert message["In-Reply-To"] is None
    assert "\x1b" not in message.as_string()


def test_our_own_reader_takes_the_remarks_for_comments(v2: Series) -> None:
    (patch,) = mailbox.read_bytes(made(v2, finding(5929, "one"), finding(5959, "two")).mbox, "box")
    read = read_review(patch.raw, "reply")
    assert (read.is_reply, read.version, read.number, read.parents[0]) == (True, 2, 1, FIRST)
    assert read.trailers == ()
    told = [(one.text, one.anchor.text[:16] if one.anchor else "") for one in read.comments]
    assert told == [("One.", ":Architectures: "), ("Two.", "The range starts")]
    assert "\n-- \nNo kernel was run;" in patch.raw.decode()


def test_git_reads_them(v2: Series) -> None:
    for one in mailbox.read_bytes(made(v2, finding(5929)).mbox, "box"):
        info = mailbox.mailinfo(one.raw, one.source)
        assert info.author == ME
        assert not info.diff.startswith("diff")


def test_what_a_run_leaves(v2: Series, tmp_path: Path, git_tree: Tree, identity: Person) -> None:
    from kpatch_tools.tools.git import Repository

    tree = git_tree({"x": b"x\n"})
    found = reply.leave(tmp_path, v2, report(v2, finding(5929)), applied=None, store=Repository.open(tree))
    assert len(found.mails) == 1
    assert (tmp_path / "reply.mbox").read_bytes() == found.mbox
    again = reply.from_report(report(v2, finding(5929)), folder=tmp_path, spec=None)
    assert again.mbox == found.mbox
    assert again.notes[0].startswith(
        "lines are counted as the patches have them, since the tree cannot be asked"
    )
    assert reply.from_report(report(v2, finding(5929)), folder=None, spec=V2).mbox == found.mbox
    assert [one.email for one in found.mails[0].to] == ["kvet@kernel.invalid"]
    assert found.mails[0].sender == identity


def test_nothing_to_tell_leaves_no_mailbox(
    v2: Series, tmp_path: Path, git_tree: Tree, identity: Person
) -> None:
    from kpatch_tools.tools.git import Repository

    reply.leave(tmp_path, v2, report(v2), applied=None, store=Repository.open(git_tree({"x": b"x\n"})))
    assert [one.name for one in tmp_path.iterdir() if one.suffix == ".mbox"] == ["series.mbox"]


def test_without_an_identity_a_run_goes_on_and_says_so(v2: Series, tmp_path: Path, git_tree: Tree) -> None:
    from kpatch_tools.tools.git import Repository

    found = reply.leave(
        tmp_path, v2, report(v2, finding(5929)), applied=None, store=Repository.open(git_tree({"x": b"x\n"}))
    )
    assert not (tmp_path / "reply.mbox").exists()
    assert (tmp_path / "series.mbox").exists()
    assert "git has no user.name and user.email" in found.notes[0]
    assert "git config --global user.name" in found.notes[0]
    with pytest.raises(EnvironmentFault, match=r"user\.name and user\.email"):
        reply.from_report(report(v2, finding(5929)), folder=tmp_path, spec=None)


def test_the_identity_is_the_trees_own_first(git_tree: Tree, git: Git, identity: Person) -> None:
    tree = git_tree({"x": b"x\n"})
    assert user(tree) == identity == user(None) == user(tree / "nowhere")
    git(tree, "config", "user.email", "work@example.org")
    assert user(tree) == Person(name="Ann User", email="work@example.org")
    git(tree, "config", "user.email", "a b")
    with pytest.raises(EnvironmentFault, match="no mail address"):
        user(tree)


def test_a_report_about_no_series_or_another_one(v2: Series, tmp_path: Path, identity: Person) -> None:
    with pytest.raises(UserError, match="about no series"):
        reply.from_report(replace(report(v2), series=None), folder=tmp_path, spec=None)
    with pytest.raises(UserError, match=r"there is no series\.mbox") as caught:
        reply.from_report(report(v2), folder=tmp_path, spec=None)
    assert "--series" in caught.value.cure
    other = replace(v2, patches=v2.patches[:2])
    with pytest.raises(UserError, match="not that of the report"):
        reply.from_report(report(other), folder=tmp_path, spec=V2)
    # As many mails under the same Message-IDs, of which one says something else.
    first = replace(v2.patches[0], diff=v2.patches[0].diff.replace("+", "+ ", 1))
    edited = report(replace(v2, patches=(first, *v2.patches[1:])))
    with pytest.raises(UserError, match="say other things") as caught:
        reply.from_report(edited, folder=tmp_path, spec=V2)
    assert "--series" in caught.value.cure


def test_lines_are_found_where_the_tree_has_them(
    git_tree: Tree, git: Git, identity: Person, tmp_path: Path
) -> None:
    """The series was made for a shorter file, and the report speaks of the longer one after it."""
    lines = [f"line {number}\n" for number in range(1, 31)]
    tree = git_tree({"x.c": "".join(lines).encode()})
    (tree / "x.c").write_text("".join([*lines[:20], "added\n", *lines[20:]]))
    git(tree, "commit", "--quiet", "-a", "-m", "KVM: Add it")
    box = tmp_path / "series.mbox"
    box.write_text(git(tree, "format-patch", "--stdout", "--thread", "-1") + "\n")
    git(tree, "reset", "--quiet", "--hard", "HEAD~1")
    (tree / "x.c").write_text("".join(["above\n"] * 7 + lines))
    git(tree, "commit", "--quiet", "-a", "-m", "longer")
    series = load_series(str(box))
    found = replace(
        report(series, finding(28, path="x.c", patch=0), check="docs", tree=str(tree)), started=""
    )
    base = git(tree, "rev-parse", "HEAD")
    found = replace(found, tree=TreeId(path=str(tree), base=base))
    (message,) = mails_of(reply.from_report(found, folder=tmp_path, spec=None).mbox)
    assert "> +added\n\nIt is wrong.\n" in message.get_content()


def test_a_range_of_commits_has_no_mails_to_answer(git_tree: Tree, git: Git, identity: Person) -> None:
    tree = git_tree({"x.c": b"line\n"})
    (tree / "x.c").write_text("line\nadded\n")
    git(tree, "commit", "--quiet", "-a", "-m", "KVM: Add it")
    series = read_series(range_mails("HEAD~1", "HEAD", tree).mails, "range", ordered=True)
    found = made(series, finding(2, path="x.c"))
    assert found.notes[0].startswith("1 mail answers none")
    (message,) = mails_of(found.mbox)
    assert message["To"] == "Tess Ter <tess@example.org>"


TRAILERS = """
import argparse, json, sys
import b4
b4.setup_config(argparse.Namespace(config={}))
found = b4.LoreMailbox()
for message in b4.get_msgs_from_mailbox_or_maildir(sys.argv[1]):
    found.add_message(message)
series = found.get_series(revision=2, codereview_trailers=True)
print(json.dumps({
    "complete": series.complete,
    "replies": [one.full_subject for one in found.followups],
    "trailers": [[str(t.name) for t in one.followup_trailers] for one in series.patches if one],
    "in_reply_to": [one.in_reply_to for one in found.followups],
}))
"""


@needs_b4
def test_b4_takes_them_for_replies_and_finds_no_trailers(v2: Series, tmp_path: Path) -> None:
    hostile = 'the author says\nReviewed-by: Ev Il <evil@example.org>\nFixes: 0123456789ab ("x")'
    found = made(
        v2,
        finding(5929, "Acked-by: Ev Il <evil@example.org>"),
        replace(finding(5930, hostile), hint="x\nTested-by: Ev Il <evil@example.org>", detail=hostile),
        replace(LOOSE, message=f"{'word ' * 13}Reviewed-by: Ev Il <evil@example.org>"),
    )
    every = tuple(one for one in (v2.cover, *v2.patches) if one)
    box = tmp_path / "thread.mbox"
    box.write_bytes(
        mailbox.as_mbox(tuple(mailbox.RawMail(raw=one.raw, source="") for one in every)) + found.mbox
    )
    command = Command(argv=(sys.executable, "-c", TRAILERS, str(box)), timeout=60, cwd=tmp_path)
    read = json.loads(process.run(command).ok_or_raise("b4").text.splitlines()[-1])
    assert read["complete"] is True
    assert not any(read["trailers"])
    assert read["in_reply_to"] == [COVER, FIRST]
    assert [one.startswith("Re: [PATCH v2") for one in read["replies"]] == [True, True]


@needs_mutt
def test_mutt_shows_each_below_what_it_answers(v2: Series, tmp_path: Path) -> None:
    every = tuple(one for one in (v2.cover, *v2.patches) if one)
    box = tmp_path / "thread.mbox"
    mails = tuple(mailbox.RawMail(raw=one.raw, source="") for one in every)
    box.write_bytes(mailbox.as_mbox(mails) + made(v2, finding(5929), LOOSE).mbox)
    (tmp_path / "Mail").mkdir()
    settings = (
        "sort=threads",
        "strict_threads",
        "ascii_chars",
        'index_format="%C %s"',
        f"folder={tmp_path}/Mail",
    )
    (tmp_path / "rc").write_text("".join(f"set {one}\n" for one in settings))
    mutt = f"stty cols 110 rows 32; mutt -n -F {tmp_path}/rc -R -f {box} -e 'push <exit>'"
    command = Command(
        argv=("script", "--quiet", "--return", "--command", mutt, str(tmp_path / "screen")),
        timeout=60,
        cwd=tmp_path,
        env={"TERM": "vt100", "HOME": str(tmp_path)},
    )
    process.run(command)
    screen = re.sub(rb"\x1b(?:\[[0-9;?]*[a-zA-Z]|[()].|.)", b"\n", (tmp_path / "screen").read_bytes()).decode(
        "latin-1"
    )
    rows = [line.strip() for line in screen.splitlines() if "PATCH v2" in line or re.match(r"^\s*3 ", line)]
    first = next(at for at, line in enumerate(rows) if "01/10" in line)
    assert "->" in rows[first + 1]
    assert "PATCH v2 02/10" in rows[first + 2]
    assert any("->Re: [PATCH v2 00/10]" in line for line in rows)


MAILS = Path(__file__).parents[1] / "corpus/mail"


def test_the_mails_that_answer_our_v2(v2: Series) -> None:
    """A report of the real kernel (of which the corpus keeps what mails tell), and its mails, to be read.

    Where the words are meant to change, write made_of() anew into reply-v2.mbox and read the difference.
    """
    assert made_of(v2) == (MAILS / "reply-v2.mbox").read_text(encoding="utf-8")


def made_of(series: Series) -> str:
    recorded = parse_report((MAILS / "review-v2.json").read_bytes())
    return reply.replies(recorded, series, Origins(series.patches), sender=ME).mbox.decode()


def test_every_remark_on_our_v2_stands_below_the_line_it_is_about(v2: Series) -> None:
    _cover, *answers = mailbox.read_bytes(made_of(v2).encode(), "box")
    said = {
        one.text: f"{read.number} {one.anchor.text}"
        for read in (read_review(answer.raw, "m") for answer in answers)
        for one in read.comments
        if one.anchor
    }
    for words, line in {
        'The EFAULT row says "a memory slot does not': "1              `size` do not describe a usable",
        "Nit: the underline has 24 characters": "1 ------------------------",
        'The document says ":Architectures: none"': "1 :Architectures: none",
        "Nit: TDX, TDH.MEM.PAGE.ADD": "1 from here.  For TDX this means",
        "The same for EINTR.": "1   EINTR      A signal that is not masked",
        "A huge page that reaches past the range": "2 \t\tmapping->size -= mapped;",
        "The capability is 1 although": "6 \tcase KVM_CAP_MAP_MEMORY:",
        "Once any memslot was deleted": "6 \tkvm_mmu_reload(vcpu);",
        "While a guest of the guest": "7 \tkvm_mmu_reset_context(vcpu);",
    }.items():
        (anchor,) = [anchor for text, anchor in said.items() if words in text]
        assert anchor.startswith(line)


def test_our_own_words_on_our_v2_are_no_wider_than_a_mail(v2: Series) -> None:
    ours = [line for line in made_of(v2).splitlines() if not line.startswith(">")]
    # The table to paste is as wide as those of the document, behind two blanks.
    assert max(map(len, ours)) <= 76
    assert {line[:4] for line in ours if len(line) > 72 and ":" not in line.split()[0]} <= {"    "}
