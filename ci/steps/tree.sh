#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Bring the tree KVET_TREE, and say by which key kernels of its base are kept.
#
# The key names all that a kernel of the base is made of: its commit, the configuration, the compiler. A
# restored cache is only ever a help: kvet looks for a kernel by the content that made it.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
mute
need KVET_TREE

path=$(kvet tree get "$KVET_TREE")
# "auto" is for kvet to find, and so is a commit that comes with the series: the tree's own then serves.
commit=$(git -C "$path" rev-parse --verify --quiet --end-of-options "${KVET_ONTO:-HEAD}^{commit}" ||
    git -C "$path" rev-parse --verify HEAD)
recipe=$({
    cat "$checkout"/ci/kernel/*.config
    gcc --version
    ld --version
} | sha256sum | cut -c1-16)
output commit "$commit"
output prefix "kvet-kernels-$recipe-"
output key "kvet-kernels-$recipe-$commit"
