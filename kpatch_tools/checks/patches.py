# SPDX-License-Identifier: GPL-2.0-only
"""The table of rules about patches, and running it."""

from collections.abc import Mapping

from kpatch_tools.checks import build_files, kvm_rules, kvm_uapi, message, trailers
from kpatch_tools.checks.patch_rule import Hit, PatchContext, PatchRule, SeriesContext, SeriesRule
from kpatch_tools.model.finding import Finding, Location, Severity

_ERROR, _WARNING, _NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE

PATCH_RULES: Mapping[str, PatchRule] = {
    "message/subject-length": PatchRule(_WARNING, message.subject_length),
    "message/imperative": PatchRule(_WARNING, message.imperative),
    "message/empty": PatchRule(_WARNING, message.empty),
    "message/body-width": PatchRule(_WARNING, message.body_width),
    "message/cut": PatchRule(_WARNING, message.cut),
    "message/fixes-form": PatchRule(_WARNING, trailers.fixes_form),
    "message/fixes-commit": PatchRule(_WARNING, trailers.fixes_commit),
    "message/link-form": PatchRule(_WARNING, trailers.link_form),
    "message/tags-apart": PatchRule(_WARNING, trailers.one_block),
    "message/tag-order": PatchRule(_NOTE, trailers.order),
    "message/sign-off": PatchRule(_WARNING, trailers.sign_off),
    "build-file/network": PatchRule(_WARNING, build_files.network),
    "build-file/secret": PatchRule(_WARNING, build_files.secret),
    "build-file/outside": PatchRule(_WARNING, build_files.outside),
    "build-file/stays": PatchRule(_WARNING, build_files.stays),
    "build-file/endless": PatchRule(_WARNING, build_files.endless),
    "build-file/hidden": PatchRule(_WARNING, build_files.hidden),
    "kvm/shortlog": PatchRule(_WARNING, kvm_rules.shortlog),
    "kvm/function-name": PatchRule(_WARNING, kvm_rules.function_name),
}
SERIES_RULES: Mapping[str, SeriesRule] = {
    "kvm/base": SeriesRule(_NOTE, kvm_rules.base_given),
    "kvm/feature-test": SeriesRule(_WARNING, kvm_rules.feature_test),
    "kvm/selftest-registered": SeriesRule(_WARNING, kvm_rules.selftest_registered),
    "kvm/uapi-documented": SeriesRule(_WARNING, kvm_uapi.documented),
    "kvm/uapi-discoverable": SeriesRule(_WARNING, kvm_uapi.discoverable),
    "kvm/uapi-layout": SeriesRule(_WARNING, kvm_uapi.layout),
}
# Where both fire on one patch, ours says more; checkpatch's stays where ours is silent.
SAME_AS = {
    "checkpatch/COMMIT_LOG_LONG_LINE": "message/body-width",
    "checkpatch/COMMIT_MESSAGE": "message/empty",
    "checkpatch/MISSING_SIGN_OFF": "message/sign-off",
    "checkpatch/NO_AUTHOR_SIGN_OFF": "message/sign-off",
    "checkpatch/FROM_SIGN_OFF_MISMATCH": "message/sign-off",
    "checkpatch/BAD_FIXES_TAG": "message/fixes-form",
    "checkpatch/GIT_COMMIT_ID": "message/fixes-form",
}


def check_patch(context: PatchContext) -> tuple[Finding, ...]:
    """What the rules about one patch find in it."""
    return tuple(
        _finding(name, rule.severity, hit, context.patch.number)
        for name, rule in PATCH_RULES.items()
        for hit in rule.check(context)
    )


def check_whole(context: SeriesContext) -> tuple[Finding, ...]:
    """What the rules about a whole series find in it."""
    return tuple(
        _finding(name, rule.severity, hit, hit.patch)
        for name, rule in SERIES_RULES.items()
        for hit in rule.check(context)
    )


def without_doubles(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Drop what checkpatch says about a patch when a rule of ours says the same about it."""
    ours = {(one.rule, one.location.patch if one.location else 0) for one in findings}
    return tuple(
        one
        for one in findings
        if (SAME_AS.get(one.rule), one.location.patch if one.location else 0) not in ours
    )


def _finding(rule: str, severity: Severity, hit: Hit, patch: int) -> Finding:
    place = Location(path=hit.path, line=hit.line, patch=patch) if hit.path or patch else None
    return Finding(
        rule=rule,
        severity=hit.severity or severity,
        message=hit.text,
        location=place,
        detail=hit.detail,
        hint=hit.hint,
    )
