#!/usr/bin/env bash
# What a change of torch means for this source, as SARIF: the body of action.yml.
# It can be run by hand too, from the root of the reader's repository:
#   FROM=main:uv.lock TO=uv.lock CODE=src PYTHON=python3 path/to/tools/diff-action.sh
# CODE may have several paths, one a line. Writes the file SARIF names, and a summary where GITHUB_STEP_SUMMARY names a file.
# Exit status: that of `torch-history diff`: 1 where a difference of the kinds FAIL_ON is certain or likely met, 2 for bad input.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
sarif=${SARIF:-torch-diff.sarif}
arguments=(--from "${FROM:?names the file that pins torch before, as origin/main:uv.lock}"
           --to "${TO:?names the file that pins torch after, as uv.lock}"
           --fail-on "${FAIL_ON:-silent}" --level "${LEVEL:-likely}")
while IFS= read -r path; do
    if [ -n "$path" ]; then arguments+=(--code "$path"); fi
done <<< "${CODE:-.}"

# isolated: nothing of the reader's repository is imported, whatever its folders are called
history() {
    "${PYTHON:-python3}" -I -c 'import sys; sys.path.insert(0, sys.argv.pop(1)); from torch_history.cli import main; sys.exit(main())' \
        "$root" --root "$root" diff "${arguments[@]}" "$@"
}

status=0
history --format sarif > "$sarif" || status=$?
if [ "$status" -gt 1 ]; then
    rm "$sarif"
    exit "$status"
fi
if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
    { history --format markdown 2> /dev/null || true; } | head -c 900000 >> "$GITHUB_STEP_SUMMARY"
fi
if [ -n "${GITHUB_OUTPUT:-}" ]; then
    echo "sarif=$sarif" >> "$GITHUB_OUTPUT"
fi
exit "$status"
