#!/usr/bin/env bash
# Every law over every layer, in both precisions, on many random shapes, parameters and rows:
#
#   scripts/laws.sh [SHAPES] [SEED]
#
# SHAPES (900) shapes for each of about 60 layers in two precisions are 100,000 cases of nine laws each; about ten minutes. CI does 24 shapes.
set -euo pipefail
cd "$(dirname "$0")/.."
started=$SECONDS
PROPTEST_CASES=${1:-900} PROPTEST_RNG_SEED=${2:-1} \
  cargo test --release --locked -p pdmap-testing --test all -- --nocapture laws:: extremes:: log_det::
echo "$((SECONDS - started)) s, ${1:-900} shapes, seed ${2:-1}"
