"""How far `pdmap train` without a choice of model is from known densities: KL(truth, model) in nats.

    python benches/peers/known.py target/release/pdmap [NAME,NAME…]

Needs numpy and scipy. 60 seconds of training each, on 10,000 rows (50,000 for the mixture), an eighth of
them for validation; 20,000 test rows."""
import os
import subprocess
import sys
import tempfile

import numpy as np
from scipy.special import logsumexp
from scipy.stats import multivariate_normal


def gaussian(rng):
    root = rng.normal(size=(6, 6))
    density = multivariate_normal(rng.normal(size=6), root @ root.T / 6 + 0.1 * np.eye(6))
    return lambda count: density.rvs(count, random_state=rng), density.logpdf, 10_000


def laplace(rng):
    mixing = rng.normal(size=(8, 8))
    unmixing, log_det = np.linalg.inv(mixing), np.linalg.slogdet(mixing)[1]
    draw = lambda count: rng.laplace(size=(count, 8)) @ mixing.T
    return draw, lambda x: -np.abs(x @ unmixing.T).sum(axis=1) - 8 * np.log(2) - log_det, 10_000


def box(rng):
    return lambda count: rng.uniform(size=(count, 4)), lambda x: np.zeros(len(x)), 10_000


def ring(rng):
    """The radius is normal with mean 1 and deviation 0.1."""
    def draw(count):
        radius, angle = rng.normal(1, 0.1, count), rng.uniform(0, 2 * np.pi, count)
        return np.c_[radius * np.cos(angle), radius * np.sin(angle)]

    def log_density(x):
        radius = np.hypot(*x.T)
        return -0.5 * ((radius - 1) / 0.1) ** 2 - np.log(0.1 * np.sqrt(2 * np.pi)) - np.log(2 * np.pi * radius)

    return draw, log_density, 10_000


def mixture(rng):
    log_weights = np.log(rng.dirichlet(np.full(5, 5.0)))
    roots = rng.normal(size=(5, 10, 10))
    parts = [multivariate_normal(rng.normal(size=10) * 2, root @ root.T / 10 + 0.1 * np.eye(10)) for root in roots]

    def draw(count):
        chosen = rng.choice(5, size=count, p=np.exp(log_weights))
        x = np.empty((count, 10))
        for k, part in enumerate(parts):
            x[chosen == k] = part.rvs((chosen == k).sum(), random_state=rng)
        return x

    return draw, lambda x: logsumexp([w + part.logpdf(x) for w, part in zip(log_weights, parts)], axis=0), 50_000


KNOWN = {"gaussian": gaussian, "laplace": laplace, "box": box, "ring": ring, "mixture": mixture}


def main():
    program, names = sys.argv[1], sys.argv[2].split(",") if len(sys.argv) > 2 else KNOWN
    folder = tempfile.mkdtemp()
    path = lambda name: os.path.join(folder, name)
    for name in names:
        draw, log_density, count = KNOWN[name](np.random.default_rng(7))
        test = draw(20_000)
        for file, rows in (("train", draw(count * 7 // 8)), ("val", draw(count // 8)), ("test", test)):
            np.save(path(file + ".npy"), rows)
        train = ["train", "--data", path("train.npy"), "--val", path("val.npy"), "--budget", "60s", "--out", path("m.st"), "--quiet"]
        subprocess.run([program, *train], check=True, capture_output=True)
        score = ["score", path("m.st"), "--data", path("test.npy"), "--out", path("s.npy"), "--quiet"]
        subprocess.run([program, *score], check=True, capture_output=True)
        apart = log_density(test) - np.load(path("s.npy")).reshape(-1)
        print(f"{name}: {apart.mean():.4f} ± {apart.std() / np.sqrt(len(apart)):.4f} nats", flush=True)


main()
