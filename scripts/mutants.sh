#!/usr/bin/env bash
# Plants a seeded sample of bugs in one crate, and counts those that the tests catch:
#
#   scripts/mutants.sh CRATE OUT [SEED] [COUNT]
#
# CRATE is core, dense, conv or train. COUNT (185) of the mutants that cargo-mutants knows are taken in a seeded random order, so that at least 150 of them build. Each is tested by the
# crate's own tests; those that pass them are tested by the laws of crates/testing too, but for train, on which the laws do not rest. OUT/own and OUT/laws have the outcomes, OUT/missed what no
# test sees. The work tree is changed while it runs: run it in a clone. Needs cargo-mutants, cargo-nextest, jq, openssl; one mutant takes 10 to 40 seconds.
set -euo pipefail
cd "$(dirname "$0")/.."
crate=${1:?core, dense, conv or train}
out=$(realpath -m "${2:?the folder for the outcomes}")
seed=${3:-1} count=${4:-185}
case $crate in
  core | dense | conv | train) ;;
  *) echo "no crate $crate: core, dense, conv or train" >&2; exit 1 ;;
esac
[ -z "$(git status --porcelain)" ] || { echo "the work tree has changes: mutants are written into it" >&2; exit 1; }
mkdir -p "$out"
# The build is most of the time.
export CARGO_PROFILE_DEV_OPT_LEVEL=0 CARGO_PROFILE_DEV_DEBUG=0
# A stream of pseudo-random bytes that only the seed decides.
bytes() { openssl enc -aes-256-ctr -pass "pass:$seed" -nosalt -pbkdf2 < /dev/zero 2> /dev/null; }

# Plants the mutants that the file $1 names, and tests by the package $3: outcomes in OUT/$2.
plant() {
  # Each name as a regular expression of its own.
  {
    echo 'examine_re = ['
    sed -e 's/[][\.*^$+?(){}|/]/\\&/g' -e "s/^/  '''^/" -e "s/\$/\$''',/" "$1"
    echo ']'
  } > "$out/$2.toml"
  mkdir -p "$out/$2"
  cargo mutants --in-place --package "pdmap-$crate" --test-package "$3" --config "$out/$2.toml" --test-tool nextest \
    --baseline skip --timeout 240 --build-timeout 600 --output "$out/$2" --no-shuffle --colors never || true
}

cargo mutants --list --package "pdmap-$crate" --no-config | sort -u > "$out/all"
shuf -n "$count" --random-source=<(bytes) "$out/all" > "$out/sample"
echo "$(wc -l < "$out/all") mutants of pdmap-$crate, $(wc -l < "$out/sample") in the sample of seed $seed"
plant "$out/sample" own "pdmap-$crate"
cp "$out/own/mutants.out/missed.txt" "$out/missed"
if [ "$crate" != train ] && [ -s "$out/missed" ]; then
  cp "$out/missed" "$out/passed-own"
  plant "$out/passed-own" laws pdmap-testing
  cp "$out/laws/mutants.out/missed.txt" "$out/missed"
fi
jq -r --argjson missed "$(wc -l < "$out/missed")" '(.total_mutants - .unviable) as $built
  | "\(.total_mutants) planted, \($built) build, \($built - $missed) caught, \($missed) missed"' "$out/own/mutants.out/outcomes.json"
