"""Data frames with categories and missing cells."""
import numpy as np
import pytest

import pdmap
from pdmap import DensityEstimator

pandas = pytest.importorskip("pandas")


@pytest.fixture
def frame():
    rng = np.random.default_rng(9)
    color = rng.choice(["red", "blue", "green"], 500)
    size = rng.normal(size=500) + 3.0 * (color == "red")
    return pandas.DataFrame({"color": color, "size": size, "weight": size**2 + rng.normal(size=500)})


def test_categories_are_part_of_the_density(frame, tmp_path):
    density = DensityEstimator("mixture-spline", steps=600, categorical=["color"]).fit(frame)
    scores = density.score_samples(frame)
    assert scores.shape == (500,) and np.isfinite(scores).all() and density.n_features_in_ == 3
    drawn = density.sample(300, random_state=2)
    assert list(drawn.columns) == ["color", "size", "weight"] and set(drawn["color"]) == {"red", "blue", "green"}
    assert drawn.groupby("color")["size"].mean()["red"] > drawn.groupby("color")["size"].mean()["blue"] + 1
    other = frame.assign(color="violet")
    with pytest.raises(ValueError, match="violet"):
        density.score_samples(other)
    assert np.isfinite(density.set_params(unseen="other").score_samples(other)).all()
    density.save(tmp_path / "m.safetensors")
    assert np.allclose(pdmap.load(tmp_path / "m.safetensors").score_samples(frame), scores)
    with pytest.raises(TypeError, match="data frame"):
        DensityEstimator(steps=5, categorical=["color"]).fit(frame[["size", "weight"]].to_numpy())
    with pytest.raises(ValueError, match="colour"):
        DensityEstimator(steps=5, categorical=["colour"]).fit(frame)


def test_labels_come_back_as_they_are(frame):
    labels = {"red": "01234", "blue": "x y", "green": "5"}
    density = DensityEstimator("mixture-spline", steps=30, categorical=["color"]).fit(frame.assign(color=frame["color"].map(labels)))
    drawn = density.sample(200)
    assert set(drawn["color"]) == set(labels.values()) and np.isfinite(density.score_samples(drawn)).all()
    for bad, words in [(frame.assign(color=" red"), "blanks"), (frame.rename(columns={"size": "#size"}), "name without")]:
        with pytest.raises(ValueError, match=words):
            DensityEstimator(steps=5, categorical=["color"]).fit(bad)
    with pytest.raises(ValueError, match="callback"):
        DensityEstimator(steps=5, categorical=["color"], callback=print).fit(frame)


def test_polars_frames_come_back(frame):
    polars = pytest.importorskip("polars")
    own = polars.DataFrame(frame.to_dict("list"))
    density = DensityEstimator("mixture-spline", steps=30, categorical=["color"]).fit(own)
    assert isinstance(density.sample(10), polars.DataFrame)


def test_missing_cells_are_integrated_out(frame):
    numbers = frame[["size", "weight"]].copy()
    holes = numbers.mask(np.random.default_rng(1).random(numbers.shape) < 0.2)
    holes = holes[holes.notna().any(axis=1)]
    with pytest.raises(ValueError, match="NaN"):
        DensityEstimator("mixture-copula", steps=30).fit(holes)
    density = DensityEstimator("mixture-copula", steps=30, missing="marginalize").fit(holes)
    assert np.isfinite(density.score_samples(holes)).all()
    array = DensityEstimator("mixture-copula", steps=30, missing="marginalize").fit(holes.to_numpy())
    assert np.allclose(array.score_samples(numbers.to_numpy()), density.score_samples(numbers), atol=1e-3)
