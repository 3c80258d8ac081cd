"""Writes scikit_learn.json: mixtures of small random data by scikit-learn, and what it says of them.

    python3 -m venv venv && venv/bin/pip install numpy scikit-learn
    venv/bin/python make.py > scikit_learn.json
"""
import json
import warnings

import numpy as np
import sklearn
from sklearn.mixture import GaussianMixture

warnings.filterwarnings("ignore")  # ten iterations do not converge
rng = np.random.default_rng(22)
COLUMNS, COMPONENTS, ROWS, ITERATIONS = 3, 3, 60, 10
centres = rng.normal(size=(COMPONENTS, COLUMNS)) * 2
labels = np.arange(ROWS) % COMPONENTS
shapes = rng.normal(size=(COMPONENTS, COLUMNS, COLUMNS))
rows = centres[labels] + np.einsum("nij,nj->ni", shapes[labels], rng.normal(size=(ROWS, COLUMNS)))
far = rng.normal(size=(8, COLUMNS)) * 20
columns = np.concatenate([rows, far])

cases = []
for form in ("full", "tied", "diag"):
    groups = [rows[labels == k] for k in range(COMPONENTS)]
    within = np.array([np.cov(group.T, bias=True) for group in groups])
    start = dict(full=within, tied=within.mean(0), diag=np.array([np.diag(cov) for cov in within]))[form]
    precisions = 1 / start if form == "diag" else np.linalg.inv(start)
    model = GaussianMixture(
        COMPONENTS,
        covariance_type=form,
        tol=0,
        reg_covar=0,
        max_iter=ITERATIONS,
        weights_init=np.full(COMPONENTS, 1 / COMPONENTS),
        means_init=np.array([group.mean(0) for group in groups]),
        precisions_init=precisions,
    ).fit(rows)
    cases.append(
        dict(
            form=form,
            weights=model.weights_.tolist(),
            means=model.means_.tolist(),
            covariances=model.covariances_.tolist(),
            log_density=model.score_samples(columns).tolist(),
            posterior=model.predict_proba(columns).tolist(),
        )
    )
json.dump(
    dict(
        scikit_learn=sklearn.__version__,
        iterations=ITERATIONS,
        labels=labels.tolist(),
        rows=rows.tolist(),
        far=far.tolist(),
        cases=cases,
    ),
    fp=__import__("sys").stdout,
    indent=None,
)
print()
