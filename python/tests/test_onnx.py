"""Graphs in onnxruntime give the scores and codes of the library."""
import json
import os
import pathlib
import struct

import numpy as np
import pandas as pd
import pytest

import pdmap
from pdmap import DensityEstimator
from pdmap._command import call

onnxruntime = pytest.importorskip("onnxruntime")

# The bound of the comparison, relative to max(1, |log p|) and to max(1, |z|).
BOUND = {"f32": 1e-5, "f64": 1e-9}

PRESETS = """
    gaussian-mixture mixture-spline mixture-autoregressive mixture-copula linear-spline-orthonormal
    linear-spline-unconstrained gaussianization-orthonormal gaussianization-unconstrained gaussianization-svd
    dense-exact dense-relative dense-relative-algebra dense-orthonormal dense-svd conv-orthonormal conv-unconstrained
    conv-free-exact paper-mnist paper-bsds300 audio-lapped auto
""".split()


def session(file):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])


def run(file, **inputs):
    ready = session(file)
    types = {value.name: np.float64 if "double" in value.type else np.float32 for value in ready.get_inputs()}
    types |= {value.name: np.int64 for value in ready.get_inputs() if "int64" in value.type}
    given = {name: np.ascontiguousarray(value, types[name]) for name, value in inputs.items()}
    assert set(given) == set(types)
    names = [value.name for value in ready.get_outputs()]
    return dict(zip(names, ready.run(names, given)))


def far(found, expected):
    """The largest distance in units of max(1, |expected|); infinities have to agree."""
    found, expected = np.asarray(found, np.float64), np.asarray(expected, np.float64)
    same = found == expected
    with np.errstate(invalid="ignore"):
        return float(np.max(np.where(same, 0, np.abs(found - expected) / np.maximum(1, np.abs(expected))), initial=0))


def check(model, rows, condition=None, dtype="f32", **inputs):
    found = run(model.to_onnx(), x=rows, **inputs)
    expected = model.log_prob(rows, condition, draws=1)
    assert far(found["log_prob"], expected) <= BOUND[dtype]
    assert ("z" in found) == (model.members == 0)
    if "z" in found:
        inside = np.isfinite(expected)
        given = None if condition is None else condition[inside]
        # A code is as exact as its slope is moderate.
        slack = 100
        assert far(found["z"][inside], model.encode(rows[inside], given)) <= slack * BOUND[dtype]


@pytest.mark.parametrize("name", PRESETS)
def test_every_named_model(table, name):
    # Convolutions need lengths that their periods divide.
    rows = np.tile(table, (1, 3))[:, :8] + np.random.default_rng(1).normal(size=(len(table), 8))
    for dtype in ("f32", "f64"):
        rows = rows.astype(np.float32 if dtype == "f32" else np.float64)
        model = DensityEstimator(name, steps=25, budget=None, random_state=3).fit(rows).model_
        assert model.dtype == dtype
        check(model, rows[:200], dtype=dtype)


@pytest.mark.parametrize("name", ["image-pyramid-orthonormal", "image-pyramid-unconstrained"])
def test_images(name, tmp_path):
    rows = np.random.default_rng(2).normal(size=(300, 64)).cumsum(axis=1).astype(np.float32)
    path = tmp_path / "images.toml"
    path.write_text("shape = [1, 8, 8]\n" + call(["presets", name]))
    check(DensityEstimator(path, steps=6, random_state=1).fit(rows).model_, rows[:50])


def test_bounds_angles_offsets_and_columns_that_are_left_out():
    rng = np.random.default_rng(3)
    angle = np.degrees(rng.vonmises(1, 2, size=500))
    rows = np.c_[1.7e9 + 50 * rng.normal(size=500), rng.beta(0.7, 2, size=500), np.ones(500), angle, rng.exponential(size=500)]
    table = pd.DataFrame(rows, columns=["time", "share", "constant", "direction", "age"])
    density = DensityEstimator(
        "mixture-spline", steps=30, random_state=1, drop_degenerate=True, dtype=np.float32,
        bounds={"share": "0..1", "age": "0.."}, angles={"direction": "-180..180"},
    ).fit(table)
    outside = np.array([[1.7e9, 1.2, 1, 0, 1], [1.7e9, 0.5, 1, 9, -1], [1.7e9, 0.5, 1, 40, 2]])
    check(density.model_, np.r_[rows[:100], outside])
    found = run(density.to_onnx(), x=np.r_[rows[:1], outside, [[np.nan] * 5]])["log_prob"]
    assert np.isfinite(found[[0, 3]]).all() and (found[[1, 2]] == -np.inf).all() and np.isnan(found[4])


def test_tails_have_no_end(table):
    """Normal quantiles of masses down to e^(-10^9) and beyond."""
    far_out = np.array([[10.0**k, -(10.0**k), sign * 10.0**k] for k in range(10) for sign in (-1, 1)])
    for model in ({"layers": [{"kind": "shift"}]}, {"layers": [{"kind": "logistic-mixture", "components": 3}]}):
        density = DensityEstimator(model, preprocess="histogram", steps=5, random_state=1).fit(table)
        check(density.model_, far_out, dtype="f64")
    bounded = DensityEstimator("dense-svd", steps=5, bounds={"0": "-1e9..", "1": "..1e9"}, random_state=1).fit(table)
    check(bounded.model_, np.clip(far_out, -1e9, 1e9), dtype="f64")


