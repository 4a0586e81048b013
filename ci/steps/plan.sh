#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Divide the review of KVET_SERIES into jobs: output "matrix", and $out/plan/plan.json for collect.sh.
# A Message-ID is fetched here, once: every job then reads the same mails.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
mute
need KVET_SERIES KVET_TREE

mkdir -p "$out/plan"
series=$KVET_SERIES
if [[ $series == *@* && $series != *..* && ! -e $series && ! -e ${series%%@*} ]]; then
    name=$(cd "$out/plan" && kvet series fetch "$series")
    series=$out/plan/$name
fi
options=(--tree "$KVET_TREE" --onto "${KVET_ONTO:-HEAD}" --fail-on "${KVET_FAIL_ON:-warning}")
is_true KVET_KERNEL || options+=(--no-kernel)
is_true KVET_PER_PATCH || options+=(--no-per-patch)
read -ra modes <<<"${KVET_MODES:-}"
for mode in "${modes[@]}"; do
    options+=(--mode "$mode")
done
kvet plan "${options[@]}" --github -o "$out/plan/plan.json" -- "$series" >>"$GITHUB_OUTPUT"
kvet plan "${options[@]}" -- "$series"
