#!/usr/bin/env bash
# Checks the dependencies and promises of the crates: licences, bans and sources of all
# dependencies, each crate on its own with only its requested features, packages that build outside
# the workspace, and the public API against docs/api.
#
#   scripts/supply-chain.sh [update]
#
# `update` rewrites docs/api. Needs `cargo install cargo-deny cargo-public-api` and, for the API, a
# nightly toolchain (rustdoc JSON). Advisories are checked if their database is reachable. Takes
# about fifteen minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
published=(core layers dense filterbank conv laws data spec train report compare cli)

echo "== licences, bans, sources"
cargo deny --locked --workspace check licenses bans sources
echo "== advisories"
cargo deny --locked --workspace check advisories || echo "skipped: no advisory database"

echo "== each crate by itself"
for crate in "${published[@]}"; do
  cargo check --locked --no-default-features -p "pdmap-$crate"
done

echo "== fresh crates, built and run"
PDMAP_OUTSIDE=run cargo test --locked --workspace --test outside

echo "== packages"
cargo package --locked --workspace --exclude pdmap-hostile --allow-dirty

echo "== public API"
mkdir -p docs/api
for crate in pdmap-core pdmap-layers pdmap-dense pdmap-filterbank pdmap-conv pdmap-laws pdmap-data pdmap-spec pdmap-train pdmap-report pdmap-compare; do
  now=$(cargo +nightly public-api -p "$crate" --simplified --simplified --simplified)
  if [ "${1:-}" = update ]; then
    echo "$now" > "docs/api/$crate.txt"
  else
        diff -u "docs/api/$crate.txt" <(echo "$now") || { echo "the API of $crate has changed; if intended, run: $0 update"; exit 1; }
  fi
done
echo "all checks passed"
