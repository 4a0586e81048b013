#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Make one report of what the jobs of $out/plan/plan.json left in $out/jobs: $out/report/report.json.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
mute

folder=$out/report
mkdir -p "$folder" "$out/jobs"
code=0
kvet collect "$out/jobs" --plan "$out/plan/plan.json" -o "$folder/report.json" \
    --fail-on "${KVET_FAIL_ON:-warning}" || code=$?
[ -s "$folder/report.json" ] || exit "$code"
output folder "$folder"
output code "$code"
