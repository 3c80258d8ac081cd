# Functions for scripts that check the peak memory of commands; sourced, in a folder for their files.
# `limit` is the limit in MB.

# Prints the absolute path of the command that is named, or of target/release/pdmap, built if missing.
command_under_test() { # [PDMAP]
  local pdmap=${1:-${CARGO_TARGET_DIR:-target}/release/pdmap}
  [ -x "$pdmap" ] || cargo build --release --locked -p pdmap-cli >&2
  realpath "$pdmap"
}

# Runs a command and writes its peak resident set, in kB, to the file `peak`.
measured() {
  if [ -x /usr/bin/time ] && /usr/bin/time -v true 2>/dev/null; then
    /usr/bin/time -v -o usage "$@"
    awk '/Maximum resident set size/ {print $NF}' usage >peak
    return
  fi
  # The high-water mark only grows, so the last sample before the end is nearly final.
  "$@" &
  local process=$! now
  echo 0 >peak
  while kill -0 "$process" 2>/dev/null; do
    now=$(awk '/^VmHWM/ {print $2}' "/proc/$process/status" 2>/dev/null || true)
    if [ -n "$now" ]; then echo "$now" >peak; fi
    sleep 0.02
  done
  wait "$process"
}

check() { # name
  local megabytes=$(($(cat peak) / 1000))
  echo "$1: peak resident set $megabytes MB (limit $limit MB)"
  [ "$(cat peak)" -gt 0 ] || { echo "$1: nothing was measured"; exit 1; }
  [ "$megabytes" -le "$limit" ] || { echo "$1: above the limit"; exit 1; }
}
