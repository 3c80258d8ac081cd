#!/usr/bin/env bash
# Scores an .npy file larger than the allowed memory, and fails if the scoring process ever exceeds
# the limit. The file (10,000,000 rows of 16 features in f32, 640 MB) is sampled from a small model,
# also by streaming.
#
# usage: scripts/check-score-memory.sh [PDMAP]
#   PDMAP   the command [default: target/release/pdmap, built if missing]
# environment: ROWS (10000000), LIMIT_MB (300), TMPDIR (needs 720 MB)
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib-memory.sh

rows=${ROWS:-10000000}
limit=${LIMIT_MB:-300}
pdmap=$(command_under_test "$@")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

"$pdmap" train --data 'synthetic:ica?dim=16' --rows 2000,500,500 --steps 50 --quiet --out m.safetensors
measured "$pdmap" sample m.safetensors --count "$rows" --out x.npy
check "sample"
echo "x.npy: $(($(stat -c %s x.npy) / 1000000)) MB"
measured "$pdmap" score m.safetensors --data x.npy --out ll.npy
check "score"
measured "$pdmap" score m.safetensors --data x.npy --quantiles 0.001,0.01
check "score --quantiles"
