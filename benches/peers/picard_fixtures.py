"""Unmixing matrices by Picard and Picard-O (python-picard 0.8.2), as fixtures for crates/dense/tests/ica.rs:

    python benches/peers/picard_fixtures.py > crates/dense/tests/fixtures/picard.json

The rows are made from uniform numbers by SplitMix64 (Steele, Lea & Flood 2014), which the test makes again.
"""
import json

import numpy as np
from picard import picard

ROWS, COLUMNS, MASK = 2000, 4, (1 << 64) - 1


def uniform(seed):
    state, numbers = seed, []
    for _ in range(ROWS * COLUMNS):
        state = (state + 0x9E3779B97F4A7C15) & MASK
        z = state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        numbers.append(((z ^ (z >> 31)) >> 11) / float(1 << 53))
    return np.array(numbers).reshape(ROWS, COLUMNS)


def sources(seed, kinds):
    """Laplace (`l`) or uniform (`u`) columns of variance 1."""
    centred = uniform(seed) - 0.5
    laplace = -np.sign(centred) * np.log1p(-2 * np.abs(centred)) / np.sqrt(2)
    return np.where([kind == "l" for kind in kinds], laplace, np.sqrt(12) * centred)


def mixing(seed):
    return uniform(seed)[:COLUMNS] - 0.3 + np.eye(COLUMNS)


CASES = [("llll", False, False), ("llll", False, True), ("luul", False, True), ("llll", True, True), ("luul", True, True)]

cases = []
for seed, (kinds, ortho, extended) in enumerate(CASES, start=1):
    x = (sources(seed, kinds) @ mixing(100 + seed).T).T
    x -= x.mean(axis=1, keepdims=True)
    settings = dict(fun="tanh", centering=False, tol=1e-11, max_iter=1000)
    if ortho:
        values, vectors = np.linalg.eigh(x @ x.T / ROWS)
        x = vectors @ np.diag(values**-0.5) @ vectors.T @ x
    w = picard(x, ortho=ortho, extended=extended, whiten=False, w_init=np.eye(COLUMNS), **settings)[1]
    cases.append({"seed": seed, "kinds": kinds, "orthonormal": ortho, "adaptive": extended, "unmixing": w.tolist()})
print(json.dumps(cases, indent=1))
