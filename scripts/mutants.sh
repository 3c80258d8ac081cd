#!/usr/bin/env bash
# Plants a seeded sample of bugs in one crate and counts how many the tests catch:
#
#   scripts/mutants.sh CRATE OUT [SEED] [COUNT]
#
# CRATE is core, dense, conv, spec or train. COUNT (core 190, dense and conv 220, spec and train 150)
# of the bugs known to cargo-mutants are drawn in a seeded random order. All bugs are built at once,
# each behind a switch (`tools/mutants/`), and switched on one at a time. Each is tested by the
# crate's own tests (dense has none), then by the laws of crates/laws (except for spec and train,
# which the laws do not cover). OUT/outcomes.tsv lists which tests caught a bug, and the seconds.
# Without bugs, all tests must pass first. The work tree is modified during the run and restored at
# the end: use a clone. Needs cargo-mutants, cargo-nextest, jq, openssl.
set -euo pipefail
cd "$(dirname "$0")/.."
crate=${1:?core, dense, conv, spec or train}
out=$(realpath -m "${2:?the folder for the outcomes}")
seed=${3:-1}
case $crate in
  core) packages=(pdmap-core pdmap-laws) usual=190 ;;
  conv) packages=(pdmap-conv pdmap-laws) usual=220 ;;
  dense) packages=(pdmap-laws) usual=220 ;;
  spec) packages=(pdmap-spec) usual=150 ;;
  train) packages=(pdmap-train) usual=150 ;;
  *) echo "no crate $crate: core, dense, conv, spec or train" >&2; exit 1 ;;
esac
count=${4:-$usual}
[ -z "$(git status --porcelain)" ] || { echo "the work tree has changes; the script would modify it" >&2; exit 1; }
mkdir -p "$out"
# A pseudo-random byte stream that depends only on the seed.
bytes() { openssl enc -aes-256-ctr -pass "pass:$seed" -nosalt -pbkdf2 < /dev/zero 2> /dev/null; }
cargo mutants --list --json --package "pdmap-$crate" --no-config | jq -c 'unique_by(.name)[]' > "$out/all"
shuf -n "$count" --random-source=<(bytes) "$out/all" | jq -s . > "$out/sample.json"
echo "$(wc -l < "$out/all") mutants of pdmap-$crate, $(jq length "$out/sample.json") in the sample of seed $seed"
# One build, hundreds of test runs.
export CARGO_PROFILE_DEV_DEBUG=0 CARGO_PROFILE_DEV_OPT_LEVEL=2
cargo run --quiet --locked --release --manifest-path tools/mutants/Cargo.toml -- "$out/sample.json" "$crate" "$out" "${packages[@]}"
