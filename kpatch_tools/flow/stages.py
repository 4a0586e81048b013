# SPDX-License-Identifier: GPL-2.0-only
"""The stages of a review by name, in their order: what a run goes through and what a job has to show."""

from kpatch_tools.flow import own_tests, per_patch, warnings

APPLY = "apply"
PATCHES = "patches"
DOCS = "docs"
BUILD = "build"
# One of each for every contract that the series has.
OF_CONTRACTS = ("contract", "layout", "tests", "conformance")
# What a series that does not apply leaves without anything to look at.
OF_APPLIED = (DOCS, BUILD, warnings.CHECK, own_tests.CHECK, *OF_CONTRACTS)
STAGES = (APPLY, PATCHES, *OF_APPLIED)
PATCH_STAGES = (APPLY, per_patch.CHECK)
