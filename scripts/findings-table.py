#!/usr/bin/env python3
"""Prints the arms and contrasts of a results.json as the Markdown tables of docs/findings.md.

    scripts/findings-table.py findings/ica-16-2/results.json
"""
import json
import math
import sys


def digits(half_width):
    return min(6, max(2, int(1 - math.floor(math.log10(half_width))))) if half_width else 2


def with_error(value, half_width):
    if value is None or half_width is None:
        return "–"
    n = digits(half_width)
    return f"{value:+.{n}f} ± {half_width:.{n}f}".replace("-", "−")


def mean(values):
    values = [value for value in values if value is not None]
    return sum(values) / len(values) if values else None


def figure(value, n):
    return "–" if value is None else f"{value:.{n}f}".replace("-", "−")


results = json.load(open(sys.argv[1]))
runs = {arm["arm"]: [run for run in results["runs"] if run["arm"] == arm["arm"]] for arm in results["arms"]}
extra = [key for key in ("amari", "coding_gain") if any(run[key] is not None for run in results["runs"])]
names = {"amari": "Amari", "coding_gain": "coding gain, dB"}
head = ["arm", "rate", "test, nats", "± seeds", "ms a step", "step, °", "worst condition", "halved", "rollbacks"]
head += [names[key] for key in extra]
print("| " + " | ".join(head) + " |")
print("|---" * len(head) + "|")
for arm in results["arms"]:
    own = runs[arm["arm"]]
    angles = [moment["step_angle"] for run in own for moment in run["moments"]]
    conditions = [weight["condition"] for run in own for weight in run["moments"][-1]["weights"] if weight["condition"]]
    step = mean([1e3 * (run["trained"]["seconds"] - run["trained"]["cost"]["validations"]) / run["trained"]["steps"] for run in own])
    cells = [
        arm["arm"],
        f"{arm['rate']:g}",
        figure(arm["test"], 3),
        figure(arm["seed_error"], 3),
        figure(step, 3),
        figure(mean(angles), 0),
        f"{max(conditions):.3g}" if conditions else "–",
        str(arm["halvings"]),
        str(arm["rollbacks"]),
    ]
    cells += [figure(mean([run[key] for run in own]), 4) for key in extra]
    print("| " + " | ".join(cells) + " |")
for baseline in results["baselines"]:
    print("| " + " | ".join([baseline["name"], "", figure(baseline["test"], 3)] + [""] * (len(head) - 3)) + " |")
if results["ica"]:
    cells = ["FastICA"] + [""] * (len(head) - 1)
    cells[head.index("Amari")] = figure(results["ica"]["amari"], 4)
    print("| " + " | ".join(cells) + " |")
truth = results["data"]["test_truth"]
if truth is not None:
    print("| " + " | ".join(["true density", "", figure(truth, 3)] + [""] * (len(head) - 3)) + " |")
print()
head = ["contrast", "test, nats", "sign-flip p", "equal steps", "equal time", "verdict"]
print("| " + " | ".join(head) + " |")
print("|---" * len(head) + "|")
verdicts = {"no-difference-shown": "no difference shown", "undecided": "undecided"}
for contrast in results["contrasts"]:
    reading = lambda key: with_error(contrast[key]["difference"], contrast[key]["half_width"]) if contrast[key] else "–"
    finding = contrast["finding"]
    cells = [
        f"{contrast['arm']} − {contrast['against']}",
        with_error(contrast["difference"], contrast["half_width"]),
        figure(contrast["p_adjusted"], 4),
        reading("equal_steps"),
        reading("equal_time"),
        f"**{finding}**" if finding in ("better", "worse") else verdicts.get(finding, finding),
    ]
    print("| " + " | ".join(cells) + " |")
