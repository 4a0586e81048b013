#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# End as the review did: KVET_CODE is its exit code, KVET_VERDICT what it came to.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
mute
need KVET_CODE KVET_VERDICT

[[ $KVET_CODE =~ ^[0-9]{1,3}$ ]] || misused "KVET_CODE is no exit code"
echo "kvet: verdict $KVET_VERDICT"
exit "$KVET_CODE"
