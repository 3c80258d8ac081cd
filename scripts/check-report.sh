#!/usr/bin/env bash
# Opens a report page in headless Chromium at phone and desktop width, light and dark. Fails if the
# browser console prints anything, if the page references or loads an external resource, or if it
# scrolls horizontally. Screenshots of the whole page go to the output folder.
#
# usage: scripts/check-report.sh REPORT.html [OUTPUT-FOLDER]
set -euo pipefail

if [ $# -lt 1 ] || [ $# -gt 2 ]; then
  echo "usage: $0 REPORT.html [OUTPUT-FOLDER]" >&2
  exit 2
fi
if [ ! -f "$1" ]; then
  echo "$0: no such file: $1" >&2
  exit 2
fi
report=$(realpath "$1")
out=${2:-report-screenshots}

chromium=
for name in chromium chromium-browser google-chrome; do
  if command -v "$name" >/dev/null; then
    chromium=$name
    break
  fi
done
if [ -z "$chromium" ]; then
  echo "skipped: chromium not found"
  exit 0
fi

mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

# The window cannot be as narrow as a phone, so the page is opened in a frame of the required width.
# The wrapper measures the page and leaves the result in its own document, which --dump-dom prints.
wrapper() { # width height
  cat <<HTML
<!DOCTYPE html>
<html><head><meta charset="utf-8"><meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<style>html,body{margin:0;overflow:hidden}iframe{border:0;display:block}</style></head>
<body><iframe id="page" width="$1" height="$2" src="file://$report"></iframe>
<script>
const frame = document.getElementById("page");
frame.addEventListener("load", () => {
  const d = frame.contentDocument, root = d.documentElement;
  const loaded = frame.contentWindow.performance.getEntriesByType("resource").map((e) => e.name);
  const named = [...d.querySelectorAll("[src], [data], link[href], image[href], use[href]")]
    .map((e) => e.getAttribute("src") ?? e.getAttribute("data") ?? e.getAttribute("href"));
  const loads = [...loaded, ...named].filter((u) => !u.startsWith("data:") && !u.startsWith("#")).length;
  const dark = frame.contentWindow.matchMedia("(prefers-color-scheme: dark)").matches;
  const meter = document.createElement("meter");
  meter.title = [root.scrollWidth, Math.ceil(d.body.getBoundingClientRect().height) + 1,
    loads, dark ? "dark" : "light"].join(" ");
  document.body.append(meter);
  meter.hidden = true;
});
</script></body></html>
HTML
}

browse() { # theme extra-arguments...
  local theme=$1 scheme=1
  shift
  if [ "$theme" = dark ]; then scheme=0; fi
    # Most of these switches only make unattended runs possible.
  timeout 60 "$chromium" --headless --no-sandbox --disable-gpu --disable-quic \
    --allow-file-access-from-files --hide-scrollbars --enable-logging=stderr --log-level=0 \
    --no-first-run --disable-background-networking --disable-component-update --disable-sync \
    --blink-settings=preferredColorScheme=$scheme --virtual-time-budget=2000 \
    --user-data-dir="$(mktemp -d -p "$work")" "$@" "file://$work/page.html"
}

for width in 360 1280; do
  for theme in light dark; do
    name="$width-$theme"
    wrapper "$width" 900 >"$work/page.html"
    browse "$theme" --window-size=1400,900 --dump-dom >"$work/dom" 2>"$work/log" || {
      echo "$name: the browser failed"
      tail -n 5 "$work/log"
      exit 1
    }
    measured=$(sed -n 's/.*<meter[^>]*title="\([^"]*\)".*/\1/p' "$work/dom")
    if [ -z "$measured" ]; then
      echo "$name: the page did not load"
      exit 1
    fi
    read -r scroll height loads shown <<<"$measured"
    problems=$(grep -E 'CONSOLE' "$work/log" || true)
    if [ -n "$problems" ]; then
            echo "$name: console output:"
      echo "$problems"
      failed=1
    fi
    if [ "$scroll" -gt "$width" ]; then
      echo "$name: the page is $scroll px wide in $width px"
      failed=1
    fi
    if [ "$loads" -ne 0 ]; then
            echo "$name: the page references or loads $loads external resources"
      failed=1
    fi
    if [ "$shown" != "$theme" ]; then
      echo "$name: the browser showed the $shown theme"
      failed=1
    fi
    wrapper "$width" "$height" >"$work/page.html"
    browse "$theme" --window-size="$width,$height" \
      --screenshot="$(realpath "$out")/$name.png" >/dev/null 2>&1
    echo "$name: $height px high, screenshot $out/$name.png"
  done
done
exit "$failed"
