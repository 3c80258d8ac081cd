"""What the estimators of densities have in common."""
from __future__ import annotations

import json
import os
import warnings
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted

from . import _inputs
from ._command import Page, curve, report
from ._pdmap import Model, fit
from ._progress import Callback, Progress, listener
from ._types import Array

PRECISIONS = {"f32": np.float32, "f64": np.float64}


def _numbers(kind: dict[str, Any] | None, condition: Any) -> Array:
    """A condition of other rows than those of `kind`: numbers, or the codes of classes."""
    if kind is None:
        raise ValueError("condition: the model was fitted without one")
    values = _inputs.columns(condition)
    if "named" in kind:
        codes: Array = _inputs.codes(kind, values)
        return codes
    own = next(iter(kind.values())).get("names") or []
    names = _inputs.condition_names(condition)
    if own and names and names != own:
        raise ValueError(f"condition: columns {', '.join(names)}; the model was fitted with {', '.join(own)}")
    numbers: Array = _inputs.numbers(values)
    return numbers


class BaseDensity(BaseEstimator):  # type: ignore[misc]
    """What the estimators of densities have in common."""

    # Parameters, which each class sets in its own ``__init__``.
    model: Any
    budget: float | None
    steps: int | None
    training: dict[str, Any] | None
    preprocess: str | list[Any] | None
    discrete: str
    drop_degenerate: bool
    bounds: dict[str, str] | None
    angles: dict[str, str] | None
    classes: int | None
    dtype: Any
    random_state: Any
    data_seed: int
    n_jobs: int | None
    verbose: int
    callback: Callback | None

    model_: Model

    def _settings(self, condition: dict[str, Any] | None) -> str:
        model = self.model
        if isinstance(model, os.PathLike):
            model = os.fspath(model)
        if not isinstance(model, (str, dict)):
            raise TypeError(f"model: a name, a path of a description or a dict, not {type(model).__name__}")
        if self.discrete not in ("dequantize", "keep"):
            raise ValueError(f"discrete {self.discrete!r}: 'dequantize' or 'keep'")
        preprocess = [self.preprocess] if isinstance(self.preprocess, str) else self.preprocess
        given = {
            "model": model,
            "budget": None if self.budget is None else float(self.budget),
            "steps": None if self.steps is None else int(self.steps),
            "seed": _inputs.seed(self.random_state),
            "data_seed": int(self.data_seed),
            "training": dict(self.training or {}),
            "preprocess": preprocess,
            "keep_discrete": self.discrete == "keep",
            "drop_degenerate": bool(self.drop_degenerate),
            "bounds": [f"{column}={values}" for column, values in (self.bounds or {}).items()],
            "angles": [f"{column}={values}" for column, values in (self.angles or {}).items()],
            "condition": condition,
        }
        # Numbers of NumPy, as searches give them.
        return json.dumps(given, default=lambda value: value.item())

    def _fit(
        self, X: Any, condition: Any, sample_weight: Any, X_val: Any, condition_val: Any, sample_weight_val: Any
    ) -> Array:
        rows: Array = _inputs.rows(self, X, reset=True, least=2)
        kind: dict[str, Any] | None = None
        numbers = None
        if condition is not None:
            kind, numbers = _inputs.condition_kind(condition, self.classes)
        validation = None
        if X_val is not None:
            if (condition is None) != (condition_val is None):
                raise ValueError("condition and condition_val: the training and the validation rows have one, or neither")
            own = _inputs.rows(self, X_val, reset=False)
            numbers_val = None if condition_val is None else _numbers(kind, condition_val)
            validation = (own, numbers_val, _inputs.weights(sample_weight_val, own))
        elif condition_val is not None or sample_weight_val is not None:
            raise ValueError("condition_val and sample_weight_val belong to X_val, which is missing")
        names = getattr(self, "feature_names_in_", None)
        progress = Progress(self.verbose) if self.verbose else None
        model, record, raised = fit(
            rows,
            self._settings(kind),
            single=_inputs.single(self.dtype, rows),
            names=None if names is None else [str(name) for name in names],
            condition=numbers,
            weights=_inputs.weights(sample_weight, rows),
            validation=validation,
            listener=listener(progress, self.callback),
            threads=_inputs.threads(self.n_jobs),
        )
        if progress is not None:
            progress.close()
        self._condition = kind
        self._fitted(model, json.loads(record))
        if raised is not None:
            # The weights of the best validation are kept.
            raise raised
        return rows

    def _fitted(self, model: Model, record: dict[str, Any]) -> None:
        trained = record["trained"]
        self.model_ = model
        self.n_iter_ = int(trained["steps"])
        self.best_step_ = int(trained["best"]["step"])
        self.best_validation_ = float(trained["best"]["validation"])
        curve = [[point["step"], point["seconds"], point["validation"]] for point in trained["curve"]]
        self.learning_curve_ = np.array(curve, dtype=np.float64).reshape(-1, 3)
        self.tried_ = record["tried"]
        outcome = trained["outcome"]
        self.outcome_ = outcome if isinstance(outcome, str) else next(iter(outcome))
        if self.outcome_ in ("diverged", "failed"):
            reason = outcome[self.outcome_]["reason"]
            warnings.warn(f"training {self.outcome_}: {reason}; the last good weights are kept", ConvergenceWarning)

    def _given(self, condition: Any, count: int) -> Array | None:
        """A condition as the model takes it, one row for each of `count`."""
        if condition is None:
            if self._condition is not None:
                raise ValueError("condition: the model was fitted with one")
            return None
        numbers: Array = _numbers(self._condition, condition)
        if self._condition is not None and "vector" not in self._condition and "standardized" not in self._condition:
            numbers = _inputs.one_hot(self._condition, numbers)
        if len(numbers) != count:
            raise ValueError(f"condition: {len(numbers)} rows for {count}")
        return numbers

    def _log_prob(self, X: Any, condition: Any = None) -> Array:
        check_is_fitted(self, "model_")
        X = _inputs.rows(self, X, reset=False)
        return self._scores(X, condition)

    def _scores(self, X: Array, condition: Any = None) -> Array:
        given = self._given(condition, len(X))
        scores: Array = self.model_.log_prob(X, given, threads=_inputs.threads(self.n_jobs))
        return scores

    def report(self, X: Any, X_train: Any = None) -> Page:
        """A page about the model, on rows that it was not trained on: likelihoods, samples, codes. Notebooks show it.

        Raises
        ------
        ValueError
            Rows that do not fit the model; a model with a condition or with categories, of which `pdmap report` makes pages.
        """
        check_is_fitted(self, "model_")
        if self.model_.conditions:
            raise ValueError("report: models with conditions or categories are for the command, pdmap report")
        train = None if X_train is None else _inputs.rows(self, X_train, reset=False)
        return report(self.model_, _inputs.rows(self, X, reset=False), train)

    def _repr_html_inner(self) -> str:
        inner: str = super()._repr_html_inner()
        return inner + (curve(self.learning_curve_) if hasattr(self, "learning_curve_") else "")

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the model atomically, as a file of the ``pdmap`` command."""
        check_is_fitted(self, "model_")
        self.model_.save(os.fspath(path))

    def to_onnx(self) -> bytes:
        """The model as an ONNX graph, which needs no pdmap: ``log_prob`` of rows ``x`` in nats, and codes ``z``.

        ``onnxruntime.InferenceSession(density.to_onnx())`` runs it; an ensemble has no codes. Discrete columns
        are taken as they are, without noise. A condition is another input: ``condition`` or ``class``.
        """
        check_is_fitted(self, "model_")
        return self.model_.to_onnx()
