#!/usr/bin/env bash
# Scores a Parquet file of 10,000,000 rows of 10 features in f32 (400 MB), and fails if the scoring
# process ever exceeds the limit. The file has row groups of a million rows.
#
# usage: scripts/check-parquet-memory.sh [PDMAP]
#   PDMAP   the command [default: target/release/pdmap, built if missing]
# environment: ROWS (10000000), LIMIT_MB (300), TMPDIR (needs 600 MB)
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/lib-memory.sh

rows=${ROWS:-10000000}
limit=${LIMIT_MB:-300}
pdmap=$(command_under_test "$@")
cargo build --release --locked -p pdmap-data --features parquet --example parquet_rows
writer=$(realpath "${CARGO_TARGET_DIR:-target}/release/examples/parquet_rows")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

"$pdmap" train --data 'synthetic:ica?dim=10' --rows 2000,500,500 --steps 50 --quiet --out m.safetensors
"$writer" x.parquet "$rows" 10
echo "x.parquet: $rows rows, $(($(stat -c %s x.parquet) / 1000000)) MB"
measured "$pdmap" score m.safetensors --data x.parquet --out ll.npy
check "score"
measured "$pdmap" data describe x.parquet >/dev/null
check "data describe"
