"""A transformer to independent standard normal features."""
from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from . import _inputs
from ._base import PRECISIONS, BaseDensity
from ._types import Array
from ._progress import Callback


class Gaussianizer(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseDensity):  # type: ignore[misc]
    """Maps rows to codes that are independent and standard normal, and back, exactly.

    The map is a flow, trained by maximum likelihood; by default of orthonormal maps with splines between them. See
    :class:`~pdmap.DensityEstimator` for the parameters and attributes.

    Examples
    --------
    >>> import numpy as np
    >>> from pdmap import Gaussianizer
    >>> X = np.random.default_rng(0).exponential(size=(500, 2))
    >>> Z = Gaussianizer(steps=200).fit_transform(X)
    >>> Z.shape
    (500, 2)
    """

    def __init__(
        self,
        model: Any = "gaussianization-orthonormal",
        *,
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

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Gaussianizer:
        """Fits the map to rows ``[n_samples, n_features]``.

        Raises
        ------
        ValueError
            As :meth:`pdmap.DensityEstimator.fit`; a model without codes, such as ``"auto"``.
        """
        if self.model == "auto":
            raise ValueError("model 'auto' is an ensemble, which has no codes; name another model")
        self._fit(X, None, sample_weight, None, None, None)
        self._n_features_out = self.model_.features
        return self

    def transform(self, X: Any) -> Array:
        """Codes of rows."""
        check_is_fitted(self, "model_")
        X = _inputs.rows(self, X, reset=False)
        return self.model_.encode(X, threads=_inputs.threads(self.n_jobs))

    def inverse_transform(self, X: Any) -> Array:
        """Rows of codes."""
        check_is_fitted(self, "model_")
        Z = np.ascontiguousarray(X, dtype=np.float64)
        decoded = self.model_.decode(Z, threads=_inputs.threads(self.n_jobs))
        return decoded.astype(PRECISIONS[self.model_.dtype], copy=False)
