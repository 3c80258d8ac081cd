#!/usr/bin/env bash
# Every law over every layer, in both precisions, on many random shapes, parameters and rows, and the long
# form of the other tests of pdmap-laws:
#
#   scripts/laws.sh [SHAPES] [SEED]
#
# SHAPES (900) shapes for each of about 60 layers in two precisions are 100,000 cases of ten laws each;
# about ten minutes. CI does 12 shapes.
set -euo pipefail
cd "$(dirname "$0")/.."
started=$SECONDS
LAWS_LONG=1 PROPTEST_CASES=${1:-900} PROPTEST_RNG_SEED=${2:-1} \
  cargo test --release --locked -p pdmap-laws --test all -- --nocapture
echo "$((SECONDS - started)) s, ${1:-900} shapes, seed ${2:-1}"
