#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Run one review and keep its report as $out/jobs/KVET_JOB/report.json, its logs beside it.
#
# KVET_ARGUMENTS is what `kvet plan` wrote for this job, a JSON list of words; without it the words are made
# of KVET_SERIES, KVET_TREE, KVET_ONTO, KVET_KERNEL, KVET_PER_PATCH, KVET_MODES and KVET_FAIL_ON.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
mute

job=${KVET_JOB:-kvet-series}
[[ $job =~ ^[A-Za-z0-9-]+$ ]] || misused "KVET_JOB is no name: letters, digits and dashes"
words=()
if [ -n "${KVET_ARGUMENTS:-}" ]; then
    mapfile -d '' -t words < <(python -c '
import json, os, sys
words = json.loads(os.environ["KVET_ARGUMENTS"])
assert isinstance(words, list) and words[:1] == ["review"] and all(isinstance(one, str) for one in words)
sys.stdout.write("".join(f"{one}\0" for one in words))' 2>/dev/null)
    [ "${#words[@]}" -gt 0 ] || misused "KVET_ARGUMENTS are not the words of a review"
else
    need KVET_SERIES KVET_TREE
    words=(review --tree "$KVET_TREE" --onto "${KVET_ONTO:-HEAD}" --fail-on "${KVET_FAIL_ON:-warning}")
    is_true KVET_KERNEL || words+=(--no-kernel)
    if is_true KVET_PER_PATCH; then
        words+=(--per-patch)
        read -ra modes <<<"${KVET_MODES:-}"
        for mode in "${modes[@]}"; do
            words+=(--mode "$mode")
        done
    elif [ -n "${KVET_MODES:-}" ]; then
        misused "KVET_MODES are those of the patches: set KVET_PER_PATCH"
    fi
    words+=(-- "$KVET_SERIES")
fi

folder=$out/jobs/$job
rm -rf "$folder" "$out/state"
mkdir -p "$folder"
code=0
kvet "${words[0]}" --state "$out/state" --format json "${words[@]:1}" >"$folder/report.json" || code=$?
# Without a report there is nothing to show, and its absence is what collect.sh tells.
case $code in
0 | 1 | 3) ;;
*) rm "$folder/report.json" ;;
esac
[ -s "$folder/report.json" ] || exit "$code"
for logs in "$out"/state/runs/*/logs; do
    if [ -d "$logs" ]; then
        cp -r "$logs" "$folder/logs"
    fi
done
output folder "$folder"
output code "$code"
