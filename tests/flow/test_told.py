# SPDX-License-Identifier: GPL-2.0-only
from dataclasses import replace
from pathlib import Path

import pytest

from kpatch_tools.errors import UserError
from kpatch_tools.flow.prepare import series_id
from kpatch_tools.flow.series import load_series
from kpatch_tools.flow.told import CUT_OFF, earlier, latest, read_past, since_earlier
from kpatch_tools.model.finding import Finding, Location, Severity
from kpatch_tools.model.report import CheckResult, Report, SeriesId, Status, TreeId
from kpatch_tools.render import json_v1
from kpatch_tools.tools.mailbox import RawMail, as_mbox

OLD = Finding(rule="x/y", severity=Severity.ERROR, message="old", location=Location(path="a.c", line=3))


def series(version: int, name: str = "topic", *, author: str = "A <a@b>", **more: str) -> SeriesId:
    subjects = ((0, more.pop("subject", "KVM: A topic")), (1, "KVM: One"))
    return SeriesId(
        name=name, version=version, message_id="", patches=1, author=author, subjects=subjects, **more
    )


def report(about: SeriesId | None, *findings: Finding, ran: bool = True, check: str = "docs") -> Report:
    status = Status.FAIL if ran else Status.DID_NOT_RUN
    result = CheckResult(check=check, status=status, findings=findings)
    return Report(tool="kvet", tree=TreeId(path="/t", base="b1"), series=about, checks=(result,))


def keep(state: Path, when: str, one: Report) -> Path:
    path = state / "runs" / when / "report.json"
    path.parent.mkdir(parents=True)
    path.write_text(json_v1.render(one))
    return path


def test_the_last_run_on_the_version_before_is_found(tmp_path: Path) -> None:
    keep(tmp_path, "1-topic", report(series(1), OLD, check="tests"))
    keep(tmp_path, "2-topic", report(series(2), replace(OLD, message="mended since")))
    then = keep(tmp_path, "3-topic", report(series(2), OLD))
    keep(tmp_path, "4-topic", report(series(3), OLD))
    keep(tmp_path, "5-topic", report(series(4), OLD))
    now = since_earlier(report(series(3), OLD), tmp_path)
    assert now.since is not None
    assert (now.since.version, now.since.sources, now.since.notes) == (2, (str(then),), ())
    assert now.since.answered == now.since.unproven == ()
    assert [one.told for one in now.findings] == [2]


def test_what_a_later_run_left_out_is_taken_from_the_one_before(tmp_path: Path) -> None:
    full = keep(tmp_path, "1-topic", report(series(2), OLD, check="tests"))
    short = report(series(2), OLD)
    keep(tmp_path, "2-topic", replace(short, checks=(*short.checks, CheckResult(check="tests"))))
    found = earlier(series(3), tmp_path)
    assert [item.path.parent.name for item in found] == ["2-topic", "1-topic"]
    now = report(series(3), OLD)
    both = since_earlier(replace(now, checks=(*now.checks, CheckResult(check="tests"))), tmp_path)
    assert both.since is not None
    assert str(full) in both.since.sources
    assert [(item.check, item.reason) for item in both.since.unproven] == [("tests", "tests: DID_NOT_RUN")]


@pytest.mark.parametrize(
    ("then", "same"),
    [
        (series(2), True),
        (series(2, "v2"), True),
        (series(2, author="Another <b@c>"), True),
        (series(2, subject="KVM: Another topic"), True),
        (series(2, "v2", author="Another <b@c>"), False),
        (series(2, "v2", subject="KVM: Another topic"), False),
        (series(2, "stdin"), True),
        (series(2, "topic", author="Another <b@c>", subject="KVM: Another topic"), False),
        (series(2, "v2", author="", subject="KVM: Renamed", change_id="20240101-t"), True),
        (series(2, change_id="20240202-u"), False),
        (SeriesId(name="topic", version=2, message_id="", patches=1), True),
        (SeriesId(name="other", version=2, message_id="", patches=1), False),
    ],
)
def test_which_reports_are_on_the_same_series(tmp_path: Path, then: SeriesId, *, same: bool) -> None:
    keep(tmp_path, "1", report(then, OLD))
    assert bool(earlier(series(3, change_id="20240101-t"), tmp_path)) is same


def test_a_place_is_no_name(tmp_path: Path) -> None:
    keep(tmp_path, "1", report(SeriesId(name="stdin", version=1, message_id="", patches=1), OLD))
    assert not earlier(SeriesId(name="stdin", version=2, message_id="", patches=1), tmp_path)


