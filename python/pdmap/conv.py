"""Orthonormal convolutions with cycled kernels, and filter banks.

Signals are ``[channels, length]``, or one axis for one channel, and periodic. The methods of :class:`Bank` take images, too,
``[channels, height, width]``. Names are those of PyWavelets where there are any.

>>> import numpy as np
>>> from pdmap import conv
>>> x = np.random.default_rng(0).normal(size=64)
>>> coefficients = conv.wavedec(x, "db4", level=3)
>>> [len(band) for band in coefficients]
[8, 8, 16, 32]
>>> bool(np.allclose(conv.waverec(coefficients, "db4"), x))
True
"""
from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from ._types import Array
from ._pdmap import Bank, CycledConv

__all__ = ["Bank", "CycledConv", "analyze_stream", "bank", "dwt", "dwt_max_level", "idwt", "synthesize_stream", "wavedec", "waverec"]


def bank(name: str | Bank, size: int | None = None) -> Bank:
    """A bank by name.

    ``"haar"``, ``"dct2"`` and ``"dct4"`` (of `size` bands), ``"db1"``, ``"db2"``, … (Daubechies, with twice as many
    taps), ``"lot"`` (of `size` bands), ``"fast-lot"`` (of 8), ``"mdct"`` and ``"mdct-vorbis"`` (of `size` bands).

    Raises
    ------
    ValueError
        An unknown name, or a size that the bank does not have.
    """
    if isinstance(name, Bank):
        return name
    own_size = name in ("haar", "fast-lot") or (name.startswith("db") and name[2:].isdigit())
    if own_size and size is not None:
        raise ValueError(f"bank {name!r}: has a size of its own")
    if name.startswith("db") and name[2:].isdigit():
        return Bank.named("daubechies", 2 * int(name[2:]))
    return Bank.named(name, 8 if size is None else size)


def _signal(x: Any) -> tuple[Array, bool]:
    x = np.require(x, dtype=np.float64, requirements=["C", "A"])
    if x.ndim not in (1, 2):
        raise ValueError(f"a signal of shape {x.shape}: (length,) or (channels, length)")
    return (x[None, :], True) if x.ndim == 1 else (x, False)


def _of_channels(wavelet: str | Bank, channels: int) -> Bank:
    kernels = bank(wavelet)
    if kernels.kernels.ndim != 4 or kernels.kernels.shape[0] != 2:
        raise ValueError("a wavelet is a bank of two bands for signals; Bank.decompose takes others")
    return kernels.each_channel(channels) if kernels.channels == 1 and channels > 1 else kernels


def dwt_max_level(length: int, wavelet: str | Bank) -> int:
    """How many times the length can be divided by the period of the bank."""
    period, level = bank(wavelet).kernels.shape[0], 0
    while period > 1 and length > 0 and length % period == 0:
        length //= period
        level += 1
    return level


def wavedec(x: Any, wavelet: str | Bank, level: int | None = None) -> list[Array]:
    """The wavelet transform of a periodic signal: the low band, then the others from the coarsest to the finest.

    Parameters
    ----------
    x : array of shape (length,) or (channels, length)
        The length is a multiple of ``2**level``.
    wavelet : str or Bank
        A bank of two bands: see :func:`bank`.
    level : int, optional
        By default :func:`dwt_max_level`.
    """
    x, flat = _signal(x)
    kernels = _of_channels(wavelet, len(x))
    low, details = kernels.decompose(x, dwt_max_level(x.shape[-1], kernels) if level is None else level)
    bands = [low, *(band for bands in reversed(details) for band in bands)]
    return [band[0] for band in bands] if flat else bands


def waverec(coefficients: Sequence[Any], wavelet: str | Bank) -> Array:
    """The inverse of :func:`wavedec`: the transposed convolution."""
    bands = [_signal(band) for band in coefficients]
    kernels = _of_channels(wavelet, len(bands[0][0]))
    details = [[band] for band, _ in reversed(bands[1:])]
    x = kernels.recompose(bands[0][0], details)
    return x[0] if bands[0][1] else x


def dwt(x: Any, wavelet: str | Bank) -> tuple[Array, Array]:
    """One level of :func:`wavedec`: the low and the high band."""
    low, high = wavedec(x, wavelet, level=1)
    return low, high


def idwt(low: Any, high: Any, wavelet: str | Bank) -> Array:
    """The inverse of :func:`dwt`."""
    return waverec([low, high], wavelet)


def analyze_stream(blocks: Iterable[Any], wavelet: str | Bank) -> list[Array]:
    """Coefficients of a signal that comes in blocks ``[channels, length]`` of any lengths: one array for each, and one for
    the end. Before and after, the signal is 0."""
    return bank(wavelet).analyze_stream([_signal(block)[0] for block in blocks])[0]


def synthesize_stream(blocks: Iterable[Any], wavelet: str | Bank, length: int) -> Iterator[Array]:
    """The samples, `length` altogether, of the coefficients of :func:`analyze_stream`."""
    return iter(bank(wavelet).synthesize_stream([_signal(block)[0] for block in blocks], length))
