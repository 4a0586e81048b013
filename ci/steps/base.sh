#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Build the kernel of the base, KVET_COMMIT of KVET_TREE, before anything of a series runs: what is kept for other runs is
# made of the base alone, and no series can put anything into it.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
mute
need KVET_TREE KVET_COMMIT

# What another base left is of use to ccache alone.
rm -rf "$out/cache/kvet/kernels"
code=0
kvet build --tree "$KVET_TREE" --onto "$KVET_COMMIT" --state "$out/state" || code=$?
# The base may have warnings of its own: they are no reason to stop.
[ "$code" -le 1 ] || exit "$code"
rm -rf "$out/state"
