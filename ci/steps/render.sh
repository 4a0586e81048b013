#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Render KVET_FOLDER/report.json beside itself, for the steps and for people: HTML, SARIF, JUnit, Markdown.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
mute
need KVET_FOLDER

while read -r format file; do
    kvet render "$format" --from "$KVET_FOLDER/report.json" -o "$KVET_FOLDER/$file"
done <<'FORMATS'
html report.html
sarif report.sarif
junit junit.xml
markdown report.md
FORMATS
verdict=$(python -c '
import json, sys
print(json.load(open(sys.argv[1], encoding="utf-8"))["verdict"])' "$KVET_FOLDER/report.json")
output verdict "$verdict"
output report "$KVET_FOLDER/report.json"
output html "$KVET_FOLDER/report.html"
output sarif "$KVET_FOLDER/report.sarif"
output junit "$KVET_FOLDER/junit.xml"
