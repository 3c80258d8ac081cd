#!/usr/bin/env bash
# Pins what the program computes. Builds the command line of an old commit and of the working tree,
# trains every named model and the models in scripts/pinned (every kind of layer) with both for 320
# steps, in f32 and f64, and compares hashes of the weights and of 100 scores. Both run on the same
# machine, because other processors give other last bits. About ten minutes, most of it the builds.
#
#   scripts/pinned.sh OUT [REV, 196fe70]
#
# OUT keeps the generated rows and one list of hashes for each program. Exit status 1 if a line
# differs.
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:?a folder for rows and hashes}
rev=${2:-196fe70}
mkdir -p "$out"
out=$(cd "$out" && pwd)

# OLD_PDMAP: a program that is already built.
old=${OLD_PDMAP:-$out/old/target/release/pdmap}
if [ ! -x "$old" ]; then
  [ -d "$out/old" ] || git worktree add --force --detach "$out/old" "$rev" >/dev/null
  (cd "$out/old" && cargo build --release --locked --quiet --package pdmap-cli)
fi
cargo build --release --locked --quiet --package pdmap-cli
new=$PWD/target/release/pdmap

rows() { # NAME GENERATOR
  [ -d "$out/$1" ] || "$old" data splits --data "$2" --rows 1500,200,100 --out "$out/$1" >/dev/null
}
rows flat 'synthetic:ica?dim=12&source=laplace'
rows wide 'synthetic:ica?dim=64&source=laplace'
rows signal 'synthetic:ar1?length=48'
rows image 'synthetic:ica?dim=64&source=logistic'
rows condition 'synthetic:moons'

# Bytes of a model's tensors: the header holds seconds, which differ.
tensors() { # FILE
  local length
  length=$(od --address-radix=n --format=u8 --read-bytes=8 "$1" | tr -d ' ')
  tail --bytes=+$((length + 9)) "$1" | sha256sum | cut --characters=1-16
}

hashes() { # PROGRAM WORK [OPTION=VALUE...]: options for models that do not set them
  local pdmap=$1 work=$2 model data dtype name usual
  local -a flags
  mkdir -p "$work"
  local -a models=()
  mapfile -t models < <(ls scripts/pinned/*.toml
    for name in dense-exact dense-relative dense-relative-algebra dense-orthonormal dense-svd conv-orthonormal conv-unconstrained \
      conv-free-exact paper-mnist paper-bsds300 gaussianization-orthonormal gaussianization-unconstrained gaussianization-svd \
      image-pyramid-orthonormal image-pyramid-unconstrained audio-lapped; do echo "$name"; done)
  for model in "${models[@]}"; do
    name=$(basename "$model" .toml)
    local -a extra=()
    case $name in
      conv-image | squeeze | conv-free-exact) data=image ;;
      conv-signal | audio-lapped) data=signal ;;
      image-pyramid-*) data=wide
        # Its rows are images, which a named model cannot say.
        { echo 'shape = [1, 8, 8]'; "$old" presets "$name"; } >"$work/$name.toml"
        model=$work/$name.toml ;;
      paper-bsds300 | gaussianization-*) data=wide ;;
      *) data=flat ;;
    esac
    if [ "$name" = conditioned ]; then
      extra=(--condition "$out/condition/train.npy" --val-condition "$out/condition/validation.npy" --test-condition "$out/condition/test.npy")
    fi
    flags=()
    for usual in "${@:3}"; do
      grep --quiet "^${usual%=*}" "$model" 2>/dev/null || flags+=("--$usual")
    done
    for dtype in f32 f64; do
      local file="$work/$name-$dtype.safetensors" scores="$work/$name-$dtype.npy"
      "$pdmap" train --data "$out/$data/train.npy" --val "$out/$data/validation.npy" --test "$out/$data/test.npy" "${extra[@]}" "${flags[@]}" \
        --model "$model" --steps 320 --dtype "$dtype" --out "$file" >"$work/said" 2>&1 || { echo "$name $dtype failed: $(tail -n 1 "$work/said")"; continue; }
      local -a given=()
      [ "$name" != conditioned ] || given=(--condition "$out/condition/test.npy")
      "$pdmap" score "$file" --data "$out/$data/test.npy" "${given[@]}" --out "$scores" >"$work/said" 2>&1 || { echo "$name $dtype: no scores: $(tail -n 1 "$work/said")"; continue; }
      echo "$name $dtype weights $(tensors "$file") scores $(sha256sum <"$scores" | cut --characters=1-16)"
    done
  done
}

[ -s "$out/old.txt" ] || hashes "$old" "$out/old-models" | tee "$out/old.txt"
# With the defaults of the old program. Three models differ: `conditioned`, whose condition was not
# standardized; `gaussianization-orthonormal` and `-svd`, in which the old program took overfitting
# for divergence and went back to its best weights at step 240, up to which the validations are alike.
hashes "$new" "$out/new-models" clip=none evaluations=40 >"$out/new.txt"
if diff "$out/old.txt" "$out/new.txt"; then
  echo "$(wc -l <"$out/new.txt") lines, all alike"
else
  exit 1
fi