def test_conditions_and_classes(table):
    rng = np.random.default_rng(4)
    numbers = table[:, :1] + rng.normal(size=(len(table), 2))
    density = DensityEstimator("mixture-spline", steps=30, random_state=1).fit(table, condition=numbers)
    found = run(density.to_onnx(), x=table, condition=numbers)["log_prob"]
    assert far(found, density.log_prob(table, numbers)) <= BOUND["f64"]
    classes = (table[:, 0] > 0).astype(int)
    density = DensityEstimator("mixture-autoregressive", steps=30, random_state=1, classes=2).fit(table, condition=classes)
    inputs = {value.name for value in session(density.to_onnx()).get_inputs()}
    found = run(density.to_onnx(), x=table, **{(inputs - {"x"}).pop(): classes})["log_prob"]
    assert far(found, density.log_prob(table, classes)) <= BOUND["f64"]


def test_columns_of_labels(table):
    color = np.where(table[:, 0] > 0, "red", np.where(table[:, 1] > 0, "blue", "green"))
    frame = pd.DataFrame(table, columns=["a", "b", "c"]).assign(color=color)
    density = DensityEstimator("mixture-spline", steps=30, random_state=1, categorical=["color"]).fit(frame)
    labels = json.loads(density.model_.describe())["header"]["categories"][0]["labels"]
    assert sorted(labels) == ["blue", "green", "red"]
    codes = np.array([[labels.index(label)] for label in color])
    found = run(density.to_onnx(), x=table, labels=codes)["log_prob"]
    bound = BOUND[density.model_.dtype]
    assert far(found, density.score_samples(frame)) <= bound
    # Other labels have other densities.
    assert far(run(density.to_onnx(), x=table, labels=(codes + 1) % 3)["log_prob"], density.score_samples(frame)) > 0.1


def test_a_subspace_and_columns_that_do_not_count(table, tmp_path):
    rows = np.c_[table, table.sum(axis=1)]
    np.save(tmp_path / "rows.npy", rows)
    call(["train", "--data", str(tmp_path / "rows.npy"), "--reduce-rank", "--model", "dense-svd", "--steps", "20",
          "--dtype", "f64", "--out", str(tmp_path / "m.safetensors")])
    model = pdmap.load(tmp_path / "m.safetensors").model_
    found = run(model.to_onnx(), x=rows)["log_prob"]
    assert far(found, model.log_prob(rows, draws=1)) <= BOUND["f64"]
    off = rows[:3] + [0, 0, 0, 1]
    assert (run(model.to_onnx(), x=off)["log_prob"] == -np.inf).all()
    # A column that was left out may hold anything.
    constant = np.c_[table, np.ones(len(table))]
    density = DensityEstimator("dense-svd", steps=5, drop_degenerate=True, random_state=1).fit(constant)
    missing = np.c_[table, np.full(len(table), np.nan)]
    assert far(run(density.to_onnx(), x=missing)["log_prob"], density.score_samples(constant)) <= BOUND["f64"]


def test_every_layer_and_base_density():
    """Graphs of all subjects of the laws: ``cargo run -p pdmap-onnx --example onnx_cases -- FOLDER``."""
    folder = os.environ.get("PDMAP_ONNX_CASES")
    if folder is None:
        pytest.skip("PDMAP_ONNX_CASES names no folder")
    cases = sorted(pathlib.Path(folder).glob("*.onnx"))
    assert len(cases) > 300
    wrong = []
    for case in cases:
        dtype = case.suffixes[-2][1:]
        part = lambda what: case.with_name(case.name[: -len("onnx")] + what + ".npy")
        inputs = {"x": np.load(part("x"))} | ({"condition": np.load(part("condition"))} if part("condition").exists() else {})
        found = run(case.read_bytes(), **inputs)
        apart = {name: far(found[name], np.load(part(name))) for name in found}
        if not (apart["log_prob"] <= BOUND[dtype] and apart.get("z", 0) <= 100 * BOUND[dtype]):
            wrong.append((case.name, apart))
    assert not wrong, wrong


def test_the_comparison_rejects_a_wrong_graph(table):
    """A normal density without its constant, and one with another log-determinant."""
    model = DensityEstimator("dense-svd", steps=20, random_state=1).fit(table).model_
    file, expected = model.to_onnx(), model.log_prob(table)
    constant = struct.pack("<d", 0.9189385332046728)
    assert file.count(constant) == 1
    assert far(run(file, x=table)["log_prob"], expected) <= BOUND["f64"]
    assert far(run(file.replace(constant, bytes(8)), x=table)["log_prob"], expected) > 0.01


def test_the_command_writes_the_same_file(table, tmp_path):
    density = DensityEstimator("dense-relative", steps=5, random_state=1).fit(table)
    density.save(tmp_path / "m.safetensors")
    call(["export", str(tmp_path / "m.safetensors"), "--onnx", str(tmp_path / "m.onnx")])
    assert (tmp_path / "m.onnx").read_bytes() == density.to_onnx()
    with pytest.raises(ValueError, match="missing"):
        call(["export", str(tmp_path / "missing"), "--onnx", str(tmp_path / "m.onnx")])
