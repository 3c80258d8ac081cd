#!/usr/bin/env bash
# Times an EM iteration of pdmap and of scikit-learn on the same rows, in turns.
#
#   benches/peers/mixture.sh [ROWS [COLUMNS [COMPONENTS]]]
# environment: THREADS (default: number of cores), PYTHON (python3), VENV (virtual environment to
# use or create), TURNS (3)
set -euo pipefail
cd "$(dirname "$0")/../.."

rows=${1:-50000} columns=${2:-20} components=${3:-32}
threads=${THREADS:-$(nproc)}
peers=${CARGO_TARGET_DIR:-target}/peers
venv=${VENV:-$peers/mixture-venv}
mkdir -p "$peers"
export RAYON_NUM_THREADS=$threads OMP_NUM_THREADS=$threads OPENBLAS_NUM_THREADS=$threads MKL_NUM_THREADS=$threads

[ -x "$venv/bin/python" ] || "${PYTHON:-python3}" -m venv "$venv"
"$venv/bin/python" -c "import sklearn" 2>/dev/null ||
  "$venv/bin/pip" install --quiet --disable-pip-version-check numpy scipy scikit-learn

cargo build --release --locked -p pdmap-mixture --example mixture_times
ours=${CARGO_TARGET_DIR:-target}/release/examples/mixture_times
data=$peers/mixture.f64
"$venv/bin/python" benches/peers/mixture.py make "$rows" "$columns" "$components" "$data"
echo "$rows rows, $columns columns, $components components, $threads threads, load $(cut -d ' ' -f 1 /proc/loadavg 2>/dev/null || echo unknown)"
for turn in $(seq "${TURNS:-3}"); do
  mine=$("$ours" "$rows" "$columns" "$components" "$data")
  theirs=$("$venv/bin/python" benches/peers/mixture.py time "$rows" "$columns" "$components" "$data")
  sed 's/^/pdmap         /' <<< "$mine"
  sed 's/^/scikit-learn  /' <<< "$theirs"
  time_of() { sed -n 's/^iteration: \([0-9.]*\) ms.*/\1/p' <<< "$1"; }
  awk -v a="$(time_of "$mine")" -v b="$(time_of "$theirs")" 'BEGIN { printf "pdmap / scikit-learn: %.2f\n", a / b }'
done
