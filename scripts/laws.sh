#!/usr/bin/env bash
# Checks every law for every layer, in both precisions, on many random shapes, parameters and rows:
#
#   scripts/laws.sh [SHAPES] [SEED]
#
# SHAPES (900) shapes for each of about 60 layers in two precisions give 100,000 cases of nine laws
# each, in about ten minutes. CI runs 24 shapes.
set -euo pipefail
cd "$(dirname "$0")/.."
started=$SECONDS
PROPTEST_CASES=${1:-900} PROPTEST_RNG_SEED=${2:-1} \
  cargo test --release --locked -p pdmap-laws --test all -- --nocapture laws:: extremes:: log_det::
echo "$((SECONDS - started)) s, ${1:-900} shapes, seed ${2:-1}"
