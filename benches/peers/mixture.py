"""Seconds of an EM iteration of scikit-learn's GaussianMixture on the rows that mixture_times reads.

    python mixture.py make ROWS COLUMNS COMPONENTS FILE
    python mixture.py time ROWS COLUMNS COMPONENTS FILE
"""
import sys
import time
import warnings

import numpy as np

command, rows, columns, components, path = sys.argv[1], *map(int, sys.argv[2:5]), sys.argv[5]
if command == "make":
    rng = np.random.default_rng(1)
    centres = 4 * rng.random((components, columns))
    shapes = rng.normal(size=(components, columns, columns)) / np.sqrt(columns) + np.eye(columns)
    labels = np.arange(rows) % components
    x = centres[labels] + np.einsum("nij,nj->ni", shapes[labels], rng.normal(size=(rows, columns)))
    x.astype("<f8").tofile(path)
else:
    from sklearn.mixture import GaussianMixture

    warnings.filterwarnings("ignore")  # a few iterations do not converge
    x = np.fromfile(path, "<f8").reshape(rows, columns)
    model = GaussianMixture(components, random_state=0, tol=0, max_iter=1, warm_start=True).fit(x)
    # The steps of its own loop, without the k-means of the start.
    times = []
    for iteration in range(17):
        start = time.perf_counter()
        log_norm, log_resp = model._e_step(x)
        model._m_step(x, log_resp)
        times.append(1e3 * (time.perf_counter() - start))
    times = sorted(times[2:])
    print(f"iteration: {times[len(times) // 2]:.1f} ms (from {times[0]:.1f} to {times[-1]:.1f})")
    print(f"mean log-likelihood: {log_norm:.6f} nats a row")
