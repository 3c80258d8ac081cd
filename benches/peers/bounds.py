"""How far `pdmap train` without a choice of model is from known densities of bounded columns, positive numbers
and angles: KL(truth, model) in nats, and how many samples are outside.

    python benches/peers/bounds.py target/release/pdmap [NAME,NAME…]

Needs numpy and scipy. 60 seconds of training each, on 10,000 rows, an eighth of them for validation; 20,000
test rows."""
import os
import subprocess
import sys
import tempfile

import numpy as np
from scipy.special import ive
from scipy.stats import beta, expon, gamma, norm, vonmises


def product(*parts):
    """Independent columns."""
    draw = lambda rng, count: np.column_stack([part.rvs(count, random_state=rng) for part in parts])
    return draw, lambda x: sum(part.logpdf(column) for part, column in zip(parts, x.T))


def bounded():
    """Beta densities: 0, finite and infinite at the bounds."""
    draw, log_density = product(beta(2, 5), beta(0.7, 1), beta(1, 1), beta(5, 1.5))
    return draw, log_density, ["--bound", "0=0..1", "--bound", "1=0..1", "--bound", "2=0..1", "--bound", "3=0..1"]


def positive():
    """An exponential and two gamma densities, one of them infinite at 0, and a negative one."""
    draw, log_density = product(expon(scale=3), gamma(3, scale=0.5), gamma(0.7, scale=10), expon(scale=1))

    def mirrored(rng, count):
        x = draw(rng, count)
        x[:, 3] *= -1
        return x

    return mirrored, lambda x: log_density(x * [1, 1, 1, -1]), ["--bound", "0=0..", "--bound", "1=0..", "--bound", "2=0..", "--bound", "3=..0"]


def share():
    """A positive number x, and a share of which the first parameter depends on it."""
    def draw(rng, count):
        x = rng.gamma(2, 1, count)
        return np.c_[x, rng.beta(1 + x, 3)]

    log_density = lambda x: gamma(2).logpdf(x[:, 0]) + beta(1 + x[:, 0], 3).logpdf(x[:, 1])
    return draw, log_density, ["--bound", "0=0..", "--bound", "1=0..1"]


def circle():
    """Two directions, in degrees, most of them beside the end of a turn."""
    def draw(rng, count):
        chosen = rng.uniform(size=count) < 0.6
        return np.degrees(np.where(chosen, rng.vonmises(0, 4, count), rng.vonmises(2, 10, count)))[:, None] % 360

    def log_density(x):
        a = np.radians(x[:, 0])
        return np.log(0.6 * vonmises(4).pdf(a) + 0.4 * vonmises(10, loc=2).pdf(a)) - np.log(180 / np.pi)

    return draw, log_density, ["--angle", "0=360"]


def torus():
    """Two dependent angles, in radians: the sine model of Singh et al. 2002 with κ = (2, 3) and λ = 2. Given the
    first, the second is of von Mises; the density of the first is known up to a constant."""
    kappa, other, together = 2.0, 3.0, 2.0
    radius = lambda a: np.hypot(other, together * np.sin(a))
    # Up to the constant, with the factor of the Bessel function's exponential.
    log_first = lambda a: kappa * np.cos(a) + radius(a) + np.log(2 * np.pi * ive(0, radius(a)))
    grid = np.linspace(-np.pi, np.pi, 4096, endpoint=False)
    constant = np.log(np.mean(np.exp(log_first(grid))) * 2 * np.pi)
    top = log_first(grid).max()

    def draw(rng, count):
        found = np.empty(0)
        while len(found) < count:
            a = rng.uniform(-np.pi, np.pi, 4 * count)
            found = np.r_[found, a[np.log(rng.uniform(size=len(a))) < log_first(a) - top]]
        a = found[:count]
        middle = np.arctan2(together * np.sin(a), other)
        b = middle + rng.vonmises(0, radius(a))
        return (np.c_[a, b] + np.pi) % (2 * np.pi) - np.pi

    def log_density(x):
        a, b = x.T
        return kappa * np.cos(a) + other * np.cos(b) + together * np.sin(a) * np.sin(b) - constant

    turn = f"{-np.pi}..{np.pi}"
    return draw, log_density, ["--angle", f"0={turn}", "--angle", f"1={turn}"]


def mixed():
    """A share, a positive number, a real one and an angle, all of which depend on the angle."""
    def parts(angle):
        cos, sin = np.cos(angle), np.sin(angle)
        return 3 + 2 * cos, np.exp(0.5 * sin), 2 * cos, 0.5 + 0.3 * sin

    def draw(rng, count):
        angle = rng.vonmises(np.pi, 1.5, count)
        shape, scale, mean, deviation = parts(angle)
        x = np.c_[rng.beta(shape, 2), rng.exponential(scale), np.zeros(count), np.degrees(angle) % 360]
        x[:, 2] = mean + 2 * x[:, 0] + deviation * rng.normal(size=count)
        return x

    def log_density(x):
        angle = np.radians(x[:, 3])
        shape, scale, mean, deviation = parts(angle)
        own = vonmises(1.5, loc=np.pi).logpdf(angle) - np.log(180 / np.pi)
        rest = beta(shape, 2).logpdf(x[:, 0]) + expon(scale=scale).logpdf(x[:, 1])
        return own + rest + norm(mean + 2 * x[:, 0], deviation).logpdf(x[:, 2])

    return draw, log_density, ["--bound", "0=0..1", "--bound", "1=0..", "--angle", "3=360"]


KNOWN = {"bounded": bounded, "positive": positive, "share": share, "circle": circle, "torus": torus, "mixed": mixed}


def outside(flags, x):
    """Rows of `x` outside the bounds and turns of the flags."""
    found = np.zeros(len(x), bool)
    for flag, text in zip(flags[::2], flags[1::2]):
        column, values = text.split("=")
        lower, _, upper = values.rpartition("..") if ".." in values else ("0", "", values)
        own = x[:, int(column)]
        found |= own < float(lower or "-inf")
        found |= own >= float(upper or "inf") if flag == "--angle" else own > float(upper or "inf")
    return found


def main():
    program, names = sys.argv[1], sys.argv[2].split(",") if len(sys.argv) > 2 else KNOWN
    folder = tempfile.mkdtemp()
    path = lambda name: os.path.join(folder, name)
    run = lambda *words: subprocess.run([program, *words, "--quiet"], check=True, capture_output=True)
    for name in names:
        draw, log_density, flags = KNOWN[name]()
        rng = np.random.default_rng(7)
        test = draw(rng, 20_000)
        for file, rows in (("train", draw(rng, 8750)), ("val", draw(rng, 1250)), ("test", test)):
            np.save(path(file + ".npy"), rows)
        run("train", "--data", path("train.npy"), "--val", path("val.npy"), "--budget", "60s", *flags, "--out", path("m.st"))
        run("score", path("m.st"), "--data", path("test.npy"), "--out", path("s.npy"))
        subprocess.run([program, "sample", path("m.st"), "--count", "100000", "--out", path("x.npy")], check=True, capture_output=True)
        apart = log_density(test) - np.load(path("s.npy")).reshape(-1)
        lost = outside(flags, np.load(path("x.npy"))).sum()
        print(f"{name}: {apart.mean():.4f} ± {apart.std() / np.sqrt(len(apart)):.4f} nats, {lost} of 100,000 samples outside", flush=True)


main()
