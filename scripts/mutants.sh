#!/usr/bin/env bash
# Plants a seeded sample of bugs in one crate, and counts those that the tests catch:
#
#   scripts/mutants.sh CRATE OUT [SEED] [COUNT]
#
# CRATE is core, dense, conv or train. COUNT (220; core 190) of the bugs that cargo-mutants knows are taken in a seeded random order, so that at least 150 of them build. All of them are built at once, each behind a
# switch (`mutants/`), and one is switched on at a time. Each is tested by the crate's own tests (dense has none), then by the laws of crates/laws, but for train, on which the laws do not rest.
# OUT/outcomes.tsv says by which a bug was caught and in how many seconds. Without bugs all tests must pass first. The work tree is changed while it runs, and as it was at the end: run it in a clone.
# Needs cargo-mutants, cargo-nextest, jq, openssl.
set -euo pipefail
cd "$(dirname "$0")/.."
crate=${1:?core, dense, conv or train}
out=$(realpath -m "${2:?the folder for the outcomes}")
seed=${3:-1}
case $crate in
  core) packages=(pdmap-core pdmap-laws) usual=190 ;;
  conv) packages=(pdmap-conv pdmap-laws) usual=220 ;;
  dense) packages=(pdmap-laws) usual=220 ;;
  train) packages=(pdmap-train) usual=220 ;;
  *) echo "no crate $crate: core, dense, conv or train" >&2; exit 1 ;;
esac
count=${4:-$usual}
[ -z "$(git status --porcelain)" ] || { echo "the work tree has changes: bugs are written into it" >&2; exit 1; }
mkdir -p "$out"
# A stream of pseudo-random bytes that only the seed decides.
bytes() { openssl enc -aes-256-ctr -pass "pass:$seed" -nosalt -pbkdf2 < /dev/zero 2> /dev/null; }
cargo mutants --list --json --package "pdmap-$crate" --no-config | jq -c 'unique_by(.name)[]' > "$out/all"
shuf -n "$count" --random-source=<(bytes) "$out/all" | jq -s . > "$out/sample.json"
echo "$(wc -l < "$out/all") mutants of pdmap-$crate, $(jq length "$out/sample.json") in the sample of seed $seed"
# One build, hundreds of runs.
export CARGO_PROFILE_DEV_DEBUG=0 CARGO_PROFILE_DEV_OPT_LEVEL=2
cargo run --quiet --locked --release --manifest-path mutants/Cargo.toml -- "$out/sample.json" "$crate" "$out" "${packages[@]}"
