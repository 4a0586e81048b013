#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Print KVET_FOLDER/report.json as annotations. These lines are meant for the runner; kvet escapes in them
# whatever a series says.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
need KVET_FOLDER

kvet render github --from "$KVET_FOLDER/report.json"
