"""Tables with missing cells and columns of categories, by the command, which reads them from files."""
from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import warnings
from typing import Any

import numpy as np

from . import _inputs
from ._command import call, flags
from ._pdmap import Model
from ._types import Array

# The status of a training that was interrupted, with its best weights saved.
_INTERRUPTED = 4


def is_frame(X: Any) -> bool:
    """Whether `X` is a data frame."""
    return hasattr(X, "columns") and (hasattr(X, "to_csv") or hasattr(X, "write_csv"))


def written(folder: str, name: str, X: Any) -> str:
    """The table in a file: names and labels of a frame, numbers of an array."""
    if not is_frame(X):
        path = os.path.join(folder, name + ".npy")
        array = np.asarray(X)
        np.save(path, array if array.dtype == np.float32 else array.astype(np.float64))
        return path
    path = os.path.join(folder, name + ".csv")
    for column in X.columns:
        # Text has one way to say these.
        if not isinstance(column, str) or column != column.strip() or column[:1] == "#" or set(column) & set(',"\n'):
            raise ValueError(f"column {column!r}: a name without commas, quotes, # in front and blanks at the ends")
    if hasattr(X, "write_csv"):
        # NaN of polars is no missing cell; that of pandas is.
        X.fill_nan(None).write_csv(path)
    else:
        booleans = list(X.select_dtypes("bool").columns)
        X.astype(dict.fromkeys(booleans, int)).to_csv(path, index=False)
    return path


def checked(X: Any, categorical: Any) -> None:
    """Says that labels come back from a file of text as they are."""
    for name in categorical or []:
        if name not in list(X.columns):
            raise ValueError(f"categorical: no column {name!r}; there are {', '.join(map(str, X.columns))}")
        for label in set(X[name].to_list() if hasattr(X[name], "to_list") else X[name]):
            if isinstance(label, str) and label != label.strip():
                raise ValueError(f"column {name!r}: the label {label!r} has blanks at its ends")


# A file that is written here is read as it is.
_TEXT = ["--delimiter", ",", "--decimal", ".", "--header", "yes", "--index", "no"]


def _text(X: Any) -> list[str]:
    return _TEXT if is_frame(X) else []


def fit(estimator: Any, X: Any, sample_weight: Any, X_val: Any, sample_weight_val: Any) -> tuple[Model, dict[str, Any]]:
    """`pdmap train` on the table; the model and the record of training. After Ctrl-C, the record says so."""
    if estimator.categorical and not is_frame(X):
        raise TypeError("categorical: columns of a data frame of pandas or polars")
    if (sample_weight_val is not None and X_val is None) or (
        X_val is not None and (sample_weight is None) != (sample_weight_val is None)
    ):
        raise ValueError("sample_weight and sample_weight_val: the training and the validation rows have weights, or neither")
    checked(X, estimator.categorical)
    with tempfile.TemporaryDirectory() as folder:
        target = os.path.join(folder, "m.safetensors")
        words = ["train", "--data", written(folder, "x", X), "--out", target, "--json", "--quiet", *_text(X)]
        if X_val is not None:
            words += ["--val", written(folder, "val", X_val)]
        for name, own in (("weights", sample_weight), ("val_weights", sample_weight_val)):
            if own is not None:
                path = os.path.join(folder, name + ".npy")
                np.save(path, np.asarray(own, dtype=np.float64)[:, None])
                words += ["--" + name.replace("_", "-"), path]
        for flag, columns in (("--bound", estimator.bounds), ("--angle", estimator.angles)):
            for column, values in (columns or {}).items():
                words += [flag, f"{column}={values}"]
        words += flags(
            {
                "model": _named(folder, estimator.model),
                "categorical": list(map(str, estimator.categorical or [])) or None,
                "missing": None if estimator.missing == "error" else estimator.missing,
                "budget": None if estimator.budget is None else f"{int(1e6 * estimator.budget)}us",
                "steps": estimator.steps,
                "seed": _inputs.seed(estimator.random_state),
                "data_seed": estimator.data_seed,
                "preprocess": estimator.preprocess or None,
                "discrete": estimator.discrete,
                "drop_degenerate": estimator.drop_degenerate,
                "dtype": _dtype(estimator.dtype, X),
                "threads": _inputs.threads(estimator.n_jobs),
                **(estimator.training or {}),
            }
        )
        return _trained(words, target)


def _named(folder: str, model: Any) -> str:
    if isinstance(model, dict):
        raise TypeError("model: a name or a path, where there are categories or missing cells")
    return str(os.fspath(model))


def _dtype(dtype: Any, X: Any) -> str:
    usual = getattr(X, "dtype", None) == np.float32
    return "f32" if _inputs.single(np.float32 if dtype is None and usual else dtype or np.float64, np.empty(0)) else "f64"


def _trained(words: list[str], target: str) -> tuple[Model, dict[str, Any]]:
    command, pipe = [sys.executable, "-m", "pdmap", *words], subprocess.PIPE
    interrupted = False
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, encoding="utf-8") as running:
        try:
            while True:
                try:
                    out, complaints = running.communicate()
                    break
                except KeyboardInterrupt:
                    if interrupted:
                        raise
                    # It saves its best weights. From a terminal it has the signal already, and a second one would end it.
                    interrupted = True
                    if not sys.stdin or not sys.stdin.isatty():
                        running.send_signal(signal.SIGINT)
        except BaseException:
            running.kill()
            raise
    if running.returncode not in (0, _INTERRUPTED):
        raise ValueError(complaints.strip() or f"pdmap train ended with the status {running.returncode}")
    for line in complaints.splitlines():
        if line.startswith("warning:"):
            warnings.warn(line.removeprefix("warning: "), stacklevel=5)
    record: dict[str, Any] = json.loads(out) if out.strip() else {}
    record["interrupted"] = interrupted or running.returncode == _INTERRUPTED
    return Model.load(target), record


def scores(estimator: Any, X: Any) -> Array:
    """`pdmap score`."""
    with tempfile.TemporaryDirectory() as folder:
        path, out = os.path.join(folder, "m.safetensors"), os.path.join(folder, "s.npy")
        estimator.model_.save(path)
        checked(X, estimator.categorical)
        words = ["score", path, "--data", written(folder, "x", X), "--out", out, "--quiet", *_text(X)]
        missing = None if estimator.missing == "error" or not _has_missing(X) else estimator.missing
        call(words + flags({"missing": missing, "unseen": estimator.unseen if estimator.categorical else None}))
        found: Array = np.load(out).ravel()
        return found


def _has_missing(X: Any) -> bool:
    if hasattr(X, "null_count"):
        return bool(sum(X.fill_nan(None).null_count().row(0)))
    if is_frame(X):
        return bool(X.isna().to_numpy().any())
    return bool(np.isnan(np.asarray(X, dtype=np.float64)).any())


def sample(estimator: Any, count: int, seed: int) -> Any:
    """`pdmap sample`: a frame of the library that the training rows were from."""
    with tempfile.TemporaryDirectory() as folder:
        path, out = os.path.join(folder, "m.safetensors"), os.path.join(folder, "x.csv")
        estimator.model_.save(path)
        call(["sample", path, "--out", out, *flags({"count": count, "seed": seed})])
        if estimator._library == "polars":
            import polars

            return polars.read_csv(out, schema_overrides=dict.fromkeys(estimator.categorical, polars.String), missing_utf8_is_empty_string=True)
        import pandas

        labels = dict.fromkeys(estimator.categorical, str)
        return pandas.read_csv(out, dtype=labels, keep_default_na=False, na_values={})
