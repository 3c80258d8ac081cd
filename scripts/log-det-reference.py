#!/usr/bin/env python3
"""Log-determinants of ill-conditioned matrices, exact to 25 digits, by rational arithmetic on the
floats that are written.

    scripts/log-det-reference.py > crates/laws/tests/fixtures/log_det.json

Uses only the standard library. Dense matrices are H D G with products of Householder reflections
H, G and singular values from 1 down to 1/condition, rounded to f64 or f32. Circulant ones are
y[b] = x[b] - (1 - d) x[b + 1], which is nearly singular at frequency 0.
"""
import json
import random
import struct
from decimal import Decimal, getcontext
from fractions import Fraction

getcontext().prec = 60


def det(rows):
    """Exact determinant of a matrix of fractions, by elimination with pivoting."""
    rows = [row[:] for row in rows]
    n, result = len(rows), Fraction(1)
    for k in range(n):
        pivot = max(range(k, n), key=lambda i: abs(rows[i][k]))
        if rows[pivot][k] == 0:
            return Fraction(0)
        if pivot != k:
            rows[k], rows[pivot] = rows[pivot], rows[k]
            result = -result
        result *= rows[k][k]
        for i in range(k + 1, n):
            factor = rows[i][k] / rows[k][k]
            if factor:
                rows[i] = [a - factor * b if j > k else Fraction(0) for j, (a, b) in enumerate(zip(rows[i], rows[k]))]
    return result


def log_abs(value):
    value = abs(value)
    return format((Decimal(value.numerator) / Decimal(value.denominator)).ln(), ".25g")


def reflections(n, rng):
    """A random orthonormal matrix."""
    q = [[float(i == j) for j in range(n)] for i in range(n)]
    for _ in range(n):
        v = [rng.gauss(0, 1) for _ in range(n)]
        norm = sum(x * x for x in v)
        for row in q:
            s = 2 * sum(a * b for a, b in zip(row, v)) / norm
            for j in range(n):
                row[j] -= s * v[j]
    return q


def matrix(n, condition, rng, narrow):
    left, right = reflections(n, rng), reflections(n, rng)
    sigma = [condition ** (-k / (n - 1)) for k in range(n)]
    values = [[sum(left[i][k] * sigma[k] * right[k][j] for k in range(n)) for j in range(n)] for i in range(n)]
    if narrow:
        values = [[struct.unpack("f", struct.pack("f", v))[0] for v in row] for row in values]
    return values


def main():
    rng = random.Random(1)
    dense = []
    for dtype, conditions in [("f64", [1e3, 1e6, 1e9, 1e12]), ("f32", [1e3, 1e5])]:
        for condition in conditions:
            for n in [3, 8, 16]:
                values = matrix(n, condition, rng, dtype == "f32")
                exact = det([[Fraction(v) for v in row] for row in values])
                dense.append(
                    {
                        "dtype": dtype,
                        "condition": condition,
                        "matrix": values,
                        "negative": exact < 0,
                        "log_abs_det": float(log_abs(exact)),
                    }
                )
    circulant = []
    for gap in [1e-3, 1e-6, 1e-9, 1e-12]:
        n, tap = 12, -(1 - gap)
        rows = [[Fraction(0)] * n for _ in range(n)]
        for b in range(n):
            rows[b][b] += 1
            rows[b][(b + 1) % n] += Fraction(tap)
        circulant.append({"length": n, "tap": tap, "condition": 2 / gap, "log_abs_det": float(log_abs(det(rows)))})
    print(json.dumps({"dense": dense, "circulant": circulant}))


main()
