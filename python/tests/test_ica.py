"""Independent components."""
import os
import signal
import threading

import numpy as np
import pytest

from pdmap import ICA


def mixed(rows=4000):
    rng = np.random.default_rng(2)
    S = np.c_[rng.laplace(size=rows), rng.uniform(-1, 1, rows), rng.laplace(size=rows) ** 3]
    A = rng.normal(size=(4, 3))
    return S @ A.T + [1.0, 2.0, 3.0, 4.0], A


def amari(W, A):
    P = np.abs(W @ A)
    n = len(P)
    return ((P.sum(1) / P.max(1) - 1).sum() + (P.sum(0) / P.max(0) - 1).sum()) / (2 * n * (n - 1))


@pytest.mark.parametrize("form", ["unconstrained", "orthonormal"])
def test_sources_are_found_and_rows_come_back(form):
    X, A = mixed()
    ica = ICA(form=form, n_resamples=3).fit(X)
    assert ica.components_.shape == (3, 4) and ica.mixing_.shape == (4, 3) and ica.rank_ == 3
    assert amari(ica.components_, A) < 0.03 and ica.gradient_ < 1e-7
    S = ica.transform(X)
    assert np.allclose(S.std(axis=0), 1, atol=1e-6) and np.allclose(ica.inverse_transform(S), X, atol=1e-8)
    assert (ica.stability_ > 0.9).all()
    for same in ([1, 1], np.array([False, True, False])):
        assert np.array_equal(ica.without(X, same), ica.without(X, [1]))
    cleaned = ica.transform(ica.without(X, [1]))
    assert np.allclose(cleaned[:, 1], 0, atol=1e-8) and np.allclose(cleaned[:, [0, 2]], S[:, [0, 2]], atol=1e-8)


def test_normal_sources_are_unidentified():
    X = np.random.default_rng(3).normal(size=(2000, 3))
    assert ICA().fit(X).unidentified_ == [0, 1, 2]


def test_misuse_is_an_exception():
    X, _ = mixed(100)
    for own, words in [
        (ICA(4), "n_components|rank"), (ICA(form="other"), "form"), (ICA(density="x"), "adaptive"),
        (ICA(order="x"), "order"), (ICA(tol=0.0), "tolerance"), (ICA(0), "n_components"),
    ]:
        with pytest.raises(ValueError, match=words):
            own.fit(X)
    for sources in ([7], [0.5], [-1]):
        with pytest.raises(ValueError, match="numbers from 0"):
            ICA().fit(X).without(X, sources)


def test_ctrl_c_ends_a_search():
    rows = np.random.default_rng(3).normal(size=(20_000, 30))
    search = ICA(tol=1e-300, max_iter=10**9)
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        search.fit(rows)
    assert not hasattr(search, "components_")
