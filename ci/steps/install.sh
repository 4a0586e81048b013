#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Install kvet out of the checkout that this script is in: what is run is the commit that was pinned.
# KVET_KERNEL true also brings what building and booting a kernel takes.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
mute

ours
how=light
if is_true KVET_KERNEL; then
    how=
fi
"$checkout/ci/bootstrap" ${how:+"$how"}
path "$checkout/.venv/bin"
keep
"$checkout/.venv/bin/kvet" --version
