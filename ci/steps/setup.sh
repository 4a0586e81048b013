#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kvet's own CI: install what its tests want, and make a repository of a checkout that has none.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

ours
"$checkout/ci/bootstrap" tests
cd "$checkout"
if ! git rev-parse --git-dir >/dev/null 2>&1; then
    git init --quiet
    git add --all
    git -c user.name=kvet -c user.email=kvet@kernel.invalid commit --quiet --message='as checked out'
fi
path "$checkout/.venv/bin"
keep
