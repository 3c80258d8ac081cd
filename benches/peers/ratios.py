"""Medians over rounds for all sides, and their ratios."""

import collections
import json
import pathlib
import statistics
import sys

SIDES = ["pdmap", "torch", "jax"]


def main(runs, out):
    times = collections.defaultdict(list)
    versions, threads = {}, set()
    for path in sorted(pathlib.Path(runs).glob("*.json")):
        document = json.loads(path.read_text())
        versions[document["side"]] = document["version"]
        threads.add(document["threads"])
        for case in document["cases"]:
            # If a round is too short to contain the guard's check, add its share of the steps; the
            # peers have no such check.
            step = case["step_ms"] + case.get("check_ms", 0.0)
            times[case["arm"], case["optimizer"], case["features"], document["side"]].append(step)
    if len(threads) != 1:
        sys.exit(f"the sides had different numbers of threads: {sorted(threads)}")
    print(", ".join(f"{side} {versions[side]}" for side in SIDES), f"; {threads.pop()} threads; f32, batch 100", sep="")
    print("| arm | optimizer | D | pdmap, ms | torch, ms | jax, ms | torch / pdmap | jax / pdmap | rounds |")
    print("|---|---|---|---|---|---|---|---|---|")
    rows = []
    for arm, optimizer, dim in dict.fromkeys(key[:3] for key in sorted(times)):
        values = {side: times[arm, optimizer, dim, side] for side in SIDES}
        # Ratios are computed per round, so changes of processor speed between rounds cancel.
        pairs = {side: list(zip(values[side], values["pdmap"], strict=True)) for side in SIDES[1:]}
        ratios = {side: statistics.median(theirs / ours for theirs, ours in pairs[side]) for side in pairs}
        medians = {side: statistics.median(values[side]) for side in SIDES}
        count = len(values["pdmap"])
        cells = [arm, optimizer, dim, *(f"{medians[side]:.4g}" for side in SIDES), *(f"{r:.2f}" for r in ratios.values())]
        print("|", " | ".join(map(str, cells)), "|", count, "|")
        rows.append({"arm": arm, "optimizer": optimizer, "features": dim, "ms": medians, "over_pdmap": ratios, "rounds": count})
    pathlib.Path(out).write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
