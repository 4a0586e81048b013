#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kvet's own CI: the tests that build kernels and boot machines.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

cd "$checkout"
for tree in debian:6.1 debian:6.12; do
    kvet tree get "$tree"
done
python -m pytest -n auto --dist loadgroup -m 'kernel or vm'
