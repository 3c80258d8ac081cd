#!/usr/bin/env bash
# Times pdmap's training step and the same step in PyTorch and JAX on this processor, in turns,
# after checking that all three take the same step. See README.md in this folder.
#
#   benches/peers/run.sh [ROUNDS, 5]
# environment: DIMS (63,784,2048,4096), ARMS (relative,exact), OPTIMIZERS (adam), THREADS (default:
# number of cores), PYTHON (python3), VENV (virtual environment to use or create; default: in the
# target folder)
set -euo pipefail
cd "$(dirname "$0")/../.."

rounds=${1:-5}
dims=${DIMS:-63,784,2048,4096}
arms=${ARMS:-relative,exact}
optimizers=${OPTIMIZERS:-adam}
threads=${THREADS:-$(nproc)}
target=${CARGO_TARGET_DIR:-target}
peers=$target/peers
venv=${VENV:-$peers/venv}
here=benches/peers
mkdir -p "$peers"

# Some machines set these to make results comparable between processors; here each side selects its
# own kernels.
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE
# All sides use the same number of threads; PJRT_NPROC and NPROC are for JAX.
export RAYON_NUM_THREADS=$threads OMP_NUM_THREADS=$threads MKL_NUM_THREADS=$threads OPENBLAS_NUM_THREADS=$threads
export PJRT_NPROC=$threads NPROC=$threads JAX_PLATFORMS=cpu

if ! cmp -s "$here/requirements.txt" "$venv/installed.txt"; then
  echo "== installing into $venv"
  [ -x "$venv/bin/python" ] || "${PYTHON:-python3}" -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
  cp "$here/requirements.txt" "$venv/installed.txt"
fi

echo "== building"
cargo build --release --locked --example step_times --example peer_step

echo "== checking that all sides take the same step (one step of plain SGD from the same start)"
check=$peers/check
rm -rf "$check"
check_dims=63,256
"$target/release/examples/peer_step" "$check" "$check_dims"
for side in torch jax; do
  "$venv/bin/python" "$here/${side}_step.py" --threads "$threads" --check "$check" --dims "$check_dims" --arms relative,exact
done

echo "== timing, $threads threads: $(grep -m 1 'model name' /proc/cpuinfo 2>/dev/null | cut -d : -f 2- || uname -m)"
runs=$peers/runs
rm -rf "$runs"
mkdir -p "$runs"
for ((round = 1; round <= rounds; round++)); do
  for dim in ${dims//,/ }; do
    common=(--dims "$dim" --arms "$arms" --optimizers "$optimizers" --rounds 5)
    "$target/release/examples/step_times" "${common[@]}" --no-floor --json >"$runs/$round-$dim-pdmap.json" 2>>"$peers/log.txt"
    for side in torch jax; do
      "$venv/bin/python" "$here/${side}_step.py" --threads "$threads" "${common[@]}" >"$runs/$round-$dim-$side.json"
    done
  done
  echo "round $round of $rounds"
done
"$venv/bin/python" "$here/ratios.py" "$runs" "$peers/ratios.json"
