#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kvet's own CI: every test that builds no kernel and boots no machine.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

cd "$checkout"
python -m pytest -n auto --dist loadgroup -m 'not kernel and not vm and not root'
