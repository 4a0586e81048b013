# SPDX-License-Identifier: GPL-2.0-only
"""A mail that answers a patch, before it is written down."""

from dataclasses import dataclass
from datetime import datetime

from kpatch_tools.model.series import Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One mail. Ids are without angle brackets; ``in_reply_to`` is "" for a mail that answers none.

    ``references`` is the chain down to the mail that is answered, ``body`` plain text in lines.
    """

    sender: Person
    to: tuple[Person, ...]
    cc: tuple[Person, ...]
    subject: str
    date: datetime
    message_id: str
    in_reply_to: str
    references: tuple[str, ...]
    body: str
