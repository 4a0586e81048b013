# SPDX-License-Identifier: GPL-2.0-only
"""Replies to our v2 for reports made of hostile text: each a mail, read back by Python's own mail reader."""

import contextlib
import email
import email.policy
import functools
import mailbox
import tempfile
from dataclasses import replace
from itertools import cycle

from hypothesis import HealthCheck, given, settings

from kpatch_tools.flow.reply import replies
from kpatch_tools.flow.series import load_series
from kpatch_tools.model.finding import Location
from kpatch_tools.model.report import Report
from kpatch_tools.model.series import Person, Series
from kpatch_tools.parse.origins import Origins
from tests.render.test_hostile_reports import controls
from tests.strategies import reports

SENDER = Person(name="A Reviewer", email="me@example.org")
HEADERS = {
    *("From", "To", "Cc", "Subject", "Date", "Message-ID", "In-Reply-To", "References"),
    *("MIME-Version", "Content-Type", "Content-Transfer-Encoding"),
}


@functools.cache
def posted() -> tuple[Series, Origins]:
    series = load_series("kvm-map-memory/v2")
    return series, Origins(series.patches)


def on_the_series(report: Report) -> Report:
    """The report with its findings spread over files and lines that the series touches."""
    series, origins = posted()
    places = cycle(
        Location(path=line.path, line=line.line, patch=patch.number)
        for patch in series.patches
        for line in origins.lines(patch.number)
        if line.mark == "+"
    )
    return replace(
        report,
        checks=tuple(
            replace(
                check,
                findings=tuple(replace(finding, location=next(places)) for finding in check.findings),
            )
            for check in report.checks
        ),
    )


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(report=reports())
def test_each_reply_is_one_mail_with_our_headers_alone(report: Report):
    made = replies(on_the_series(report), *posted(), sender=SENDER)
    with tempfile.NamedTemporaryFile() as file:
        file.write(made.mbox)
        file.flush()
        with contextlib.closing(mailbox.mbox(file.name)) as read:
            box = list(read)
    assert len(box) == len(made.mails)
    for stored in box:
        mail = email.message_from_bytes(stored.as_bytes(), policy=email.policy.default)
        assert not mail.defects
        assert set(mail.keys()) <= HEADERS
        assert len(mail.keys()) == len(set(mail.keys()))
        assert str(mail["From"]) == "A Reviewer <me@example.org>"
        assert mail.get_content_type() == "text/plain"
        assert not controls(mail.get_content(), kept="\n\t")
