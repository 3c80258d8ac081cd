#!/usr/bin/env bash
# Times kernel-cycled convolutions, PyTorch's strided ones and orthogonium's orthogonal one on this
# processor, one after another.
#
#   benches/peers/conv.sh
# environment: THREADS (default: number of cores), PYTHON (python3), VENV (virtual environment to
# use or create; default: that of run.sh)
set -euo pipefail
cd "$(dirname "$0")/../.."

threads=${THREADS:-$(nproc)}
peers=${CARGO_TARGET_DIR:-target}/peers
venv=${VENV:-$peers/venv}
here=benches/peers
mkdir -p "$peers"
export RAYON_NUM_THREADS=$threads OMP_NUM_THREADS=$threads MKL_NUM_THREADS=$threads

[ -x "$venv/bin/python" ] || "${PYTHON:-python3}" -m venv "$venv"
"$venv/bin/python" -c "import torch, orthogonium" 2>/dev/null ||
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt" -r "$here/requirements-conv.txt"

cargo run --release --locked --example conv_times -- --json "$peers/conv.json"
"$venv/bin/python" "$here/torch_conv.py" --threads "$threads" | tee "$peers/torch-conv.json"
