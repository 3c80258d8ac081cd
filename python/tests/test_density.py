"""Densities: equal to the command's, and what a fit keeps."""
import json
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import pdmap
from pdmap import DensityEstimator, Gaussianizer, NoveltyDetector

COMMAND = [sys.executable, "-m", "pdmap"]


def command(*words):
    done = subprocess.run([*COMMAND, *map(str, words)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def trained(folder, *words):
    command("train", "--data", folder / "x.npy", "--steps", 40, "--seed", 3, "--quiet", "--out", folder / "m.safetensors", *words)
    return pdmap.load(folder / "m.safetensors")


# Their layers need lengths that can be divided.
IMAGES = ("conv-", "image-", "audio-", "paper-")


@pytest.mark.parametrize("preset", ["auto", *(name for name, _ in pdmap.presets())])
def test_the_weights_are_those_of_the_command(preset, table, tmp_path):
    rows = table.astype(np.float32)
    if preset.startswith(IMAGES):
        rows = (np.random.default_rng(0).normal(size=(300, 16)) ** 3).astype(np.float32)
    np.save(tmp_path / "x.npy", rows)
    by_command = trained(tmp_path, "--model", preset)
    own = DensityEstimator(preset, steps=40, random_state=3).fit(rows)
    assert own.model_.weights_hash == by_command.model_.weights_hash
    assert np.array_equal(own.score_samples(rows), by_command.score_samples(rows))
    command("score", tmp_path / "m.safetensors", "--data", tmp_path / "x.npy", "--out", tmp_path / "s.npy")
    assert np.array_equal(np.load(tmp_path / "s.npy"), own.score_samples(rows))
    command("sample", tmp_path / "m.safetensors", "--count", 50, "--seed", 5, "--out", tmp_path / "d.npy")
    assert np.array_equal(np.load(tmp_path / "d.npy"), own.sample(50, random_state=5))


def test_discrete_far_bounded_and_weighted_columns_are_the_commands(table, tmp_path):
    rng = np.random.default_rng(1)
    counts = rng.poisson(3.0, len(table)).astype(float)
    rows = np.ascontiguousarray(np.c_[table, counts, 1.7e9 + 100 * rng.normal(size=len(table)), rng.random(len(table))])
    weight = rng.integers(1, 4, len(table)).astype(float)
    np.save(tmp_path / "x.npy", rows)
    np.save(tmp_path / "w.npy", weight[:, None])
    by_command = trained(tmp_path, "--model", "mixture-spline", "--bound", "5=0..1", "--weights", tmp_path / "w.npy")
    own = DensityEstimator("mixture-spline", steps=40, random_state=3, dtype=np.float32, bounds={"5": "0..1"})
    own.fit(rows, sample_weight=weight)
    header = json.loads(by_command.model_.describe())["header"]["columns"]
    assert [column["feature"] for column in header["discrete"]] == [3] and header["offsets"][4] > 1e9
    assert own.model_.weights_hash == by_command.model_.weights_hash
    assert np.array_equal(own.score_samples(rows), by_command.score_samples(rows))
    outside = rows[:2].copy()
    outside[1, 5] = 1.5
    scores = own.score_samples(outside)
    assert np.isfinite(scores[0]) and scores[1] == -np.inf
    samples = own.sample(200)
    assert (samples[:, 3] == np.round(samples[:, 3])).all() and samples[:, 5].min() >= 0 and samples[:, 5].max() <= 1


def test_conditions_are_the_commands(table, tmp_path):
    rows, condition = table[:, :2].astype(np.float32), table[:, 2:] * 100
    np.save(tmp_path / "x.npy", rows)
    np.save(tmp_path / "c.npy", condition)
    by_command = trained(tmp_path, "--model", "mixture-spline", "--condition", tmp_path / "c.npy")
    own = DensityEstimator("mixture-spline", steps=40, random_state=3).fit(rows, condition=condition)
    assert own.model_.weights_hash == by_command.model_.weights_hash
    command("score", tmp_path / "m.safetensors", "--data", tmp_path / "x.npy", "--condition", tmp_path / "c.npy", "--out", tmp_path / "s.npy")
    assert np.array_equal(np.load(tmp_path / "s.npy"), own.score_samples(rows, condition))
    assert own.sample(condition=condition[:7]).shape == (7, 2)
    with pytest.raises(ValueError, match="condition"):
        own.score_samples(rows)
    names = np.where(table[:, 2] > 1.0, "high", "low")
    classes = DensityEstimator("mixture-spline", steps=40).fit(rows, condition=names)
    assert classes.score_samples(rows, names).shape == (len(rows),)
    with pytest.raises(ValueError, match="high, low"):
        classes.score_samples(rows[:1], ["middle"])
    for bad in (np.c_[names, names], np.array([None] * len(rows)), names.astype("S4")):
        with pytest.raises(ValueError, match="condition"):
            DensityEstimator("mixture-spline", steps=40).fit(rows, condition=bad)
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(np.c_[condition, condition**2], columns=["a", "b"])
    named = DensityEstimator("mixture-spline", steps=40).fit(rows, condition=frame)
    with pytest.raises(ValueError, match="b, a"):
        named.score_samples(rows, frame[["b", "a"]])
    with pytest.raises(ValueError, match="no layer of this model reads a condition"):
        DensityEstimator("dense-relative", steps=40).fit(rows, condition=condition)


def test_validation_rows_are_taken_as_they_are(table, tmp_path):
    rows = table.astype(np.float32)
    np.save(tmp_path / "x.npy", rows[:500])
    np.save(tmp_path / "v.npy", rows[500:])
    by_command = trained(tmp_path, "--model", "dense-svd", "--val", tmp_path / "v.npy")
    own = DensityEstimator("dense-svd", steps=40, random_state=3).fit(rows[:500], X_val=rows[500:])
    assert own.model_.weights_hash == by_command.model_.weights_hash


def test_files_load_and_save_as_they_are(table, tmp_path):
    density = DensityEstimator("mixture-copula", steps=20).fit(table)
    density.save(tmp_path / "a.safetensors")
    pdmap.load(tmp_path / "a.safetensors").save(tmp_path / "b.safetensors")
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()
    with pytest.raises(FileNotFoundError, match="absent"):
        pdmap.load(tmp_path / "absent.safetensors")
    (tmp_path / "c.safetensors").write_bytes(b"no model")
    with pytest.raises(ValueError, match="c.safetensors"):
        pdmap.load(tmp_path / "c.safetensors")


def test_codes_come_back_and_ensembles_have_none(table):
    flow = Gaussianizer(steps=60).fit(table)
    codes = flow.transform(table)
    assert codes.dtype == np.float64 and np.allclose(flow.inverse_transform(codes), table, atol=1e-8)
    density = DensityEstimator(steps=60).fit(table)
    assert not hasattr(density, "transform")
    with pytest.raises(ValueError, match="member"):
        density.encode(table)
    codes = density.encode(table, member=0)
    assert np.allclose(density.decode(codes, member=0), table, atol=1e-6)


def test_gradients_are_the_slopes(table):
    density = DensityEstimator("mixture-spline", steps=40).fit(table)
    step = 1e-6
    for column in range(3):
        up, down = table[:20].copy(), table[:20].copy()
        up[:, column] += step
        down[:, column] -= step
        slope = (density.score_samples(up) - density.score_samples(down)) / (2 * step)
        assert np.allclose(slope, density.gradient(table[:20])[:, column], rtol=1e-4, atol=1e-4)


def test_novel_rows_are_below_the_threshold(table):
    detector = NoveltyDetector(steps=60, contamination=0.05).fit(table)
    labels = detector.predict(table)
    assert abs((labels == -1).mean() - 0.05) < 0.01
    assert (detector.predict(np.full((1, 3), 40.0)) == [-1]).all()
    assert np.allclose(detector.decision_function(table), detector.score_samples(table) - detector.offset_)


def test_any_number_of_threads_gives_the_same_bits(table):
    hashes = {DensityEstimator("gaussianization-svd", steps=30, n_jobs=n).fit(table).model_.weights_hash for n in (1, 2, 3)}
    assert len(hashes) == 1


def test_events_are_told_and_exceptions_end_the_training(table):
    events = []
    DensityEstimator("dense-svd", steps=200, callback=events.append).fit(table)
    assert {event["event"] for event in events} >= {"validated"}

    class Enough(Exception):
        pass

    def stop(event):
        raise Enough(event["event"])

    density = DensityEstimator("dense-svd", steps=10_000_000, callback=stop)
    with pytest.raises(Enough):
        density.fit(table)
    assert density.outcome_ == "interrupted" and density.n_iter_ < 10_000_000
    assert np.isfinite(density.score(table))


def test_ctrl_c_keeps_the_best_weights(table):
    density = DensityEstimator("dense-svd", budget=600)
    threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGINT)).start()
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        density.fit(table)
    assert time.monotonic() - start < 60 and density.outcome_ == "interrupted" and np.isfinite(density.score(table))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_forked_child_scores_and_trains(table):
    density = DensityEstimator("dense-svd", steps=20).fit(table)
    expected = density.score_samples(table)
    child = os.fork()
    if child == 0:
        same = np.array_equal(density.score_samples(table), expected)
        DensityEstimator("dense-svd", steps=20).fit(table)
        os._exit(0 if same else 1)
    limit = time.monotonic() + 60
    while (done := os.waitpid(child, os.WNOHANG))[0] == 0:
        if time.monotonic() > limit:
            os.kill(child, signal.SIGKILL)
            pytest.fail("the child hangs")
        time.sleep(0.05)
    assert os.waitstatus_to_exitcode(done[1]) == 0


