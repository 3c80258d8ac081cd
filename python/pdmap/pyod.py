"""An adapter for PyOD, whose scores are high for outliers and whose labels are 1 for them."""
from __future__ import annotations

from typing import Any

import numpy as np
from pyod.models.base import BaseDetector
from sklearn.utils.validation import check_is_fitted

from ._density import DensityEstimator
from ._types import Array


class FlowDetector(BaseDetector):  # type: ignore[misc]
    """A detector of outliers by the density of :class:`~pdmap.DensityEstimator`: scores are ``-log p(x)``, in nats.

    Parameters
    ----------
    model, budget, steps, drop_degenerate, random_state, n_jobs
        As those of :class:`~pdmap.DensityEstimator`.
    contamination : float, default=0.1
        The share of outliers in the training rows, above 0 and at most 0.5.
    """

    def __init__(
        self,
        model: Any = "auto",
        *,
        budget: float | None = None,
        steps: int | None = None,
        drop_degenerate: bool = False,
        random_state: Any = 1,
        n_jobs: int | None = None,
        contamination: float = 0.1,
    ) -> None:
        super().__init__(contamination=contamination)
        self.model = model
        self.budget = budget
        self.steps = steps
        self.drop_degenerate = drop_degenerate
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any = None) -> FlowDetector:
        """Fits the density to rows; `y` is ignored."""
        self._set_n_classes(y)
        self.density_ = DensityEstimator(
            self.model,
            budget=self.budget,
            steps=self.steps,
            drop_degenerate=self.drop_degenerate,
            random_state=self.random_state,
            n_jobs=self.n_jobs,
        ).fit(X)
        self.decision_scores_ = self._scores(X)
        self._process_decision_scores()
        return self

    def decision_function(self, X: Any) -> Array:
        """``-log p(x)`` of rows, in nats."""
        check_is_fitted(self, ["decision_scores_", "threshold_", "labels_"])
        return self._scores(X)

    def _scores(self, X: Any) -> Array:
        scores = -self.density_.score_samples(X)
        # PyOD's statistics take finite scores alone.
        return np.where(np.isfinite(scores), scores, np.finfo(np.float64).max ** 0.5)
