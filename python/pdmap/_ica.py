"""Independent components."""
from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted

from . import _inputs
from ._types import Array
from ._pdmap import fit_ica


class ICA(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Independent component analysis at convergence, by quasi-Newton steps in the algebra.

    Rows are centred and whitened, which reduces them to their rank; then the likelihood of independent sources is
    maximized over invertible or orthonormal matrices, with the relative gradient and the Hessian for independent sources
    (Ablin, Cardoso & Gramfort 2018). Sources have variance 1, and are signed so that the largest entry of their
    column of the mixing matrix is positive.

    Parameters
    ----------
    n_components : int, optional
        Number of sources: that many leading principal axes are kept; by default all that have variance.
    form : {"unconstrained", "orthonormal"}, default="unconstrained"
        Whether sources may be correlated in the rows that are given, or not.
    density : {"adaptive", "log-cosh", "heavy-tailed"}, default="adaptive"
        Of the sources: sub- or super-Gaussian by their own sign, super-Gaussian, or with tails like those of prices.
    standardize : bool, default=False
        Whether columns count in units of their standard deviations, for columns in different units.
    order : {"variance", "kurtosis"}, default="variance"
        Which sources come first.
    tol : float, default=1e-7
        The largest entry of the relative gradient at which a solution has converged.
    max_iter : int, default=500
        Maximum iterations per search. There are searches on parts of the rows, too, and with other signs.
    n_resamples : int, default=0
        Runs on resampled rows, for the stability of sources.
    random_state : int or None, default=0
        Seed of the resamples. The solution does not depend on it.
    n_jobs : int, optional
        Threads; by default one for each core.

    Attributes
    ----------
    components_ : ndarray of shape (n_components, n_features)
        The unmixing matrix: sources are ``(X - mean_) @ components_.T``.
    mixing_ : ndarray of shape (n_features, n_components)
        Its pseudo-inverse: rows are ``S @ mixing_.T + mean_``.
    mean_ : ndarray of shape (n_features,)
    whitening_ : ndarray of shape (n_components, n_features)
    n_iter_ : int
        Of all searches together.
    gradient_ : float
        The relative gradient at the end.
    explained_variance_ratio_ : ndarray of shape (n_components,)
        The share of the variance of the columns that each source carries.
    kurtosis_, contrast_, contrast_error_ : ndarray of shape (n_components,)
        Of each source. A contrast that is within a few errors of 0 is that of a normal source.
    stability_ : ndarray of shape (n_components,)
        How alike sources come out from resampled rows, from 0 to 1; NaN without ``n_resamples``.
    unidentified_ : list of int
        Sources that cannot be told from normal ones: any rotation among them fits the rows as well.
    rank_ : int
        Rank of the correlation matrix.
    sign_ : ndarray of shape (n_components,)
        1 for sources whose density was taken as super-Gaussian, -1 for sub-Gaussian ones.
    log_likelihood_ : float
        Of the whitened rows, in nats a row.

    Examples
    --------
    >>> import numpy as np
    >>> from pdmap import ICA
    >>> rng = np.random.default_rng(0)
    >>> S = np.c_[rng.uniform(-1, 1, 2000), rng.laplace(size=2000)]
    >>> ica = ICA().fit(S @ [[1.0, 0.5], [0.2, 1.0]])
    >>> ica.transform(S).shape, ica.components_.shape
    ((2000, 2), (2, 2))
    """

    def __init__(
        self,
        n_components: int | None = None,
        *,
        form: str = "unconstrained",
        density: str = "adaptive",
        standardize: bool = False,
        order: str = "variance",
        tol: float = 1e-7,
        max_iter: int = 500,
        n_resamples: int = 0,
        random_state: Any = 0,
        n_jobs: int | None = None,
    ) -> None:
        self.n_components = n_components
        self.form = form
        self.density = density
        self.standardize = standardize
        self.order = order
        self.tol = tol
        self.max_iter = max_iter
        self.n_resamples = n_resamples
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any = None) -> ICA:
        """Finds the components of rows ``[n_samples, n_features]``.

        Raises
        ------
        ValueError
            More components than the rank of the rows; rows that are all constant; parameters out of their ranges.
        """
        if self.form not in ("unconstrained", "orthonormal"):
            raise ValueError(f"form {self.form!r}: 'unconstrained' or 'orthonormal'")
        if self.order not in ("variance", "kurtosis"):
            raise ValueError(f"order {self.order!r}: 'variance' or 'kurtosis'")
        if self.n_components is not None and self.n_components < 1:
            raise ValueError(f"n_components {self.n_components}: at least 1")
        X = _inputs.rows(self, X, reset=True, least=2)
        found = fit_ica(
            X,
            components=self.n_components,
            orthonormal=self.form == "orthonormal",
            density=self.density,
            standardize=bool(self.standardize),
            by_kurtosis=self.order == "kurtosis",
            tolerance=float(self.tol),
            iterations=int(self.max_iter),
            resamples=int(self.n_resamples),
            seed=_inputs.seed(self.random_state),
            threads=_inputs.threads(self.n_jobs),
        )
        self.components_ = found.unmixing
        self.mixing_ = found.mixing
        self.mean_ = found.mean
        self.whitening_ = found.whitening
        self.rank_ = found.rank
        self.n_iter_ = found.iterations
        self.gradient_ = found.gradient
        self.log_likelihood_ = found.log_likelihood
        self.unidentified_ = found.unidentified
        facts = found.sources.T
        self.explained_variance_ratio_, self.kurtosis_, self.sign_ = facts[0], facts[1], facts[2]
        self.contrast_, self.contrast_error_, self.stability_ = facts[3], facts[4], facts[5]
        self._n_features_out = len(self.components_)
        if not found.converged:
            warnings.warn(f"no convergence: a relative gradient of {self.gradient_:.1e}", ConvergenceWarning)
        return self

    def transform(self, X: Any) -> Array:
        """Sources of rows."""
        check_is_fitted(self, "components_")
        X = _inputs.rows(self, X, reset=False)
        sources: Array = (X - self.mean_) @ self.components_.T
        return sources.astype(X.dtype, copy=False)

    def inverse_transform(self, X: Any) -> Array:
        """Rows of sources."""
        check_is_fitted(self, "components_")
        S = np.asarray(X)
        if S.ndim != 2 or S.shape[1] != len(self.components_):
            raise ValueError(f"sources: shape {S.shape}, expected (n_samples, {len(self.components_)})")
        rows: Array = S @ self.mixing_.T + self.mean_
        return rows

    def without(self, X: Any, sources: Sequence[int]) -> Array:
        """Rows less the parts of some sources: what recordings are cleaned with."""
        check_is_fitted(self, "components_")
        X = _inputs.rows(self, X, reset=False)
        count, given = len(self.components_), np.asarray(sources)
        if given.dtype == np.bool_ and given.shape == (count,):
            given = np.flatnonzero(given)
        if given.size == 0:
            return np.array(X)
        if given.ndim != 1 or given.dtype.kind not in "iu" or (given < 0).any() or (given >= count).any():
            raise ValueError(f"sources {sources}: numbers from 0 to {count - 1}, or one truth value for each")
        chosen = np.unique(given)
        parts = (X - self.mean_) @ self.components_[chosen].T @ self.mixing_[:, chosen].T
        cleaned: Array = X - parts
        return cleaned.astype(X.dtype, copy=False)
