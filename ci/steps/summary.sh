#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Show KVET_FOLDER/report.md as the job's summary. GitHub takes 1 MiB a step and drops what is larger.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
mute
need KVET_FOLDER

most=$((1024 * 1024))
if [ "$(stat -c %s "$KVET_FOLDER/report.md")" -le "$most" ]; then
    cat "$KVET_FOLDER/report.md" >>"$GITHUB_STEP_SUMMARY"
else
    printf 'The summary is larger than GitHub shows: see report.html in the artifact.\n' >>"$GITHUB_STEP_SUMMARY"
fi
