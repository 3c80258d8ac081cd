#!/usr/bin/env bash
# Makes target/numpy-venv, a Python environment with NumPy and safetensors, for the tests that read our files with them. Without Python, or
# where packages cannot be had, it says so and those tests say "skipped".
set -euo pipefail
cd "$(dirname "$0")/.."
venv=target/numpy-venv
if [ -x "$venv/bin/python" ] && "$venv/bin/python" -c 'import numpy, safetensors' 2>/dev/null; then
  exit 0
fi
rm -rf "$venv"
mkdir -p target
if python3 -m venv "$venv" && "$venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.2.6 safetensors==0.5.3; then
  "$venv/bin/python" -c 'import numpy, safetensors; print("numpy", numpy.__version__, "safetensors", safetensors.__version__)'
else
  rm -rf "$venv"
  echo "no Python environment with NumPy could be made; the tests that need it will be skipped"
fi
