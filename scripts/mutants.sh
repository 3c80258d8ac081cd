#!/usr/bin/env bash
# Plants a seeded sample of bugs in one crate, and counts those that the tests catch:
#
#   scripts/mutants.sh CRATE OUT [SEED] [COUNT]
#
# CRATE is core, dense, conv or train. COUNT (185) of the mutants that cargo-mutants knows are taken in a seeded random order, so that at least 150 of them build. Each is tested by the
# crate's own tests (dense has none); those that pass them are tested by the laws of crates/testing too, but for train, on which the laws do not rest. Without bugs both must pass first.
# OUT/own and OUT/laws have the outcomes, OUT/missed what no test sees. The work tree is changed while it runs: run it in a clone. Needs cargo-mutants, cargo-nextest, jq, openssl; one mutant takes 10 to 40 seconds.
set -euo pipefail
cd "$(dirname "$0")/.."
crate=${1:?core, dense, conv or train}
out=$(realpath -m "${2:?the folder for the outcomes}")
seed=${3:-1} count=${4:-185}
case $crate in
  core | conv) stages=(own laws) ;;
  dense) stages=(laws) ;;
  train) stages=(own) ;;
  *) echo "no crate $crate: core, dense, conv or train" >&2; exit 1 ;;
esac
[ -z "$(git status --porcelain)" ] || { echo "the work tree has changes: mutants are written into it" >&2; exit 1; }
mkdir -p "$out"
export CARGO_PROFILE_DEV_DEBUG=0
# A stream of pseudo-random bytes that only the seed decides.
bytes() { openssl enc -aes-256-ctr -pass "pass:$seed" -nosalt -pbkdf2 < /dev/zero 2> /dev/null; }

# Plants the mutants that OUT/missed names, and tests by the crate's own tests or the laws: those that pass are in OUT/missed then.
plant() {
  # Of a crate alone the build is most of the time; of the laws the tests are.
  local package=pdmap-$crate
  export CARGO_PROFILE_DEV_OPT_LEVEL=0
  if [ "$1" = laws ]; then package=pdmap-testing CARGO_PROFILE_DEV_OPT_LEVEL=1; fi
  # Tests that fail anyway would catch everything.
  cargo nextest run --locked --package "$package"
  mkdir -p "$out/$1"
  # Each name as a regular expression of its own.
  {
    echo 'examine_re = ['
    sed -e 's/[][\.*^$+?(){}|/]/\\&/g' -e "s/^/  '''^/" -e "s/\$/\$''',/" "$out/missed"
    echo ']'
  } > "$out/$1.toml"
  cargo mutants --in-place --package "pdmap-$crate" --test-package "$package" --config "$out/$1.toml" --test-tool nextest \
    --baseline skip --timeout 900 --build-timeout 600 --output "$out/$1" --no-shuffle --colors never || true
  cp "$out/$1/mutants.out/missed.txt" "$out/missed"
  # Of the first stage: all that were planted, and those of them that build.
  [ -s "$out/planted" ] || jq -r '"\(.total_mutants) \(.total_mutants - .unviable)"' "$out/$1/mutants.out/outcomes.json" > "$out/planted"
}

rm -f "$out/planted"
cargo mutants --list --package "pdmap-$crate" --no-config | sort -u > "$out/all"
shuf -n "$count" --random-source=<(bytes) "$out/all" | tee "$out/sample" > "$out/missed"
echo "$(wc -l < "$out/all") mutants of pdmap-$crate, $(wc -l < "$out/sample") in the sample of seed $seed"
for stage in "${stages[@]}"; do
  [ ! -s "$out/missed" ] || plant "$stage"
done
read -r planted built < "$out/planted"
missed=$(wc -l < "$out/missed")
endless=$(cat "$out"/*/mutants.out/timeout.txt | wc -l)
echo "$planted planted, $built build, $((built - missed)) caught ($endless of them by running on and on), $missed missed"
