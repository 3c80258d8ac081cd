"""Arrays and arguments, as the extension module takes them."""
from __future__ import annotations

import os
from typing import Any

import numpy as np
from sklearn.utils.validation import _check_sample_weight, validate_data

from ._types import Array




def rows(estimator: Any, X: Any, *, reset: bool, least: int = 1) -> Array:
    """`X` as rows in C order of float32 or float64: not copied if they are such rows."""
    dtypes = [np.float64, np.float32]
    checked: Array = validate_data(estimator, X, reset=reset, dtype=dtypes, order="C", ensure_min_samples=least)
    return np.require(checked, requirements=["C", "A"])


def single(dtype: Any, X: Array) -> bool:
    """Whether the model is in single precision: as `dtype` says, or as the rows are."""
    wanted = np.dtype(X.dtype if dtype is None else dtype)
    if wanted not in (np.dtype(np.float32), np.dtype(np.float64)):
        raise ValueError(f"dtype {wanted}: float32 or float64")
    return wanted == np.dtype(np.float32)


def numbers(values: Any) -> Array:
    """Numbers in double precision, in C order."""
    return np.require(values, dtype=np.float64, requirements=["C", "A"])


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
    return numbers(_check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True))


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
    names, values = condition_names(condition), columns(condition)
    if classes is not None:
        if classes < 2:
            raise ValueError(f"classes {classes}: at least 2")
        return {"classes": {"count": classes}}, one_column(numbers(values))
    if values.dtype.kind in "OUSb":
        labels = sorted(set(words(values)))
        kind: dict[str, Any] = {"named": {"classes": labels}}
        return kind, codes(kind, values)
    vector = {"width": values.shape[1], "names": names if len(names) == values.shape[1] else []}
    return {"vector": vector}, numbers(values)


def columns(condition: Any) -> Array:
    """A condition as a matrix."""
    values = np.asarray(condition)
    if values.ndim == 1:
        values = values[:, None]
    if values.ndim != 2:
        raise ValueError(f"condition: an array of one or two dimensions, not {values.ndim}")
    return values


def condition_names(condition: Any) -> list[str]:
    """The names of the columns of a data frame."""
    return [str(name) for name in getattr(condition, "columns", [])]


def one_column(values: Array) -> Array:
    """Classes, which are in one column."""
    if values.shape[1] != 1:
        raise ValueError(f"condition: one column of classes, not {values.shape[1]}")
    return values


def words(values: Array) -> list[str]:
    """The names of classes, one for each row."""
    found = []
    for row, value in enumerate(one_column(values)[:, 0].tolist()):
        if not isinstance(value, (str, bool, int)):
            raise ValueError(f"condition: row {row} is {value!r}, which is no name of a class")
        found.append(str(value))
    return found


def codes(kind: dict[str, Any], values: Array) -> Array:
    """The number of the class of each row."""
    known = {name: code for code, name in enumerate(kind["named"]["classes"])}
    found = words(values)
    for row, label in enumerate(found):
        if label not in known:
            raise ValueError(f"condition: row {row} is {label!r}; known classes: {', '.join(known)}")
    return numbers([[known[label]] for label in found])


def one_hot(kind: dict[str, Any], given: Array) -> Array:
    """Classes as the layers of a model see them."""
    count = kind["classes"]["count"] if "classes" in kind else len(kind["named"]["classes"])
    column = one_column(given)[:, 0]
    bad = (column != np.floor(column)) | (column < 0) | (column >= count)
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise ValueError(f"condition: row {row} is {column[row]}; classes are 0 to {count - 1}")
    hot = np.zeros((len(given), count))
    hot[np.arange(len(given)), column.astype(int)] = 1.0
    return hot
