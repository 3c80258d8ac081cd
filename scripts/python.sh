#!/usr/bin/env bash
# Builds the Python package, installs it into a clean virtual environment and runs its tests.
#
#   scripts/python.sh [PYTEST ARGUMENTS]
# environment: PYTHON (python3), PROFILE (release; dev shares what `cargo test` has compiled), SKLEARN (a version of
# scikit-learn instead of the pinned one), EXTRAS (1: also PyTorch, JAX and PyOD, which are large)
set -euo pipefail
cd "$(dirname "$0")/.."

python=${PYTHON:-python3}
profile=${PROFILE:-release}
target=${CARGO_TARGET_DIR:-target}
venv=$target/python-venv
wheels=$target/python-wheels
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null; then
  echo "skipped: no Python from 3.10 on"
  exit 0
fi
rm -rf "$venv" "$wheels"
"$python" -m venv "$venv"
pip() { "$venv/bin/python" -m pip --quiet --disable-pip-version-check "$@"; }
pip install -r python/requirements.txt
[ -z "${SKLEARN:-}" ] || pip install "scikit-learn==$SKLEARN"
[ -z "${EXTRAS:-}" ] || pip install -r python/requirements-extras.txt

"$venv/bin/maturin" build --quiet --locked --profile "$profile" --interpreter "$venv/bin/python" --out "$wheels"
wheel=$(ls "$wheels"/pdmap-*.whl)
bytes=$(wc -c < "$wheel")
echo "$(basename "$wheel"): $((bytes / 1024)) KiB"
if [ "$profile" = release ] && [ "$bytes" -gt $((15 * 1024 * 1024)) ]; then
  echo "the wheel is larger than 15 MiB"
  exit 1
fi
pip install --no-deps "$wheel"
# The stubs, and what they describe.
"$venv/bin/python" -m mypy --no-error-summary python/pdmap
# Graphs of every layer, for the comparison with onnxruntime. The profile shares what the wheel has compiled.
cases=$target/onnx-cases
rm -rf "$cases"
cargo run --quiet --locked --profile "$profile" -p pdmap-onnx --example onnx_cases -- "$cases"
export PDMAP_ONNX_CASES=$cases
# Not beside the sources, so that the installed package is tested.
"$venv/bin/python" -m pytest --import-mode=importlib -p no:cacheprovider "$@"
