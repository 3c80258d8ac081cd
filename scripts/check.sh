#!/usr/bin/env bash
# All CI checks in one command, called by `.ci/run`; works the same locally.
set -euo pipefail
cd "$(dirname "$0")/.."

echo "== toolchain"
rustc --version
cargo --version

echo "== format"
cargo fmt --all --check

echo "== every test file is compiled"
for all in crates/*/tests/all.rs; do
  for file in "$(dirname "$all")"/*.rs; do
    name=$(basename "$file" .rs)
    [ "$name" = all ] || grep -q "^mod $name;" "$all" || { echo "$file is missing in $all"; exit 1; }
  done
done

echo "== clippy"
cargo clippy --workspace --all-targets --locked -- -D warnings

echo "== NumPy, for the tests that read our files with it"
scripts/numpy-venv.sh

echo "== tests"
# Run the README's test command: the first line after its marker.
test_command=$(grep -A 2 '<!-- test command -->' README.md | sed -n 3p)
echo "\$ $test_command"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
$test_command 2>&1 | tee "$log"

echo "== documentation"
RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked

echo "== Python package"
# The profile of the tests shares their dependencies; a release build takes longer.
PROFILE=dev scripts/python.sh

# A run without tests must not pass.
passed=$(awk '/^test result:/ {sum += $4} END {print sum + 0}' "$log")
failed=$(awk '/^test result:/ {sum += $6} END {print sum + 0}' "$log")
skipped=$(grep -c '^skipped:' "$log" || true)
[ "$passed" -gt 0 ] || { echo "no test was run"; exit 1; }
[ "$failed" -eq 0 ] || { echo "$failed tests failed"; exit 1; }
echo "== $(rustc --version)"
echo "$passed passed, $failed failed, $skipped skipped"
