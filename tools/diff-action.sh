#!/usr/bin/env bash
# What a change of torch means for this source, as SARIF: the body of action.yml.
# It can be run by hand too, from the root of the reader's repository:
#   PYTHON=python3 path/to/tools/diff-action.sh
#   FROM=main:uv.lock TO=uv.lock CODE=src PYTHON=python3 path/to/tools/diff-action.sh
# Without FROM and TO it runs `torch-history upgrade` on the folder CODE, else `torch-history diff`.
# PYTHON has torch-history[code] installed. CODE may have several paths, one a line. The script
# writes the file that SARIF names, and a summary where GITHUB_STEP_SUMMARY names a file. BASELINE
# names a file with accepted findings.
# Exit status: that of the command: 1 where the source certainly or likely meets a difference of the
# kinds FAIL_ON, 2 for bad input, 3 for a fault of ours.
set -euo pipefail

fail() {
    echo "torch-history: $1" >&2
    exit 2
}

sarif=${SARIF:-torch-diff.sarif} from=${FROM:-} to=${TO:-} baseline=${BASELINE:-}
paths=()
while IFS= read -r path; do
    if [ -n "$path" ]; then paths+=("$path"); fi
done <<< "${CODE:-.}"

arguments=(--fail-on "${FAIL_ON:-breaks,numbers}" --level "${LEVEL:-likely}")
if [ -n "$baseline" ]; then arguments+=(--baseline "$baseline"); fi
if [ -n "$from$to" ]; then
    verb="diff"
    if [ -n "$from" ]; then arguments+=(--from "$from"); fi
    if [ -n "$to" ]; then arguments+=(--to "$to"); fi
    for path in "${paths[@]}"; do arguments+=(--code "$path"); done
elif [ "${#paths[@]}" -eq 1 ]; then
    verb="upgrade"
    arguments+=(-- "${paths[0]}")
else
    fail "CODE has ${#paths[@]} paths: without FROM and TO, name the folder of the project alone"
fi

# isolated: nothing of the reader's repository is imported, whatever its folders are called
torch_history() {
    "${PYTHON:-python3}" -I -m torch_history "$verb" --format "$1" "${arguments[@]}"
}

# The report may not replace what is compared or read.
for input in "$from" "$to" "$baseline"; do
    if [ -n "$input" ] && { [ "$sarif" -ef "$input" ] || [ "$sarif" = "$input" ]; }; then
        fail "SARIF $sarif: is one of the files that are read: name another file"
    fi
done
mkdir -p "$(dirname "$sarif")"
written=$(mktemp "$(dirname "$sarif")/.torch-diff.XXXXXX")
trap 'rm -f "$written"' EXIT

status=0
torch_history sarif > "$written" || status=$?
if [ "$status" -gt 1 ]; then exit "$status"; fi
chmod 644 "$written"
mv "$written" "$sarif"
if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
    { torch_history markdown 2> /dev/null || true; } | head -c 900000 >> "$GITHUB_STEP_SUMMARY"
fi
if [ -n "${GITHUB_OUTPUT:-}" ]; then
    echo "sarif=$sarif" >> "$GITHUB_OUTPUT"
fi
exit "$status"
