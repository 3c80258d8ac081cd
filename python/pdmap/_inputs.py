"""Arrays and arguments, as the extension module takes them."""
from __future__ import annotations

import os
from typing import Any

import numpy as np
from sklearn.utils.validation import _check_sample_weight, validate_data

from ._types import Array




def rows(estimator: Any, X: Any, *, reset: bool, dtype: Any = None, least: int = 1) -> Array:
    """`X` as rows in C order of float32 or float64: not copied if they are such rows."""
    dtypes = [np.float64, np.float32] if dtype is None else [np.dtype(dtype)]
    checked: Array = validate_data(estimator, X, reset=reset, dtype=dtypes, order="C", ensure_min_samples=least)
    return checked


def threads(n_jobs: int | None) -> int | None:
    """The number of threads that `n_jobs` asks for; None for all cores."""
    if n_jobs is None or n_jobs == -1:
        return None
    if n_jobs == 0:
        raise ValueError("n_jobs == 0 has no meaning")
    return n_jobs if n_jobs > 0 else max(1, (os.cpu_count() or 1) + 1 + n_jobs)


def weights(sample_weight: Any, X: Array) -> Array | None:
    """One weight for each row."""
    if sample_weight is None:
        return None
    return np.ascontiguousarray(_check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True))


def seed(random_state: Any) -> int:
    """A seed from an int, a generator, or None for one that differs from call to call."""
    if isinstance(random_state, (int, np.integer)):
        if random_state < 0:
            raise ValueError(f"random_state {random_state}: at least 0")
        return int(random_state)
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(2**53))
    from sklearn.utils import check_random_state

    return int(check_random_state(random_state).randint(2**31 - 1))


def condition_kind(condition: Any, classes: int | None) -> tuple[dict[str, Any], Array]:
    """What a condition is, as the header of a model says it, and its numbers `[rows, width]`.

    Words are classes; numbers are a vector, which training standardizes, unless `classes` says that they are the
    classes 0, 1, ….
    """
    names = [str(name) for name in getattr(condition, "columns", [])]
    values = np.asarray(condition)
    if values.ndim == 1:
        values = values[:, None]
    if values.ndim != 2:
        raise ValueError(f"condition: an array of one or two dimensions, not {values.ndim}")
    if classes is not None:
        if classes < 2:
            raise ValueError(f"classes {classes}: at least 2")
        return {"classes": {"count": classes}}, np.ascontiguousarray(values, dtype=np.float64)
    if values.dtype.kind in "OUSb":
        if values.shape[1] != 1:
            raise ValueError(f"condition: one column of class names, not {values.shape[1]}")
        labels = sorted({str(value) for value in values[:, 0]})
        kind: dict[str, Any] = {"named": {"classes": labels}}
        return kind, codes(kind, values)
    vector = {"width": values.shape[1], "names": names if len(names) == values.shape[1] else []}
    return {"vector": vector}, np.ascontiguousarray(values, dtype=np.float64)


def codes(kind: dict[str, Any], values: Array) -> Array:
    """The number of the class of each row."""
    known = kind["named"]["classes"]
    labels, places = np.unique(values[:, 0].astype(str), return_inverse=True)
    numbers = np.array([known.index(label) if label in known else -1 for label in labels.tolist()])[places.ravel()]
    if (numbers < 0).any():
        row = int(np.flatnonzero(numbers < 0)[0])
        raise ValueError(f"condition: row {row} is {str(values[row, 0])!r}; known classes: {', '.join(known)}")
    return np.ascontiguousarray(numbers[:, None], dtype=np.float64)


def one_hot(kind: dict[str, Any], numbers: Array) -> Array:
    """Classes as the layers of a model see them."""
    count = kind["classes"]["count"] if "classes" in kind else len(kind["named"]["classes"])
    column = numbers[:, 0]
    bad = (column != np.floor(column)) | (column < 0) | (column >= count)
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise ValueError(f"condition: row {row} is {column[row]}; classes are 0 to {count - 1}")
    hot = np.zeros((len(numbers), count))
    hot[np.arange(len(numbers)), column.astype(int)] = 1.0
    return hot
