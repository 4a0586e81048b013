# SPDX-License-Identifier: GPL-2.0-only
"""The comments that our own series know, and the proofs that need no report."""

import pytest

from kpatch_tools.checks.compare import match
from kpatch_tools.checks.known import Evidence, known_answers
from kpatch_tools.flow.generate import contract_names, load_contract
from kpatch_tools.flow.rulepages import rule_pages
from kpatch_tools.flow.series import load_manifest, load_series
from kpatch_tools.model.known import CasePasses, FindingGone, KnownComment, Outcome, State
from kpatch_tools.model.manifest import SeriesManifest

NAME = "kvm-map-memory"


@pytest.fixture(scope="module")
def manifest() -> SeriesManifest:
    found = load_manifest(f"{NAME}/v2")
    assert found is not None
    return found


def of_report(comment: KnownComment) -> list[bool]:
    return [isinstance(proof, FindingGone | CasePasses) for proof in comment.proof]


def test_proofs_name_rules_and_cases_that_there_are(manifest: SeriesManifest) -> None:
    cases = {case.name for name in contract_names() for case in load_contract(name).case}
    pages = rule_pages()
    for comment in manifest.comments:
        for proof in comment.proof:
            if isinstance(proof, CasePasses):
                assert proof.case in cases, comment.id
            if isinstance(proof, FindingGone):
                assert proof.rule in pages or f"{proof.rule.partition('/')[0]}/" in pages, comment.id


def test_each_comment_has_a_proof_for_its_claim(manifest: SeriesManifest) -> None:
    assert {comment.by for comment in manifest.comments} > {"Paolo Bonzini", "Rick Edgecombe"}
    assert all(comment.proof and comment.claim for comment in manifest.comments)


def test_what_the_mails_show_holds_and_the_rest_waits_for_reports(manifest: SeriesManifest) -> None:
    old, new = load_series(f"{NAME}/v2"), load_series(f"{NAME}/v3")
    found = known_answers(manifest.comments, Evidence(old=old, new=new, pairs=match(old, new)))
    assert len(found) == len(manifest.comments)
    for item in found:
        waits = of_report(item.comment)
        outcomes = [Outcome.UNKNOWN if wait else Outcome.HOLDS for wait in waits]
        assert [proof.outcome for proof in item.proofs] == outcomes, item.comment.id
        assert item.state is (State.UNPROVEN if any(waits) else State.ANSWERED)


def test_a_version_that_changes_nothing_answers_nothing(manifest: SeriesManifest) -> None:
    old = load_series(f"{NAME}/v2")
    found = known_answers(manifest.comments, Evidence(old=old, new=old, pairs=match(old, old)))
    assert {item.state for item in found} == {State.STILL, State.UNPROVEN}
