#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kvet's own CI: the workflows, the actions and the scripts of their steps, by their linters.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

cd "$checkout"
zizmor --offline --pedantic --no-progress .github/workflows ci
actionlint .github/workflows/*.yml
shellcheck --external-sources ci/bootstrap ci/lint ci/steps/*.sh
