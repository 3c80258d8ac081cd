#!/usr/bin/env bash
# Trains each named model of fixed depth with five seeds on suitable data, and prints test
# log-likelihoods and how each run ended.
# Usage: scripts/stability.sh [BUDGET, such as 20s] [MNIST training images] (needs a release build: cargo build --release)
set -euo pipefail
budget=${1:-20s}
images=${2:-}
pdmap=${PDMAP:-target/release/pdmap}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
run() {
  local model=$1
  shift
  for seed in 1 2 3 4 5; do
    "$pdmap" train --model "$model" --budget "$budget" --seed "$seed" --out "$folder/model.safetensors" --json "$@" > "$folder/said" \
      || { echo "$model, seed $seed: failed"; cat "$folder/said"; continue; }
    awk -v name="$model, seed $seed" '
      /"mean"/ { gsub(/[^-0-9.]/, "", $2); mean = $2 }
      /"halvings"/ { gsub(/[^0-9]/, "", $2); halvings = $2 }
      /"outcome"/ { gsub(/[",]/, "", $2); outcome = $2 }
      END { printf "%s: test %.3f nats, %s halvings, %s\n", name, mean, halvings, outcome }' "$folder/said"
  done
}
patches="--data synthetic:leaves"
for model in paper-bsds300 gaussianization-orthonormal gaussianization-unconstrained gaussianization-svd; do
  # shellcheck disable=SC2086
  run "$model" $patches
done
run audio-lapped --data "synthetic:ar1?rho=0.95&length=256"
if [ -n "$images" ]; then
  run paper-mnist --data "$images"
  for model in image-pyramid-orthonormal image-pyramid-unconstrained; do
    run "$model" --data "$images" --preprocess sigmoid,levels
  done
else
    echo "skipped: image models, which need the path of MNIST's training images"
fi
