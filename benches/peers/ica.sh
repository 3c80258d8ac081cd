#!/usr/bin/env bash
# Independent components by pdmap, python-picard and scikit-learn's FastICA: seconds to a relative gradient of
# 1e-7 on the same white rows from the same start, medians of 5, and Amari indices over ten mixtures.
#
#   benches/peers/ica.sh [CELL,CELL…]
# environment: THREADS (default: number of cores), REPEATS (5), MIXTURES (10), FIRST (0: seed of the first
# mixture), ALL (set: all mixtures also where one takes more than a minute, instead of three), PHOTOS (a folder of
# photographs, for the cell of patches), LIMIT (seconds after which a peer is stopped; none), ADAPTIVE (set: adaptive densities
# in every cell and form), PYTHON (python3), VENV (virtual environment to use or create)
set -euo pipefail
cd "$(dirname "$0")/../.."

peers=${CARGO_TARGET_DIR:-target}/peers
venv=${VENV:-$peers/ica-venv}
threads=${THREADS:-$(nproc)}
mkdir -p "$peers"
export RAYON_NUM_THREADS=$threads OMP_NUM_THREADS=$threads OPENBLAS_NUM_THREADS=$threads MKL_NUM_THREADS=$threads
export NUMEXPR_NUM_THREADS=$threads NUMEXPR_MAX_THREADS=$threads
# NumPy chooses its kernels for this processor.
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE

[ -x "$venv/bin/python" ] || "${PYTHON:-python3}" -m venv "$venv"
"$venv/bin/python" -c "import picard, sklearn, PIL" 2>/dev/null ||
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r benches/peers/requirements-ica.txt

cargo build --release --locked -p pdmap-dense --example ica_times
echo "$threads threads, load $(cut -d ' ' -f 1 /proc/loadavg 2>/dev/null || echo unknown), $(date +%F)"
"$venv/bin/python" benches/peers/ica.py --pdmap "${CARGO_TARGET_DIR:-target}/release/examples/ica_times" \
  --repeats "${REPEATS:-5}" --mixtures "${MIXTURES:-10}" --first "${FIRST:-0}" ${ALL:+--all} \
  --limit "${LIMIT:-0}" --cells "${1:-}"
