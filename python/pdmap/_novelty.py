"""Detection of rows that are unlike the others."""
from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import OutlierMixin

from . import _inputs
from ._base import BaseDensity
from ._types import Array
from ._progress import Callback


def _quantile(scores: Array, share: float, weights: Array | None) -> float:
    """The score below which this share of the rows is."""
    if weights is None:
        found = float(np.percentile(scores, 100.0 * share))
    else:
        order = np.argsort(scores)
        reached = np.cumsum(weights[order])
        found = float(scores[order][np.searchsorted(reached, share * reached[-1])])
    if not np.isfinite(found):
        raise ValueError(f"contamination {share}: so many training rows have the density 0")
    return found


class NoveltyDetector(OutlierMixin, BaseDensity):  # type: ignore[misc]
    """Labels a row novel if it is less likely than all but a fraction of the training rows.

    Parameters
    ----------
    contamination : float, default=0.1
        The share of the training rows below the threshold, above 0 and at most 0.5.
    **others
        As those of :class:`~pdmap.DensityEstimator`.

    Attributes
    ----------
    offset_ : float
        The threshold of the log-likelihood, in nats: ``decision_function = score_samples - offset_``.

    Examples
    --------
    >>> import numpy as np
    >>> from pdmap import NoveltyDetector
    >>> X = np.random.default_rng(0).normal(size=(500, 2))
    >>> detector = NoveltyDetector(contamination=0.05, steps=100).fit(X)
    >>> detector.predict([[0.0, 0.0], [9.0, -9.0]])
    array([ 1, -1])
    """

    def __init__(
        self,
        model: Any = "auto",
        *,
        contamination: float = 0.1,
        budget: float | None = None,
        steps: int | None = None,
        training: dict[str, Any] | None = None,
        preprocess: str | list[Any] | None = None,
        discrete: str = "dequantize",
        drop_degenerate: bool = False,
        bounds: dict[str, str] | None = None,
        angles: dict[str, str] | None = None,
        dtype: Any = None,
        random_state: Any = 1,
        data_seed: int = 0,
        n_jobs: int | None = None,
        verbose: int = 0,
        callback: Callback | None = None,
    ) -> None:
        self.model = model
        self.contamination = contamination
        self.budget = budget
        self.steps = steps
        self.training = training
        self.preprocess = preprocess
        self.discrete = discrete
        self.drop_degenerate = drop_degenerate
        self.bounds = bounds
        self.angles = angles
        self.dtype = dtype
        self.random_state = random_state
        self.data_seed = data_seed
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.callback = callback

    classes = None

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> NoveltyDetector:
        """Fits the density and the threshold to rows ``[n_samples, n_features]``.

        Raises
        ------
        ValueError
            As :meth:`pdmap.DensityEstimator.fit`; a contamination out of its range.
        """
        if not 0.0 < self.contamination <= 0.5:
            raise ValueError(f"contamination {self.contamination}: above 0 and at most 0.5")
        X = self._fit(X, None, sample_weight, None, None, None)
        self.offset_ = _quantile(self._scores(X), self.contamination, _inputs.weights(sample_weight, X))
        return self

    def score_samples(self, X: Any) -> Array:
        """Log-likelihoods of rows, in nats."""
        return self._log_prob(X)

    def decision_function(self, X: Any) -> Array:
        """How far rows are above the threshold, in nats; novel rows are below 0."""
        scores = self.score_samples(X)
        # A row of density 0 is novel, whatever the threshold.
        return np.where(np.isneginf(scores), -np.inf, scores - self.offset_)

    def predict(self, X: Any) -> Array:
        """-1 for novel rows, 1 for others."""
        return np.where(self.decision_function(X) < 0, -1, 1)
