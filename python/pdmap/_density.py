"""Densities."""
from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import DensityMixin
from sklearn.utils import TransformerTags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import _check_feature_names, _check_n_features, check_is_fitted

from . import _inputs, _tables
from ._base import PRECISIONS, BaseDensity
from ._pdmap import Model
from ._progress import Callback
from ._types import Array


def _has_codes(self: Any) -> bool:
    fitted = getattr(self, "model_", None)
    if fitted.members > 0 if fitted is not None else self.model == "auto":
        raise AttributeError(
            "an ensemble, such as model='auto' fits, has no codes; name another model, or a member: encode(X, member=0)"
        )
    return True


class DensityEstimator(DensityMixin, BaseDensity):  # type: ignore[misc]
    """A density of rows: invertible maps of the rows to a simple density, or mixtures, by maximum likelihood.

    Parameters
    ----------
    model : str, path or dict, default="auto"
        ``"auto"`` compares Gaussian mixtures and flows on rows that they have not seen, and averages the best. Other
        names are those of ``pdmap.presets()``; a path that ends in ``.toml`` and a dict are descriptions.
    budget : float, optional
        Seconds of training. Without a budget and without steps, the budget of the description, or one minute.
    steps : int, optional
        Steps of training instead of a time. Only a fixed number of steps is reproducible bit for bit.
    training : dict, optional
        Keys of the section ``[training]`` of a description, such as ``{"batch": 64, "rate": 1e-3}``.
    preprocess : str or list, optional
        Fixed maps in front: ``"standardize"``, ``"robust"``, ``"whiten"``, …, instead of the model's.
    discrete : {"dequantize", "keep"}, default="dequantize"
        What happens to discrete columns: uniform noise of one step, or nothing.
    drop_degenerate : bool, default=False
        Whether constant, duplicate and dependent columns are left out. Otherwise they are refused: with them,
        rows have no density.
    bounds, angles : dict, optional
        Bounds, such as ``{"age": "0.."}``, and periods, such as ``{"direction": "360"}``, of columns by name or index.
    classes : int, optional
        Says that a condition of numbers is one of the classes 0 to ``classes - 1``.
    categorical : list of str, optional
        Columns of a data frame that are categories. The density is ``p(c) p(x | c)``; samples are data frames.
    unseen : {"error", "other"}, default="error"
        What happens to labels that did not occur in the training rows.
    missing : {"error", "marginalize"}, default="error"
        What happens to missing cells: they are integrated out, in a ``"mixture-copula"`` or ``"auto"``.
    dtype : dtype, optional
        Precision of the model, float32 or float64; by default that of the rows.
    random_state : int, Generator, RandomState or None, default=1
        Seed of the initial weights and of the order of the rows: ``--seed`` of the ``pdmap`` command.
    data_seed : int, default=0
        Seed of the choice of validation rows: ``--data-seed`` of the ``pdmap`` command.
    n_jobs : int, optional
        Threads; by default, and for -1, one for each core. Results do not depend on it.
    verbose : int, default=0
        1 shows a bar, 2 a line for each validation.
    callback : callable, optional
        Called with the events of training, as dicts. An exception ends the training.

    Attributes
    ----------
    model_ : Model
        The model.
    learning_curve_ : ndarray of shape (n_validations, 3)
        Steps, seconds, and the mean log-likelihood of the validation rows, in nats.
    best_validation_ : float
        The best validation; its weights are kept.
    best_step_, n_iter_ : int
        The step of the best validation; the number of steps taken.
    outcome_ : str
        How training ended: ``"finished"``, ``"stopped-early"``, ``"overfitted"``, ``"interrupted"``,
        ``"diverged"``, ``"failed"``; or ``"loaded"``.
    tried_ : list of dict
        The members of the ensemble that ``"auto"`` fits, and what was left out.
    n_features_in_, feature_names_in_
        As in scikit-learn.

    Examples
    --------
    >>> import numpy as np
    >>> from pdmap import DensityEstimator
    >>> X = np.random.default_rng(0).normal(size=(500, 3))
    >>> density = DensityEstimator("dense-relative", steps=100).fit(X)
    >>> density.sample(5).shape
    (5, 3)
    """

    def __init__(
        self,
        model: Any = "auto",
        *,
        budget: float | None = None,
        steps: int | None = None,
        training: dict[str, Any] | None = None,
        preprocess: str | list[Any] | None = None,
        discrete: str = "dequantize",
        drop_degenerate: bool = False,
        bounds: dict[str, str] | None = None,
        angles: dict[str, str] | None = None,
        classes: int | None = None,
        categorical: Sequence[str] | None = None,
        unseen: str = "error",
        missing: str = "error",
        dtype: Any = None,
        random_state: Any = 1,
        data_seed: int = 0,
        n_jobs: int | None = None,
        verbose: int = 0,
        callback: Callback | None = None,
    ) -> None:
        self.model = model
        self.budget = budget
        self.steps = steps
        self.training = training
        self.preprocess = preprocess
        self.discrete = discrete
        self.drop_degenerate = drop_degenerate
        self.bounds = bounds
        self.angles = angles
        self.classes = classes
        self.categorical = categorical
        self.unseen = unseen
        self.missing = missing
        self.dtype = dtype
        self.random_state = random_state
        self.data_seed = data_seed
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.callback = callback

    def fit(
        self,
        X: Any,
        y: Any = None,
        sample_weight: Any = None,
        *,
        condition: Any = None,
        X_val: Any = None,
        condition_val: Any = None,
        sample_weight_val: Any = None,
    ) -> DensityEstimator:
        """Fits the density.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows. A C-contiguous array in the precision of the model is not copied, but for a passing look at its columns
            in double precision.
        y : ignored
        sample_weight : array-like of shape (n_samples,), optional
            How often each row counts.
        condition : array-like of shape (n_samples, width) or (n_samples,), optional
            What the density is conditional on, ``p(x | c)``: numbers, or one column of class names.
        X_val, condition_val, sample_weight_val : optional
            Validation rows. Without them a tenth of the rows are held out, or up to a fifth of few rows.

        Raises
        ------
        ValueError
            Too few rows; columns without a density; parameters out of their ranges.
        KeyboardInterrupt
            After Ctrl-C; the estimator then has the best weights so far.
        """
        if not self._by_command():
            self._fit(X, condition, sample_weight, X_val, condition_val, sample_weight_val)
            return self
        if condition is not None or condition_val is not None or self.callback is not None:
            raise ValueError("condition and callback: not with categorical and missing")
        _check_n_features(self, X, reset=True)
        _check_feature_names(self, X, reset=True)
        model, record = _tables.fit(self, X, sample_weight, X_val, sample_weight_val)
        self._condition, self._library = None, type(X).__module__.split(".")[0]
        self._loaded(model)
        self.outcome_ = "finished"
        if "trained" in record:
            self._fitted(model, {"tried": [], **record})
        if record["interrupted"]:
            self.outcome_ = "interrupted"
            raise KeyboardInterrupt
        return self

    def _by_command(self) -> bool:
        if self.missing not in ("error", "marginalize"):
            raise ValueError(f"missing {self.missing!r}: 'error' or 'marginalize'")
        if self.unseen not in ("error", "other"):
            raise ValueError(f"unseen {self.unseen!r}: 'error' or 'other'")
        return bool(self.categorical) or self.missing != "error"

    def _log_prob(self, X: Any, condition: Any = None) -> Array:
        if not self._by_command():
            return super()._log_prob(X, condition)
        check_is_fitted(self, "model_")
        if condition is not None:
            raise ValueError("condition: not with categorical and missing")
        _check_feature_names(self, X, reset=False)
        _check_n_features(self, X, reset=False)
        return _tables.scores(self, X)

    def _loaded(self, model: Model) -> None:
        """What the file of a model says of its training."""
        record = json.loads(model.describe())["header"].get("training") or {}
        self.model_ = model
        curve = [[step, np.nan, validation] for step, validation in record.get("curve", [])]
        self.learning_curve_ = np.array(curve, dtype=np.float64).reshape(-1, 3)
        self.n_iter_ = int(record.get("steps", 0))
        self.best_step_ = int(record.get("best_step", 0))
        self.best_validation_ = float(record.get("best_validation", np.nan))
        self.tried_ = record.get("tried", [])

    def score_samples(self, X: Any, condition: Any = None) -> Array:
        """Log-likelihoods ``log p(x)`` or ``log p(x | c)`` of rows, in nats; ``-inf`` outside the bounds of columns."""
        return self._log_prob(X, condition)

    def score(self, X: Any, y: Any = None, condition: Any = None) -> float:
        """The mean log-likelihood of rows, in nats."""
        return float(np.mean(self._log_prob(X, condition)))

    def sample(self, n_samples: int | None = None, *, condition: Any = None, random_state: Any = 0) -> Any:
        """Draws rows ``[n_samples, n_features]``, by default one; with a condition, one for each row of it.

        The same `random_state` gives the same rows; None gives others in each call.
        """
        check_is_fitted(self, "model_")
        given = None
        if condition is not None:
            given = self._given(condition, len(np.asarray(condition)))
            count = 0 if given is None else len(given)
            if n_samples not in (None, count):
                raise ValueError(f"n_samples {n_samples}: the condition has {count} rows")
            n_samples = count
        elif self._condition is not None:
            raise ValueError("condition: the model was fitted with one")
        n_samples = 1 if n_samples is None else n_samples
        if n_samples < 1:
            raise ValueError(f"n_samples {n_samples}: at least 1")
        seed = _inputs.seed(random_state)
        if self.categorical:
            return _tables.sample(self, n_samples, seed)
        drawn = self.model_.sample(n_samples, given, seed=seed, threads=_inputs.threads(self.n_jobs))
        return drawn.astype(PRECISIONS[self.model_.dtype], copy=False)

    def gradient(self, X: Any, condition: Any = None) -> Array:
        """``∂ log p / ∂x`` of rows, in nats per unit of each column: which columns make a row unlikely."""
        check_is_fitted(self, "model_")
        X = _inputs.rows(self, X, reset=False)
        return self.model_.gradient(X, self._given(condition, len(X)), threads=_inputs.threads(self.n_jobs))

    def encode(self, X: Any, condition: Any = None, member: int | None = None) -> Array:
        """Codes ``z = f(x)`` of rows, in the space of the simple density.

        An ensemble has none of its own: `member` names one of its members.
        """
        check_is_fitted(self, "model_")
        X = _inputs.rows(self, X, reset=False)
        model = self.model_ if member is None else self.model_.member(member)
        return model.encode(X, self._given(condition, len(X)), threads=_inputs.threads(self.n_jobs))

    def decode(self, Z: Any, condition: Any = None, member: int | None = None) -> Array:
        """Rows ``x = f⁻¹(z)`` of codes."""
        check_is_fitted(self, "model_")
        Z = np.ascontiguousarray(Z, dtype=np.float64)
        model = self.model_ if member is None else self.model_.member(member)
        decoded = model.decode(Z, self._given(condition, len(Z)), threads=_inputs.threads(self.n_jobs))
        return decoded.astype(PRECISIONS[self.model_.dtype], copy=False)

    @available_if(_has_codes)  # type: ignore[misc]
    def transform(self, X: Any) -> Array:
        """As :meth:`encode`."""
        return self.encode(X)

    @available_if(_has_codes)  # type: ignore[misc]
    def fit_transform(self, X: Any, y: Any = None, **fit_params: Any) -> Array:
        """Fits, and gives the codes of the rows."""
        return self.fit(X, y, **fit_params).encode(X)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        if self.model != "auto":
            tags.transformer_tags = TransformerTags()
        return tags

    @available_if(_has_codes)  # type: ignore[misc]
    def inverse_transform(self, Z: Any) -> Array:
        """As :meth:`decode`."""
        return self.decode(Z)

    def log_prob(self, x: Any, condition: Any = None) -> Any:
        """Log-likelihoods of an array of any library that speaks DLPack, such as those of PyTorch and JAX, on the CPU.

        NumPy arrays give NumPy arrays; others give arrays of their own library, which pdmap does not import.
        Gradients are not recorded: see :meth:`gradient`.
        """
        from ._dlpack import back, rows

        return back(self._log_prob(rows(x), None if condition is None else rows(condition)), x)


def load(path: str | os.PathLike[str]) -> DensityEstimator:
    """A model file, such as ``pdmap train`` writes, as a fitted estimator, which cannot be fitted again."""
    return _of_model(Model.load(os.fspath(path)))


def _of_model(model: Model) -> DensityEstimator:
    header = json.loads(model.describe())["header"]
    estimator = DensityEstimator(model="auto" if model.members else {"layers": header["layers"]})
    estimator._loaded(model)
    estimator._condition = header.get("condition")
    estimator.outcome_ = "loaded"
    estimator.n_features_in_ = model.columns
    names = (header.get("training") or {}).get("columns", [])
    categories = header.get("categories") or []
    if categories:
        estimator.categorical = [column["name"] for column in categories]
        estimator._library = "pandas"
        estimator.n_features_in_ += len(categories)
        # A column of categories stands behind so many numbers.
        before = [[own["name"] for own in categories if own["before"] == place] for place in range(len(names) + 1)]
        names = [*before[0], *(name for place, own in enumerate(names) for name in [own, *before[place + 1]])]
    if len(names) == estimator.n_features_in_:
        estimator.feature_names_in_ = np.array(names, dtype=object)
    return estimator
