#!/usr/bin/env bash
# Plants a seeded sample of bugs in one crate, and counts those that the tests catch:
#
#   scripts/mutants.sh CRATE OUT [SEED] [COUNT]
#
# CRATE is core, dense, conv or train. COUNT (185) of the mutants that cargo-mutants knows are taken in a seeded random order, so that at least 150 of them build; each is tested by the
# crate's own tests and, but for train, by the laws of crates/testing. OUT/mutants.out has the outcomes. The work tree is changed while it runs: run it in a clone. Needs
# cargo-mutants, cargo-nextest, jq; one mutant takes about 40 seconds of two cores.
set -euo pipefail
cd "$(dirname "$0")/.."
crate=${1:?core, dense, conv or train}
out=$(realpath -m "${2:?the folder for the outcomes}")
seed=${3:-1} count=${4:-185}
case $crate in
  core|dense|conv) tests=(--test-package "pdmap-$crate" --test-package pdmap-testing) ;;
  train) tests=(--test-package pdmap-train) ;;
  *) echo "no crate $crate: core, dense, conv or train" >&2; exit 1 ;;
esac
[ -z "$(git status --porcelain)" ] || { echo "the work tree has changes: mutants are written into it" >&2; exit 1; }
mkdir -p "$out"
# A stream of pseudo-random bytes that only the seed decides.
bytes() { openssl enc -aes-256-ctr -pass "pass:$seed" -nosalt -pbkdf2 < /dev/zero 2> /dev/null; }
cargo mutants --list --package "pdmap-$crate" --no-config | sort -u > "$out/all"
shuf -n "$count" --random-source=<(bytes) "$out/all" > "$out/sample"
# Each name as a regular expression of its own.
{
  echo 'examine_re = ['
  sed -e 's/[][\.*^$+?(){}|/]/\\&/g' -e "s/^/  '''^/" -e "s/\$/\$''',/" "$out/sample"
  echo ']'
} > "$out/config.toml"
echo "$(wc -l < "$out/all") mutants of pdmap-$crate, $(wc -l < "$out/sample") in the sample of seed $seed"
cargo mutants --in-place --package "pdmap-$crate" "${tests[@]}" --config "$out/config.toml" --test-tool nextest \
  --baseline skip --timeout 240 --build-timeout 600 --output "$out" --no-shuffle --colors never || true
jq -r '"caught \(.caught), missed \(.missed), timed out \(.timeout), unviable \(.unviable)"' "$out/mutants.out/outcomes.json"
