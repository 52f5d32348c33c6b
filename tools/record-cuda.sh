#!/usr/bin/env bash
# On a machine with a GPU, at most 8 minutes: records the behaviours on CUDA under the torch of its
# Python, times the benchmarks' three CUDA figures, and packs all of it for `torch-history merge`.
#
#   tools/record-cuda.sh [FILE.tar.gz]
#
# PYTHON  the interpreter that has torch (default: python3)
# WHEELS  a folder of wheels to install from, where no registry can be reached
# DEVICE  cuda (default); cpu tries the script itself on a machine without a GPU
# RECORD_S, BENCH_S  the most seconds for each part (defaults: 240 and 200)
set -euo pipefail
cd "$(dirname "$0")/.."
file=${1:-record-cuda.tar.gz} python=${PYTHON:-python3} device=${DEVICE:-cuda}
began=$SECONDS

version=$("$python" -c 'import torch; print(torch.__version__.partition("+")[0])')
if [ "$device" = cuda ]; then
    "$python" -c 'import sys, torch; sys.exit(not torch.cuda.is_available())' ||
        { echo "torch $version of $python sees no CUDA device: nothing was recorded" >&2; exit 2; }
fi
from=()
if [ -n "${WHEELS:-}" ]; then from=(--no-index --find-links "$WHEELS" --no-build-isolation); fi
echo "== torch $version on $device: installing the suite ($((SECONDS - began)) s)"
"$python" -m pip install --quiet "${from[@]}" -e '.[bench,record,test]'

echo "== recording the behaviours ($((SECONDS - began)) s)"
# 1 means that behaviours failed, which is a result; the run file is kept all the same.
trial=()
if [ "$device" = cpu ]; then trial=(--any-build); fi
timeout "${RECORD_S:-240}" "$python" -m torch_history record --here --again --device "$device" \
    "${trial[@]}" "$version" || echo "record: exit status $?"

echo "== timing the benchmarks ($((SECONDS - began)) s)"
# bench asks for an environment of tox: here it is this interpreter, under the name tox would use.
tox=$(mktemp -d)
trap 'rm -rf "$tox"' EXIT
environment=$("$python" - "$version" <<'END'
import pathlib, sys
from torch_history.catalogue import releases
(release,) = releases.choose(pathlib.Path.cwd(), [sys.argv[1]])
work = "." if release.environment != "other" else f"torch{release.patch}-{releases.python_of(release)}"
print(f"{work}/{release.environment}")
END
)
mkdir -p "$tox/$environment/bin"
printf '#!/bin/sh\nexec %q "$@"\n' "$(command -v "$python")" > "$tox/$environment/bin/python"
chmod +x "$tox/$environment/bin/python"
# The release against itself: the three figures, with their noise. The compiled benchmark takes a
# minute before the budget begins to count.
budget=$("$python" -c "print(max(0.5, ${BENCH_S:-200} / 60 - 1.5))")
TOX_WORK_DIR=$tox timeout "${BENCH_S:-200}" "$python" -m torch_history bench "$version" "$version" \
    --device "$device" --budget "$budget" --launches 3 --to .history/bench ||
    echo "bench: exit status $?"

echo "== packing ($((SECONDS - began)) s)"
"$python" -m pip freeze > .history/packages.txt
found=()
for path in ".history/$version-$device.json" ".history/$version-$device.log" \
    ".history/$version-$device.failure" .history/bench .history/packages.txt; do
    if [ -e "$path" ]; then found+=("$path"); fi
done
tar czf "$file" "${found[@]}"
echo "$file: on the machine with the records, unpack it in the checkout, then" \
    "'torch-history merge .history/$version-$device.json' ($((SECONDS - began)) s)"
