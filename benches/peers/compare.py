"""Checks that a side takes the same step as pdmap."""

import sys

import numpy as np

import start

# Relative to the largest entry of the step, not of the weight, which hardly changes in one step.
TOLERANCE = 1e-4

NAMES = ["layers.0.weight", "layers.0.bias", "layers.2.weight", "layers.2.bias"]


def compare(side, folder, arm, dim, found):
    """`found` holds W, b of the first layer and W, b of the second."""
    weights, biases = start.parameters(dim)
    before = [weights[0], biases[0], weights[1], biases[1]]
    worst = 0.0
    for name, before, found in zip(NAMES, before, found, strict=True):
        ours = np.load(f"{folder}/{arm}-{dim}-{name}.npy").astype(np.float64)
        step = np.abs(ours - before).max()
        if not (step > 0 and found.shape == ours.shape and np.isfinite(found).all()):
            sys.exit(f"{side} {arm} D={dim} {name}: no valid step to compare")
        worst = max(worst, np.abs(found - ours).max() / step)
    print(f"{side:<6} {arm:<9} D={dim:<5} largest difference / largest step: {worst:.1e}")
    if worst > TOLERANCE:
        sys.exit(f"{side} {arm} D={dim}: the step differs from pdmap's (tolerance {TOLERANCE:.0e})")
