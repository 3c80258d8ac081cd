#!/usr/bin/env bash
# Kills a comparison with a step budget at random moments, restarts it until it finishes, and
# requires the same `results.json` as an uninterrupted one, except for times. Needs Python 3. Takes
# about a minute.
#
#   scripts/kill-and-compare.sh [COMPARISONS, 5] [KILLS OF EACH, 4] [SEED, 1]
set -euo pipefail
cd "$(dirname "$0")/.."
comparisons=${1:-5} kills=${2:-4}
RANDOM=${3:-1}

cargo build --release --locked --quiet --package pdmap-cli
pdmap=$PWD/target/release/pdmap
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

compare() { "$pdmap" compare --plan plans/quick.toml --out "$1" --quiet >"$1.said" 2>&1; }

# Keys that hold times, as listed in `pdmap_compare::TIMINGS`.
but_for_times() {
  python3 - "$1/results.json" <<'PYTHON'
import json, sys
timings = {"cost", "date", "equal_time", "machine", "peak_memory", "seconds", "steps_per_second"}
def strip(value):
    if isinstance(value, dict):
        return {key: strip(inner) for key, inner in value.items() if key not in timings}
    return [strip(inner) for inner in value] if isinstance(value, list) else value
print(json.dumps(strip(json.load(open(sys.argv[1]))), sort_keys=True))
PYTHON
}

start=$(date +%s%N)
compare "$work/whole"
milliseconds=$((($(date +%s%N) - start) / 1000000))
but_for_times "$work/whole" >"$work/wanted"
echo "uninterrupted: $milliseconds ms"

same=0 killed=0
for ((number = 1; number <= comparisons; number++)); do
  for ((kill = 1; kill <= kills; kill++)); do
    compare "$work/$number" &
    pid=$!
        # Kill the function's shell and the program it runs.
    after=$((RANDOM % (milliseconds * 8 / 10)))
    sleep "$(printf '%d.%03d' $((after / 1000)) $((after % 1000)))"
    if pkill -KILL -P "$pid" 2>/dev/null; then killed=$((killed + 1)); fi
    wait "$pid" 2>/dev/null || true
  done
  compare "$work/$number"
  if but_for_times "$work/$number" | cmp -s - "$work/wanted"; then
    same=$((same + 1))
  else
        echo "comparison $number: different results"
  fi
done
echo "$same of $comparisons comparisons identical except for times, after $killed kills"
[ "$same" -eq "$comparisons" ]
