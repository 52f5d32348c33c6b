#!/usr/bin/env bash
# What a change of torch means for this source, as SARIF: the body of action.yml.
# It can be run by hand too, from the root of the reader's repository:
#   FROM=main:uv.lock TO=uv.lock CODE=src PYTHON=python3 path/to/tools/diff-action.sh
# PYTHON has torch-history[code] installed. CODE may have several paths, one a line. The script
# writes the file that SARIF names, and a summary where GITHUB_STEP_SUMMARY names a file.
# Exit status: that of `torch-history diff`: 1 where the source certainly or likely meets a
# difference of the kinds FAIL_ON, 2 for bad input, 3 for a fault of ours.
set -euo pipefail

sarif=${SARIF:-torch-diff.sarif}
arguments=(--from "${FROM:?names the file that pins torch before, as origin/main:uv.lock}"
           --to "${TO:?names the file that pins torch after, as uv.lock}"
           --fail-on "${FAIL_ON:-breaks,silent}" --level "${LEVEL:-likely}")
while IFS= read -r path; do
    if [ -n "$path" ]; then arguments+=(--code "$path"); fi
done <<< "${CODE:-.}"

# isolated: nothing of the reader's repository is imported, whatever its folders are called
torch_history() {
    "${PYTHON:-python3}" -I -m torch_history diff "${arguments[@]}" "$@"
}

# The report may not replace what is compared or read.
for input in "$FROM" "$TO"; do
    if [ "$sarif" -ef "$input" ] || [ "$sarif" = "$input" ]; then
        echo "torch-history: SARIF $sarif: is one of the files that pin torch: name another file" >&2
        exit 2
    fi
done
mkdir -p "$(dirname "$sarif")"
written=$(mktemp "$(dirname "$sarif")/.torch-diff.XXXXXX")
trap 'rm -f "$written"' EXIT

status=0
torch_history --format sarif > "$written" || status=$?
if [ "$status" -gt 1 ]; then exit "$status"; fi
chmod 644 "$written"
mv "$written" "$sarif"
if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
    { torch_history --format markdown 2> /dev/null || true; } | head -c 900000 >> "$GITHUB_STEP_SUMMARY"
fi
if [ -n "${GITHUB_OUTPUT:-}" ]; then
    echo "sarif=$sarif" >> "$GITHUB_OUTPUT"
fi
exit "$status"
