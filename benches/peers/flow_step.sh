#!/usr/bin/env bash
# Times a training step and the density of the spline couplings of `auto` (preset mixture-spline) and of
# the same couplings in zuko (PyTorch), in turns.
#
#   benches/peers/flow_step.sh [FEATURES [BATCH]]
# environment: THREADS (default: number of cores), PYTHON (python3), VENV (virtual environment to use or
# create; about 6 GB), TURNS (3)
set -euo pipefail
cd "$(dirname "$0")/../.."

features=${1:-10} batch=${2:-256}
threads=${THREADS:-$(nproc)} rows=200000
peers=${CARGO_TARGET_DIR:-target}/peers
venv=${VENV:-$peers/flow-venv}
mkdir -p "$peers"
export RAYON_NUM_THREADS=$threads OMP_NUM_THREADS=$threads

[ -x "$venv/bin/python" ] || "${PYTHON:-python3}" -m venv "$venv"
"$venv/bin/python" -c "import torch, zuko" 2>/dev/null ||
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r benches/peers/requirements-flow.txt

cargo build --release --locked -p pdmap-cli
pdmap=${CARGO_TARGET_DIR:-target}/release/pdmap
"$pdmap" data splits --data "synthetic:ica?dim=$features&source=laplace" --rows "20000,1000,$rows" --out "$peers/flow" >/dev/null
echo "$features features, batch $batch, $threads threads, load $(cut -d ' ' -f 1 /proc/loadavg 2>/dev/null || echo unknown), $(date +%F)"

# Milliseconds of a step, from the cost that `train` reports: gradients, updates and batches.
step() {
  "$pdmap" train --data "$peers/flow/train.npy" --val "$peers/flow/validation.npy" --model mixture-spline --batch "$batch" \
    --steps 3000 --evaluations 1 --threads "$threads" --out "$peers/flow.safetensors" --quiet --json |
    "$venv/bin/python" -c 'import json, sys
cost = json.load(sys.stdin)["trained"]["cost"]
each = cost["gradients"] + cost["updates"] + cost["batches"]
print(f"step: {each / 3000 * 1e3:.3f} ms")'
}

# Microseconds a row, the time of a file of 100 rows taken off: that of starting, reading the model and so on.
density() {
  "$venv/bin/python" - "$pdmap" "$peers" "$rows" "$threads" <<'PY'
import subprocess, sys, time
import numpy as np
pdmap, peers, rows, threads = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
np.save(f"{peers}/few.npy", np.load(f"{peers}/flow/test.npy")[:100])
def seconds(path):
    command = [pdmap, "score", f"{peers}/flow.safetensors", "--data", path, "--out", f"{peers}/scores.npy", "--quiet", "--threads", threads]
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start
least = lambda path: min(seconds(path) for _ in range(3))
print(f"density: {(least(f'{peers}/flow/test.npy') - least(f'{peers}/few.npy')) / (rows - 100) * 1e6:.3f} us a row")
PY
}

ratio() { # WHAT OURS THEIRS
  awk -v what="$1" -v a="$(sed -n "s/^$1: \([0-9.]*\) .*/\1/p" <<< "$2")" -v b="$(sed -n "s/^$1: \([0-9.]*\) .*/\1/p" <<< "$3")" \
    'BEGIN { printf "%s, pdmap / zuko: %.2f\n", what, a / b }'
}
for turn in $(seq "${TURNS:-3}"); do
  mine=$(step; density)
  theirs=$("$venv/bin/python" -W ignore benches/peers/flow_step.py --features "$features" --batch "$batch" --steps 300 --rows "$rows" --threads "$threads")
  sed 's/^/pdmap  /' <<< "$mine"
  sed 's/^/zuko   /' <<< "$theirs"
  ratio step "$mine" "$theirs"
  ratio density "$mine" "$theirs"
done
