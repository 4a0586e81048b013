# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the steps share; sourced, never run. A step gets its inputs as environment variables: GitHub's
# expressions stand in the workflow alone, so no text of a series is ever part of a script.
#
# GitHub's variables that are used: GITHUB_WORKSPACE, GITHUB_OUTPUT, GITHUB_PATH, GITHUB_ENV and
# GITHUB_STEP_SUMMARY are files and folders of the runner; all are needed.
set -euo pipefail

step=${0##*/}
# shellcheck disable=SC2034
checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

# With the exit code that kvet has for wrong usage.
misused() {
    echo "ci/steps/$step: $1" >&2
    exit 2
}

need() {
    local name
    for name; do
        [ -n "${!name:-}" ] || misused "$name is not set"
    done
}

is_true() { # NAME: whether that input is true; anything but true and false is an error
    case ${!1:-} in
    true) return 0 ;;
    false | "") return 1 ;;
    *) misused "$1 is neither true nor false" ;;
    esac
}

# Everything that a series says may come into the log, and the runner reads commands there ("::error::" at the
# start of a line, "##[error]" anywhere). From here to the end of the step it hears none.
mute() {
    token=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
    echo "::stop-commands::$token"
    trap 'printf "\n::%s::\n" "$token"' EXIT
}

output() { # NAME VALUE: an output of the step; one line
    case $2 in
    *$'\n'* | *$'\r'*) misused "the output $1 has more than one line" ;;
    esac
    printf '%s=%s\n' "$1" "$2" >>"$GITHUB_OUTPUT"
}

# In a container the workspace belongs to the runner's user on the host, and git refuses such a folder.
ours() {
    if [ "$(id -u)" -eq 0 ] && [ "$(stat -c %u "$GITHUB_WORKSPACE")" -ne 0 ]; then
        chown root: "$GITHUB_WORKSPACE"
    fi
}

path() { # FOLDER: where later steps look for programs
    echo "$1" >>"$GITHUB_PATH"
}

# What later steps keep: in the workspace, since there alone containers and actions see the same path.
keep() {
    mkdir -p "$GITHUB_WORKSPACE/$out/cache"
    printf '%s\n' "XDG_CACHE_HOME=$GITHUB_WORKSPACE/$out/cache" CCACHE_MAXSIZE=500M >>"$GITHUB_ENV"
}

need GITHUB_WORKSPACE GITHUB_OUTPUT GITHUB_PATH GITHUB_ENV GITHUB_STEP_SUMMARY
cd "$GITHUB_WORKSPACE"
# shellcheck disable=SC2034
out=kvet-out
