"""Density models by invertible maps, trained by exact maximum likelihood.

>>> import numpy as np
>>> from pdmap import DensityEstimator
>>> rng = np.random.default_rng(0)
>>> X = rng.normal(size=(1000, 2)) ** 3
>>> density = DensityEstimator(steps=300).fit(X)
>>> density.score_samples(X).shape
(1000,)

Log-likelihoods are in nats, in the space of the rows that are given. The estimators follow scikit-learn; a model that
they have fitted is a file of the ``pdmap`` command (:func:`load`, :meth:`DensityEstimator.save`), and the other way
round.
"""
from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ._pdmap import Model, __version__, presets

if TYPE_CHECKING:
    from . import conv as conv
    from ._command import Comparison as Comparison, compare as compare
    from ._density import DensityEstimator as DensityEstimator, load as load
    from ._gaussianizer import Gaussianizer as Gaussianizer
    from ._ica import ICA as ICA
    from ._novelty import NoveltyDetector as NoveltyDetector

# Read when they are first used: scikit-learn takes longer to import than all of this.
_LAZY = {
    "Comparison": "._command",
    "compare": "._command",
    "DensityEstimator": "._density",
    "Gaussianizer": "._gaussianizer",
    "ICA": "._ica",
    "NoveltyDetector": "._novelty",
    "load": "._density",
}
_MODULES = ("conv", "pyod")

__all__ = [
    "Comparison",
    "DensityEstimator",
    "Gaussianizer",
    "ICA",
    "Model",
    "NoveltyDetector",
    "__version__",
    "compare",
    "conv",
    "load",
    "presets",
]


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(_LAZY[name], __name__), name)
    if name in _MODULES:
        return import_module("." + name, __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
