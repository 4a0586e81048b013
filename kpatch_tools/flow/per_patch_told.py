# SPDX-License-Identifier: GPL-2.0-only
"""What a review patch by patch and the checks of the whole series both find is told once."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from kpatch_tools.flow.per_patch_progress import STAGE as CHECK
from kpatch_tools.model.report import CheckResult


def told_once(checks: Sequence[CheckResult]) -> tuple[CheckResult, ...]:
    """The checks, this one without what others tell too; its status stays, and its reason counts these."""
    told = {one.fingerprint for check in checks if check.check != CHECK for one in check.findings}
    return tuple(_shorter(check, told) if check.check == CHECK else check for check in checks)


def _shorter(check: CheckResult, told: Collection[str]) -> CheckResult:
    kept = tuple(one for one in check.findings if one.fingerprint not in told)
    if len(kept) == len(check.findings):
        return check
    count = len(check.findings) - len(kept)
    remark = (
        f"{count} findings are told by other checks" if count > 1 else "1 finding is told by another check"
    )
    return replace(check, findings=kept, reason="; ".join(filter(None, (check.reason, remark))))
