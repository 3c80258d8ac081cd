#!/usr/bin/env bash
# Creates target/numpy-venv, a Python environment with NumPy and safetensors for the tests that read
# our files with them. Without Python or a package index, it prints a message and those tests report
# "skipped".
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
    echo "cannot create a Python environment with NumPy; the tests that need it will be skipped"
fi