def test_threads_may_call_at_once(table):
    density = DensityEstimator("mixture-spline", steps=20).fit(table)
    expected, found = density.score_samples(table), []
    workers = [threading.Thread(target=lambda: found.append(density.score_samples(table))) for _ in range(4)]
    [worker.start() for worker in workers]
    [worker.join() for worker in workers]
    assert len(found) == 4 and all(np.array_equal(own, expected) for own in found)


def test_misuse_is_an_exception(table):
    fitted = DensityEstimator("dense-svd", steps=10).fit(table)
    bad = [
        (lambda: DensityEstimator("dense", steps=5).fit(table), "nearest"),
        (lambda: DensityEstimator(steps=5, budget=5).fit(table), "one budget"),
        (lambda: DensityEstimator(budget=-1.0).fit(table), "positive"),
        (lambda: DensityEstimator(budget=9, training={"steps": 7}).fit(table), "one budget"),
        (lambda: DensityEstimator("dense-svd", steps=5).fit(table, condition_val=table), "X_val"),
        (lambda: fitted.model_.log_prob(np.frombuffer(bytes(9 * 8 + 1), offset=1).reshape(3, 3)), "aligned"),
        (lambda: DensityEstimator(steps=5, training={"bath": 3}).fit(table), "bath"),
        (lambda: DensityEstimator({"layers": [{"kind": "nothing"}]}, steps=5).fit(table), "nothing"),
        (lambda: DensityEstimator(steps=5).fit(np.c_[table, table[:, 0]]), "drop_degenerate=True"),
        (lambda: DensityEstimator(steps=5, bounds={"9": "0.."}).fit(table), "9"),
        (lambda: DensityEstimator(steps=5).fit(table[:2]), "rows"),
        (lambda: DensityEstimator(steps=5).fit(table * np.nan), "NaN"),
        (lambda: DensityEstimator(steps=5).fit(table.astype(object).tolist() + [["a", 1, 2]]), "could not convert"),
        (lambda: fitted.score_samples(table[:, :2]), "features"),
        (lambda: fitted.sample(0), "at least 1"),
        (lambda: fitted.sample(2**50), "memory"),
        (lambda: fitted.sample(2**38), "memory"),
        (lambda: fitted.score_samples(np.zeros((2, 2, 2))), "dim"),
        (lambda: pdmap.Model.from_bytes(b"\x00" * 9), "memory|header|damaged|bytes"),
    ]
    for call, words in bad:
        with pytest.raises((ValueError, TypeError, MemoryError), match=words):
            call()


def test_a_failed_fit_leaves_the_estimator_as_it_was(table):
    density = DensityEstimator("mixture-spline", steps=10).fit(table, condition=table[:, :1])
    expected = density.score_samples(table, table[:, :1])
    with pytest.raises(ValueError):
        density.set_params(training={"bath": 1}).fit(table)
    assert np.array_equal(density.score_samples(table, table[:, :1]), expected)


def test_parameters_may_be_numbers_of_numpy(table):
    DensityEstimator("dense-svd", steps=np.int64(5), training={"batch": np.int64(50), "rate": np.float32(1e-3)}).fit(table)
