#!/usr/bin/env bash
# Runs every comparison of docs/findings.md. Needs the photographs of BSDS300 and the IDX files of
# MNIST; takes about three hours on two cores. Finished comparisons in the folder are not repeated.
#
#   scripts/findings.sh DATA [OUT, findings]     DATA/bsds300/{train,test}, DATA/mnist/*.gz
set -euo pipefail
data=$(realpath "${1:?the folder of the data}")
out=$(realpath -m "${2:-findings}")
cd "$(dirname "$0")/.."
cargo build --release --locked --quiet --package pdmap-cli
cargo build --release --locked --quiet --example equivariance
mkdir -p "$out"
compare() { # NAME PLAN ARGUMENTS...
  local name=$1 plan=$2
  shift 2
  target/release/pdmap compare --plan "plans/$plan.toml" "$@" --out "$out/$name" --quiet | tee "$out/$name.txt"
}
mnist=(--data "$data/mnist/train-images-idx3-ubyte.gz" --test "$data/mnist/t10k-images-idx3-ubyte.gz")
bsds=(--data "$data/bsds300/train" --test "$data/bsds300/test")
for dim in 16 64; do
  for condition in 2 1000; do
    compare "ica-$dim-$condition" ica --data "synthetic:ica?dim=$dim&source=laplace&condition=$condition" --rows 50000,10000,50000
  done
done
target/release/examples/equivariance | tee "$out/equivariance.txt"
compare ar1 ar1
scripts/make-sound.py "$out/sound.wav"
compare audio audio --data "$out/sound.wav" --frame 256 --hop 128
compare mnist-conv images-conv "${mnist[@]}"
compare tiles-conv images-conv "${bsds[@]}" --protocol tiles --patch 32 --rows 20000,2000,5000
compare bsds300 bsds300 "${bsds[@]}" --protocol bsds300 --rows 200000,20000,50000
compare coordinates coordinates "${bsds[@]}" --protocol bsds300 --rows 200000,20000,50000
for steps in 4000 16000 64000; do
  compare "horizon-$steps" horizons "${bsds[@]}" --protocol bsds300 --rows 200000,20000,50000 --steps "$steps"
done
compare mnist-dense mnist-dense "${mnist[@]}"
