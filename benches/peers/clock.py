"""The timing loop of the Python sides, as in benches/common/clock.rs, and the JSON they print."""

import argparse
import json
import math
import statistics
import time


def options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--dims", default="63,784,2048,4096")
    parser.add_argument("--arms", default="relative,exact")
    parser.add_argument("--optimizers", default="adam")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--round-ms", type=float, default=50.0)
    parser.add_argument("--check", metavar="FOLDER", help="compare one SGD step with the .npy files there")
    found = parser.parse_args()
    found.dims = [int(dim) for dim in found.dims.split(",")]
    found.arms = found.arms.split(",")
    found.optimizers = found.optimizers.split(",")
    return found


def median_ms(steps, rounds, round_ms):
    """`steps(n)` takes n steps and waits for them. Two warm-up calls are not counted; the next
    calls determine the number of repeats."""

    def seconds(repeats):
        start = time.perf_counter()
        steps(repeats)
        return (time.perf_counter() - start) / repeats

    steps(2)
    fastest = math.inf
    for _ in range(3):
        fastest = min(fastest, seconds(1))
        if fastest > 0.5:
            break
    repeats = max(1, math.ceil(1e-3 * round_ms / fastest))
    return repeats, 1e3 * statistics.median(seconds(repeats) for _ in range(rounds))


def main(side, version, make, check):
    """`make(arm, dim, optimizer)` returns `steps`; `check(arm, dim)` returns the named weights after
    one SGD step."""
    chosen = options()
    if chosen.check:
        from compare import compare

        for dim in chosen.dims:
            for arm in chosen.arms:
                compare(side, chosen.check, arm, dim, check(arm, dim))
        return
    cases = []
    for dim in chosen.dims:
        for arm in chosen.arms:
            for optimizer in chosen.optimizers:
                repeats, step_ms = median_ms(make(arm, dim, optimizer), chosen.rounds, chosen.round_ms)
                case = {"arm": arm, "features": dim, "batch": 100, "dtype": "f32", "optimizer": optimizer}
                cases.append(case | {"repeats": repeats, "step_ms": step_ms})
    print(json.dumps({"side": side, "version": version, "threads": chosen.threads, "cases": cases}))
