"""The conventions of scikit-learn."""
import pickle

import numpy as np
import pytest
import sklearn
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from pdmap import ICA, DensityEstimator, Gaussianizer, NoveltyDetector

# Repeating a row and giving it the weight 2 are the same likelihood, but not the same minibatches.
STOCHASTIC = "batches are drawn at random, in proportion to the weights"
WEIGHTS = {
    "check_sample_weight_equivalence_on_dense_data": STOCHASTIC,
    "check_sample_weight_equivalence_on_sparse_data": STOCHASTIC,
}
# Columns of the check are constant or copies of each other, which have no density.
ESTIMATORS = [
    DensityEstimator(steps=20, drop_degenerate=True),
    DensityEstimator("dense-relative", steps=20, drop_degenerate=True),
    Gaussianizer("dense-svd", steps=20, drop_degenerate=True),
    NoveltyDetector(steps=20, drop_degenerate=True),
    ICA(),
]


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda own: f"{type(own).__name__}-{getattr(own, 'model', '')}")
def test_check_estimator(estimator):
    expected = {} if isinstance(estimator, ICA) else WEIGHTS
    results = check_estimator(estimator, expected_failed_checks=expected, on_skip=None, on_fail=None)
    failed = [(own["check_name"], own["exception"]) for own in results if own["status"] == "failed"]
    assert not failed, "\n".join(f"{name}: {error!r}" for name, error in failed)


def test_pipelines_and_searches(table):
    pipeline = make_pipeline(StandardScaler(), DensityEstimator("dense-svd", steps=50))
    scores = cross_val_score(pipeline, table, cv=3)
    assert scores.shape == (3,) and np.isfinite(scores).all()
    search = GridSearchCV(DensityEstimator(steps=50), {"model": ["gaussian-mixture", "dense-relative"]}, cv=3, n_jobs=2)
    search.fit(table)
    assert search.best_params_["model"] == "gaussian-mixture"


@pytest.mark.parametrize("estimator", [DensityEstimator(steps=30), Gaussianizer(steps=30), NoveltyDetector(steps=30)])
def test_pickles_hold_the_model(estimator, table):
    fitted = clone(estimator).fit(table)
    again = pickle.loads(pickle.dumps(fitted))
    assert again.model_.weights_hash == fitted.model_.weights_hash
    assert np.array_equal(again._scores(table), fitted._scores(table))


def test_data_frames_give_names_and_frames(table):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(table, columns=["a", "b", "c"])
    density = DensityEstimator("dense-svd", steps=30).fit(frame)
    assert list(density.feature_names_in_) == ["a", "b", "c"]
    with pytest.raises(ValueError, match="feature names"):
        density.score_samples(frame[["b", "a", "c"]])
    codes = Gaussianizer("dense-svd", steps=30).set_output(transform="pandas").fit_transform(frame)
    assert list(codes.columns) == ["gaussianizer0", "gaussianizer1", "gaussianizer2"]


def test_polars_frames(table):
    polars = pytest.importorskip("polars")
    if tuple(map(int, sklearn.__version__.split(".")[:2])) < (1, 8) and not hasattr(polars.DataFrame, "__dataframe__"):
        pytest.skip("this version of scikit-learn does not know the frames of this version of polars")
    frame = polars.DataFrame(table, schema=["a", "b", "c"])
    density = DensityEstimator("dense-svd", steps=30).fit(frame)
    assert list(density.feature_names_in_) == ["a", "b", "c"]
    assert np.array_equal(density.score_samples(frame), DensityEstimator("dense-svd", steps=30).fit(table).score_samples(table))