def test_damaged_reports_and_none_at_all(tmp_path: Path) -> None:
    now = report(series(3), OLD)
    assert since_earlier(now, tmp_path / "none") is now
    keep(tmp_path, "2", report(None, OLD))
    (keep(tmp_path, "3", report(series(2), OLD))).write_text('{"schema": 1, "series": ')
    path = keep(tmp_path, "4", report(series(2), OLD))
    path.write_text(path.read_text().replace('"checks"', '"chicks"'))
    (keep(tmp_path, "5", report(series(2), OLD))).write_bytes(b"\xff\xfe")
    assert since_earlier(now, tmp_path) is now


def test_a_report_that_is_named(tmp_path: Path) -> None:
    path = keep(tmp_path, "1", report(series(3), OLD))
    now = report(series(3), OLD)
    for choice in (str(path), str(path.parent)):
        found = since_earlier(now, tmp_path / "none", read_past(choice))
        assert found.findings[0].told == 3
    assert since_earlier(now, tmp_path, read_past("none")) is now
    nowhere = report(None, OLD)
    assert since_earlier(nowhere, tmp_path, read_past(str(path))) is nowhere


def test_a_report_that_is_named_is_read_once_before_the_run(tmp_path: Path) -> None:
    path = keep(tmp_path, "1", report(series(3), OLD))
    past = read_past(str(path))
    path.unlink()
    assert since_earlier(report(series(3), OLD), tmp_path, past).findings[0].told == 3


def test_what_differs_beside_the_findings_is_noted(tmp_path: Path) -> None:
    other = replace(
        report(series(2, "x", author="", subject="Y"), OLD), tool="old", tree=TreeId(path="/t", base="b0")
    )
    found = since_earlier(report(series(3), OLD), tmp_path, read_past(str(keep(tmp_path, "1", other))))
    assert found.since is not None
    assert [note.split(":")[0] for note in found.since.notes] == [
        "told of x, which is another series by name, subject and author",
        "told on another base",
        "told by old, now kvet",
    ]


def test_a_bad_choice_is_told_before_the_work(tmp_path: Path) -> None:
    assert read_past(None) is None
    with pytest.raises(UserError):
        read_past(str(tmp_path / "none.json"))
    with pytest.raises(UserError, match="on no series"):
        read_past(str(keep(tmp_path, "1", report(None, OLD))))
    cut = tmp_path / "cut"
    cut.mkdir()
    (cut / CUT_OFF).write_text("")
    with pytest.raises(UserError, match="cut off before its report"):
        read_past(str(cut))
    (tmp_path / "bad.json").write_text("[]")
    with pytest.raises(UserError, match=r"bad\.json: no kvet report"):
        read_past(str(tmp_path / "bad.json"))


def test_reports_on_the_very_mails(tmp_path: Path) -> None:
    mine = replace(series(3), hashes=("a", "b"))
    keep(tmp_path, "1", report(mine, OLD))
    keep(tmp_path, "2", report(replace(mine, hashes=("a", "c")), OLD))
    assert [item.path.parent.name for item in latest(mine, tmp_path)] == ["1"]
    keep(tmp_path, "3", report(series(3), OLD))
    assert not latest(series(3), tmp_path)


def test_the_mbox_of_a_run_is_the_same_mails_as_the_folder_it_was_made_of(tmp_path: Path) -> None:
    folder = load_series("kvm-map-memory/v2")
    every = (folder.cover, *folder.patches)
    mails = tuple(RawMail(raw=one.raw, source="") for one in every if one)
    kept, received = tmp_path / "series.mbox", tmp_path / "received.mbox"
    kept.write_bytes(as_mbox(mails))
    trace = b"Received: from a by b; Mon, 2 Nov 2026 10:01:00 +0000\n"
    received.write_bytes(
        as_mbox(tuple(RawMail(raw=one.raw.replace(b"\nFrom: ", b"\n" + trace + b"From: ", 1), source="")
                      for one in mails))
    )  # fmt: skip
    mine = series_id(folder)
    assert len(mine.contents) == 11
    for path in (kept, received):
        other = series_id(load_series(str(path)))
        assert other.hashes != mine.hashes
        assert mine.same_mails(other)


def test_one_other_word_makes_other_mails() -> None:
    folder = load_series("kvm-map-memory/v2")
    for change in ({"body": "x"}, {"diff": "x"}, {"message_id": "x"}, {"subject": "x"}):
        patches = (replace(folder.patches[0], **change), *folder.patches[1:])
        assert not series_id(folder).same_mails(series_id(replace(folder, patches=patches)))
    assert not SeriesId(name="a", version=1, message_id="", patches=0).same_mails(
        SeriesId(name="a", version=1, message_id="", patches=0)
    )
    hashed = SeriesId(name="a", version=1, message_id="", patches=1, hashes=("h",))
    assert hashed.same_mails(replace(hashed, contents=("c",)))
