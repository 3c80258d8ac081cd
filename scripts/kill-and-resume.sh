#!/usr/bin/env bash
# Kills training at random moments, every second time while a checkpoint is being written, and
# resumes it. Requires the weights of an uninterrupted run, bit for bit, and no damaged or
# incomplete file. Takes about ten minutes.
#
#   scripts/kill-and-resume.sh [KILLS, 50] [SEED, 1]
set -euo pipefail
cd "$(dirname "$0")/.."
kills=${1:-50}
RANDOM=${2:-1}

cargo build --release --locked --quiet --package pdmap-cli
pdmap=$PWD/target/release/pdmap
work=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill -KILL "$pid" 2>/dev/null || true; rm -rf "$work"' EXIT

# Several seconds of training with checkpoints of several megabytes, one per second.
presets=(dense-relative dense-orthonormal dense-relative-algebra dense-exact dense-svd)
steps=(8000 4000 6000 5000 1800)
start() { # FOLDER PRESET STEPS; sets pid
  "$pdmap" train --data 'synthetic:ica?dim=128' --rows 20000,1000,1000 --dtype f64 --model "$2" --steps "$3" \
    --checkpoint "$1/checkpoint" --every 1s --resume --out "$1/model.safetensors" >"$1/said" 2>&1 &
  pid=$!
}
finish() { # of what start began
  local status=0
  wait "$pid" 2>/dev/null || status=$?
  pid=
  return $status
}
half_written() { compgen -G "$1/checkpoint/.pdmap-*.tmp" >/dev/null || compgen -G "$1/.pdmap-*.tmp" >/dev/null; }

declare -A whole seconds
for index in "${!presets[@]}"; do
  preset=${presets[$index]}
  mkdir "$work/$preset"
  start=$(date +%s%N)
  start "$work/$preset" "$preset" "${steps[$index]}"
  finish
  seconds[$preset]=$((($(date +%s%N) - start) / 1000000))
  whole[$preset]=$(sha256sum <"$work/$preset/model.safetensors")
    echo "$preset, uninterrupted: $(tail -n 1 "$work/$preset/said"), ${seconds[$preset]} ms"
done

identical=0 writing=0 early=0
for ((kill = 1; kill <= kills; kill++)); do
  index=$((kill % ${#presets[@]})) && preset=${presets[$index]}
  folder=$work/kill-$kill
  mkdir "$folder"
  start "$folder" "$preset" "${steps[$index]}"
  if ((kill % 2)); then
        # A random moment of the run.
    after=$((RANDOM % (seconds[$preset] * 9 / 10)))
    sleep "$(printf '%d.%03d' $((after / 1000)) $((after % 1000)))"
  else
        # A moment at which a checkpoint is being written.
    sleep "$(printf '0.%03d' $((500 + RANDOM % 500)))"
    for ((skip = RANDOM % 2; skip >= 0; skip--)); do
      while kill -0 "$pid" 2>/dev/null && ! half_written "$folder"; do :; done
      ((skip == 0)) || while half_written "$folder"; do :; done
    done
  fi
  if ! kill -KILL "$pid" 2>/dev/null; then
        # The run had already finished, so this attempt does not count.
    finish || true
    rm -rf "$folder"
    early=$((early + 1)) kill=$((kill - 1))
    continue
  fi
  finish || true
  ! half_written "$folder" || writing=$((writing + 1))
  start "$folder" "$preset" "${steps[$index]}"
  if ! finish; then
        echo "kill $kill ($preset): cannot resume: $(cat "$folder/said")"
    continue
  fi
  if half_written "$folder"; then
        echo "kill $kill ($preset): an incomplete file is left"
  elif [ "$(sha256sum <"$folder/model.safetensors")" != "${whole[$preset]}" ]; then
        echo "kill $kill ($preset): different bits: $(tail -n 1 "$folder/said")"
  else
    identical=$((identical + 1))
  fi
  rm -rf "$folder"
done
echo "$identical of $kills end bit-identical; $writing were killed while a file was being written, $early had already finished"
[ "$identical" -eq "$kills" ]
