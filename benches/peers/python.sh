#!/usr/bin/env bash
# What the Python package costs beside the same call from Rust, in the environment that scripts/python.sh made.
set -euo pipefail
cd "$(dirname "$0")/../.."

target=${CARGO_TARGET_DIR:-target}
[ -x "$target/python-venv/bin/python" ] || PROFILE=release scripts/python.sh
cargo build --release --locked --example score_times
echo "$(nproc) cores, load $(cut -d ' ' -f 1 /proc/loadavg 2>/dev/null || echo unknown), $(date +%F)"
cd /
"$OLDPWD/$target/python-venv/bin/python" "$OLDPWD/benches/peers/python.py" --rust "$OLDPWD/$target/release/examples/score_times"
