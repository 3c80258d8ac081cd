#!/usr/bin/env bash
# Fuzzes every reader with coverage guidance for a fixed number of executions:
#
#   scripts/fuzz.sh OUT [SEED] [OWN] [DECODERS] [TARGET...]
#
# OWN executions (10,000,000) for each of our own parsers, DECODERS (200,000) for images, which
# another crate decodes. Findings are in OUT/TARGET/artifacts;
# `cargo run -p pdmap-hostile --example feed -- TARGET FILE` reproduces one without the fuzzer.
# Needs `cargo install cargo-fuzz` and a C++ compiler. A run takes about two hours on one core. A
# crash, an execution over ten seconds, or memory beyond `Target::memory` ends a target with an
# error.
set -euo pipefail
cd "$(dirname "$0")/.."
out=$(realpath -m "${1:?the folder for corpora and findings}")
seed=${2:-1} own=${3:-10000000} decoders=${4:-200000}
targets=("${@:5}")
[ ${#targets[@]} -gt 0 ] || targets=(wav npy npz idx model_file description plan checkpoint csv text parquet arrow npz_entry images)
# No hooks at comparisons, which take more than half of the time: the relevant constants are in the
# seeds.
cargo fuzz build --fuzz-dir tools/fuzz --sanitizer none --no-trace-compares -O
# Keep freed memory in the process, except for the largest blocks, instead of mapping and zeroing it
# again each time.
export MALLOC_MMAP_THRESHOLD_=33554432 MALLOC_TRIM_THRESHOLD_=1000000000
failed=0
for target in "${targets[@]}"; do
  mkdir -p "$out/$target/corpus" "$out/$target/artifacts"
  runs=$own
  [ "$target" = images ] && runs=$decoders
    # About twice the largest seed: longer files are slower, not more hostile.
  case $target in
    npy | npz_entry | csv | text | idx | wav) longest=512 ;;
    npz | images | description | plan | model_file) longest=3072 ;;
    parquet | arrow) longest=4096 ;;
    *) longest=8192 ;;
  esac
  started=$SECONDS done=0 stalls=0 binary=$(echo tools/fuzz/target/*/release/"$target")
  options=(-max_len=$longest -timeout=10 -rss_limit_mb=3000 -artifact_prefix="$out/$target/artifacts/")
  : > "$out/$target/log"
  while true; do
    "$binary" -seed=$((seed + stalls)) -runs=$((runs - done)) "${options[@]}" "$out/$target/corpus" "tools/fuzz/seeds/$target" \
      < /dev/null > "$out/$target/part" 2>&1 && state=passed || state=FAILED
    cat "$out/$target/part" >> "$out/$target/log"
    count=$(LC_ALL=C sed -n 's/^#\([0-9][0-9]*\)\t.*/\1/p' "$out/$target/part" | tail -n 1)
    done=$((done + ${count:-0}))
    found=("$out/$target/artifacts"/*)
        # A stalled machine can exceed ten seconds too. If the input is faster on its own, it is not
        # a finding, and the remaining executions use another seed.
    [ $state = FAILED ] && [ ${#found[@]} -eq 1 ] && [[ ${found[0]} == */timeout-* ]] && [ "$done" -lt "$runs" ] || break
    "$binary" "${options[@]}" "${found[0]}" < /dev/null >> "$out/$target/log" 2>&1 || break
    mv "${found[0]}" "$out/$target/corpus/"
    stalls=$((stalls + 1))
  done
  [ $state = passed ] || failed=1
  echo "$target: $state, $done executions, $((SECONDS - started)) s, seed $seed, $stalls stalls of the machine"
done
exit $failed
