"""With packages that are large: skipped without them."""
import sys

import numpy as np
import pytest

from pdmap import DensityEstimator


@pytest.fixture(scope="module")
def fitted():
    rows = np.random.default_rng(8).normal(size=(400, 3)) ** 3
    return rows, DensityEstimator("dense-svd", steps=30).fit(rows)


def test_tensors_of_pytorch(fitted):
    rows, density = fitted
    torch = pytest.importorskip("torch")
    found = density.log_prob(torch.from_numpy(rows).requires_grad_())
    assert isinstance(found, torch.Tensor) and np.array_equal(found.numpy(), density.score_samples(rows))


def test_arrays_of_jax(fitted):
    rows, density = fitted
    jax = pytest.importorskip("jax")
    found = density.log_prob(jax.numpy.asarray(rows.astype(np.float32)))
    assert isinstance(found, jax.Array)
    assert np.allclose(np.asarray(found), density.score_samples(rows.astype(np.float32)))


def test_no_library_is_imported_for_arrays_of_numpy(fitted):
    rows, density = fitted
    before = set(sys.modules)
    assert np.array_equal(density.log_prob(rows), density.score_samples(rows))
    assert not {"torch", "jax"} & (set(sys.modules) - before)


def test_the_detector_of_pyod():
    pytest.importorskip("pyod")
    from pyod.utils.data import evaluate_print, generate_data
    from sklearn.base import clone
    from sklearn.metrics import roc_auc_score

    from pdmap.pyod import FlowDetector

    X, X_test, y, y_test = generate_data(n_train=300, n_test=100, contamination=0.1, random_state=42)
    detector = clone(FlowDetector("gaussian-mixture", steps=50, contamination=0.1)).fit(X)
    for name in ("decision_scores_", "labels_", "threshold_", "_mu", "_sigma"):
        assert getattr(detector, name) is not None
    assert len(detector.decision_scores_) == 300 and set(detector.labels_) <= {0, 1}
    assert abs(detector.labels_.mean() - 0.1) < 0.02
    scores = detector.decision_function(X_test)
    assert scores.shape == (100,) and np.isfinite(scores).all()
    assert roc_auc_score(y_test, scores) > 0.8
    assert set(detector.predict(X_test)) <= {0, 1}
    for method in ("linear", "unify"):
        probabilities = detector.predict_proba(X_test, method=method)
        assert probabilities.min() >= 0 and probabilities.max() <= 1
    labels, confidence = detector.predict(X_test, return_confidence=True)
    assert len(labels) == len(confidence) == 100
    assert detector._predict_rank(X_test).max() <= 300
    assert np.array_equal(detector.fit_predict(X), detector.labels_) if hasattr(detector, "fit_predict") else True
    evaluate_print("FlowDetector", y_test, scores)
