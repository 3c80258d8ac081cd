#!/usr/bin/env bash
# Scores a Parquet file of 10,000,000 rows of 10 features in f32 (400 MB), and fails if the scoring
# process ever exceeds the limit. The file has row groups of a million rows.
#
# usage: scripts/check-parquet-memory.sh [PDMAP]
#   PDMAP   the command [default: target/release/pdmap, built if missing]
# environment: ROWS (10000000), LIMIT_MB (300), TMPDIR (needs 600 MB)
set -euo pipefail
cd "$(dirname "$0")/.."

rows=${ROWS:-10000000}
limit=${LIMIT_MB:-300}
pdmap=${1:-${CARGO_TARGET_DIR:-target}/release/pdmap}
if [ ! -x "$pdmap" ]; then
  cargo build --release --locked -p pdmap-cli
fi
pdmap=$(realpath "$pdmap")
cargo build --release --locked -p pdmap-data --features parquet --example parquet_rows
writer=$(realpath "${CARGO_TARGET_DIR:-target}/release/examples/parquet_rows")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# Runs a command and writes its peak resident set, in kB, to the file `peak`.
measured() {
  if [ -x /usr/bin/time ] && /usr/bin/time -v true 2>/dev/null; then
    /usr/bin/time -v -o usage "$@"
    awk '/Maximum resident set size/ {print $NF}' usage >peak
    return
  fi
    # The high-water mark only grows, so the last sample before the end is nearly final.
  "$@" &
  local process=$! now
  echo 0 >peak
  while kill -0 "$process" 2>/dev/null; do
    now=$(awk '/^VmHWM/ {print $2}' "/proc/$process/status" 2>/dev/null || true)
    if [ -n "$now" ]; then echo "$now" >peak; fi
    sleep 0.02
  done
  wait "$process"
}

check() { # name
  local megabytes=$(($(cat peak) / 1000))
  echo "$1: peak resident set $megabytes MB (limit $limit MB)"
  [ "$(cat peak)" -gt 0 ] || { echo "$1: nothing was measured"; exit 1; }
    [ "$megabytes" -le "$limit" ] || { echo "$1: above the limit"; exit 1; }
}

"$pdmap" train --data 'synthetic:ica?dim=10' --rows 2000,500,500 --steps 50 --quiet --out m.safetensors
"$writer" x.parquet "$rows" 10
echo "x.parquet: $rows rows, $(($(stat -c %s x.parquet) / 1000000)) MB"
measured "$pdmap" score m.safetensors --data x.parquet --out ll.npy
check "score"
measured "$pdmap" data describe x.parquet >/dev/null
check "data describe"
