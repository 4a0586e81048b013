#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# kvet's own CI: build the wheel into dist/, and try it from another folder.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

cd "$checkout"
python -m build --wheel --outdir dist
python -m pytest tests/test_wheel.py
