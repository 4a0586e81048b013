# SPDX-License-Identifier: GPL-2.0-only
"""What kvet keeps of a checked mail, so that b4 can ask for it later with nothing but the mail."""

from typing import Final

import msgspec

from kpatch_tools.model.json_v1 import ReportV1

CHECKED_SCHEMA: Final = 1


class Checked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One mail of a checked series, or its series as a whole (``number`` 0).

    ``digest`` is that of the diff that was checked, "" for a whole series; ``report`` holds the findings of
    this mail only.
    """

    schema: int
    message_id: str
    number: int
    digest: str
    report: ReportV1
