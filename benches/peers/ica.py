"""Seconds to a gradient of 1e-7, and Amari indices, of pdmap, python-picard and scikit-learn's FastICA. See ica.sh."""
import argparse
import glob
import multiprocessing
import os
import subprocess
import tempfile
import time
import warnings
from dataclasses import dataclass

import numpy as np
from picard import picard
from scipy.stats import t as student
from sklearn.decomposition import FastICA

TOLERANCE = 1e-7
# Seconds from which a run is timed once, and of all runs on one mixture from which three mixtures do.
LONG, LONG_MIXTURE = 5, 60
# Seconds that repeats take together at least.
LEAST_SECONDS = 0.5


@dataclass
class Cell:
    """A mixture of D sources, N rows."""
    name: str
    sources: str
    columns: int
    rows: int
    condition: float


CELLS = [
    Cell("laplace-16", "laplace", 16, 10_000, 1e0),
    Cell("laplace-64", "laplace", 64, 50_000, 1e3),
    Cell("laplace-256", "laplace", 256, 20_000, 1e6),
    Cell("laplace-512", "laplace", 512, 20_000, 1e2),
    Cell("uniform-16", "uniform", 16, 200_000, 1e3),
    Cell("uniform-64", "uniform", 64, 50_000, 1e1),
    Cell("mixed-16", "mixed", 16, 50_000, 1e6),
    Cell("mixed-64", "mixed", 64, 100_000, 1e3),
    Cell("normal-16", "nearly normal", 16, 200_000, 1e2),
    Cell("normal-64", "nearly normal", 64, 100_000, 1e2),
    Cell("patches-63", "patches", 63, 50_000, 1e0),
    Cell("eeg-64", "eeg", 64, 50_000, 1e0),
]


def sources(kind, count, rows, rng):
    """`[count, rows]`, of variance 1."""
    def draw(index):
        if kind == "laplace" or (kind == "mixed" and index % 2 == 0):
            return rng.laplace(size=rows)
        if kind == "uniform" or kind == "mixed":
            return rng.uniform(-1, 1, size=rows)
        # p ∝ exp(−|s|^1.7): an excess kurtosis of 0.4.
        power = 1.7
        return rng.gamma(1 / power, size=rows) ** (1 / power) * rng.choice([-1, 1], size=rows)
    s = np.array([draw(index) for index in range(count)])
    return s / s.std(axis=1, keepdims=True)


def eeg(count, rows, rng):
    """Spikes, rhythms and background, as in recordings at 250 Hz: blinks, rhythms, bursts, heavy-tailed noise."""
    t = np.arange(rows) / 250
    def draw(index):
        kind = index % 4
        if kind == 0:  # Blinks: a few bumps a minute.
            s = np.zeros(rows)
            for at in rng.integers(0, rows, size=max(4, rows // 2000)):
                s += rng.normal(1, 0.3) * np.exp(-0.5 * ((np.arange(rows) - at) / rng.uniform(10, 40)) ** 2)
            return s + 0.05 * rng.normal(size=rows)
        if kind == 1:  # Rhythm with a slow envelope.
            envelope = 1 + 0.8 * np.sin(2 * np.pi * rng.uniform(0.05, 0.3) * t + rng.uniform(0, 6))
            return envelope * np.sin(2 * np.pi * rng.uniform(6, 40) * t + rng.uniform(0, 6)) + 0.1 * rng.normal(size=rows)
        if kind == 2:  # Bursts.
            return rng.normal(size=rows) * np.exp(np.convolve(rng.normal(size=rows), np.ones(50) / 50 ** 0.5, "same"))
        return rng.laplace(size=rows)
    s = np.array([draw(index) for index in range(count)])
    s -= s.mean(axis=1, keepdims=True)
    return s / s.std(axis=1, keepdims=True)


def patches(columns, rows, rng):
    """Grey patches of 8 × 8 pixels of photographs, less their mean, without the last pixel."""
    from PIL import Image
    files = sorted(glob.glob(os.path.join(os.environ["PHOTOS"], "**", "*.jpg"), recursive=True))
    images = [np.asarray(Image.open(file).convert("L"), float) for file in files[:100]]
    x = np.empty((rows, 64))
    for row in range(rows):
        image = images[rng.integers(len(images))]
        i, j = rng.integers(image.shape[0] - 8), rng.integers(image.shape[1] - 8)
        x[row] = (image[i:i + 8, j:j + 8] + rng.random((8, 8))).ravel()
    x -= x.mean(axis=1, keepdims=True)
    return x[:, :columns].T


def mixture(cell, seed):
    """Rows `[D, N]`, and the mixing matrix if there is one."""
    rng = np.random.default_rng([seed, cell.columns, cell.rows])
    if cell.sources == "patches":
        return patches(cell.columns, cell.rows, rng), None
    if cell.sources == "eeg":
        # One source fewer than channels, since the average reference takes one rank away.
        s = eeg(cell.columns - 1, cell.rows, rng)
        mixing = rng.normal(size=(cell.columns, cell.columns - 1))
        mixing -= mixing.mean(axis=0)
        return mixing @ s, mixing
    s = sources(cell.sources, cell.columns, cell.rows, rng)
    u, _, v = np.linalg.svd(rng.normal(size=(cell.columns, cell.columns)))
    mixing = u @ np.diag(np.geomspace(1, 1 / cell.condition, cell.columns)) @ v
    return mixing @ s, mixing


def whitened(x):
    """White rows `[k, N]`, and the whitening matrix; twice, for mixtures of large condition."""
    x = x - x.mean(axis=1, keepdims=True)
    whitening = np.eye(len(x))
    for _ in range(2):
        values, vectors = np.linalg.eigh(x @ x.T / x.shape[1])
        kept = values > 1e-14 * values[-1]
        step = (vectors[:, kept] / np.sqrt(values[kept])).T
        x, whitening = step @ x, step @ whitening
    return np.ascontiguousarray(x), whitening


def criterion(w, z, orthonormal, adaptive):
    """The largest entry of the relative gradient, or of its skew part."""
    y = w @ z
    t = np.tanh(y)
    scores = t @ y.T / z.shape[1]
    variance = (y * y).mean(axis=1)
    signs = np.sign((1 - t * t).mean(axis=1) * variance - np.diag(scores)) if adaptive else np.ones(len(w))
    gradient = signs[:, None] * scores
    if orthonormal:
        return np.abs(gradient - gradient.T).max() / 2
    if adaptive:
        gradient = gradient + y @ y.T / z.shape[1]
    return np.abs(gradient - np.eye(len(w))).max()


def amari(w, mixing):
    p = np.abs(w @ mixing)
    n = len(p)
    return ((p.sum(1) / p.max(1) - 1).sum() + (p.sum(0) / p.max(0) - 1).sum()) / (2 * n * (n - 1))


class Pdmap:
    def __init__(self, program):
        self.program, self.folder = program, tempfile.mkdtemp()

    def write(self, z):
        self.shape = z.T.shape
        np.ascontiguousarray(z.T).astype("<f8").tofile(os.path.join(self.folder, "z"))

    def __call__(self, orthonormal, adaptive, repeats):
        rows, columns = map(str, self.shape)
        form, density = ("orthonormal" if orthonormal else "unconstrained"), ("adaptive" if adaptive else "log-cosh")
        out = os.path.join(self.folder, "w")
        words = [self.program, form, density, rows, columns, os.path.join(self.folder, "z"), out, str(repeats)]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        return [float(line) for line in done.stdout.split()], np.fromfile(out, "<f8").reshape(int(columns), -1)


def timed(solve, repeats):
    times = []
    while len(times) < repeats and not (times and times[0] > LONG) or (repeats > 1 and sum(times) < LEAST_SECONDS):
        start = time.perf_counter()
        w = solve()
        times.append(time.perf_counter() - start)
    return times, w


def by_picard(z, orthonormal, adaptive, repeats):
    settings = dict(fun="tanh", tol=TOLERANCE, max_iter=1000, centering=False, whiten=False, w_init=np.eye(len(z)))
    return timed(lambda: picard(z, ortho=orthonormal, extended=adaptive, **settings)[1], repeats)


def by_fastica(z, repeats):
    """With the loosest tolerance of its own that reaches the criterion."""
    rows = np.ascontiguousarray(z.T)
    for tol in (1e-8, 1e-11, 1e-14):
        settings = dict(whiten=False, fun="logcosh", max_iter=500, tol=tol, w_init=np.eye(len(z)))
        solve = lambda: FastICA(**settings).fit(rows).components_
        times, w = timed(solve, 1)
        if criterion(w, z, True, True) <= TOLERANCE:
            return (times + timed(solve, repeats - 1)[0] if repeats > 1 and times[0] < LONG else times), w
        if times[0] > LONG:
            break
    return times, w


def limited(limit, solve):
    """What `solve` gives within the limit of seconds, in a process of its own; otherwise nothing."""
    if not limit:
        return solve()
    ours, theirs = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("fork").Process(target=lambda: theirs.send(solve()))
    process.start()
    found = ours.recv() if ours.poll(limit) else None
    process.kill()
    process.join()
    return found


def report(times, reached):
    return f"{np.median(times):.3f}" if reached <= TOLERANCE else f"{np.median(times):.3f} (at {reached:.0e})"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pdmap")
    parser.add_argument("--cells")
    parser.add_argument("--repeats", type=int)
    parser.add_argument("--mixtures", type=int)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--limit", type=int, default=0)
    args = parser.parse_args()
    warnings.filterwarnings("ignore")
    pdmap = Pdmap(args.pdmap)
    names, finding = [name for name in args.cells.split(",") if name], []
    print("| cell | rows × sources | form | pdmap, s | Picard, s | FastICA, s | ratio | Amari: pdmap | Picard | FastICA |\n"
          "|---|---|---|---|---|---|---|---|---|---|")
    for cell in CELLS:
        if names and cell.name not in names:
            continue
        if cell.sources == "patches" and not os.path.isdir(os.environ.get("PHOTOS", "")):
            print(f"{cell.name}: skipped, no folder of photographs in PHOTOS", flush=True)
            continue
        indices = {}
        lines = []
        start, count = time.perf_counter(), args.mixtures
        for seed in range(args.mixtures):
            if seed == 1 and time.perf_counter() - start > LONG_MIXTURE and not args.all:
                count = min(count, 3)
            if seed == count:
                break
            x, mixing = mixture(cell, args.first + seed)
            if mixing is None and seed > 0:
                break
            z, whitening = whitened(x)
            pdmap.write(z)
            repeats = args.repeats if seed == 0 else 1
            for orthonormal in (False, True):
                adaptive = orthonormal or cell.sources in ("uniform", "mixed", "eeg", "patches") or "ADAPTIVE" in os.environ
                solvers = {"picard": lambda: by_picard(z, orthonormal, adaptive, repeats)}
                if orthonormal:
                    solvers["fastica"] = lambda: by_fastica(z, repeats)
                found = {"pdmap": pdmap(orthonormal, adaptive, repeats)}
                found |= {name: limited(args.limit, solve) for name, solve in solvers.items()}
                late = [name for name, result in found.items() if result is None]
                found = {name: result for name, result in found.items() if result is not None}
                if seed == 0:
                    reached = {name: criterion(w, z, orthonormal, adaptive) for name, (_, w) in found.items()}
                    peers = [np.median(times) for name, (times, _) in found.items()
                             if name != "pdmap" and reached[name] <= TOLERANCE]
                    ours = np.median(found["pdmap"][0])
                    ratio = f"{ours / min(peers):.2f}" if peers else f"< {ours / args.limit:.2f}" if late else "—"
                    cells = [report(found[name][0], reached[name]) if name in found else f"> {args.limit}" if name in late else ""
                             for name in ("pdmap", "picard", "fastica")]
                    lines.append((orthonormal, cells, ratio, len(z)))
                if mixing is not None:
                    for name, (_, w) in found.items():
                        indices.setdefault((name, orthonormal), []).append(amari(w @ whitening, mixing))
        for orthonormal, cells, ratio, rank in lines:
            index = lambda name: f"{np.mean(indices[name, orthonormal]):.5f}" if (name, orthonormal) in indices else ""
            form = "orthonormal" if orthonormal else "unconstrained"
            print(f"| {cell.name} | {cell.rows:,} × {rank} | {form} | {' | '.join(cells)} | {ratio} "
                  f"| {index('pdmap')} | {index('picard')} | {index('fastica')} |", flush=True)
        if indices:
            # The founding question: the constrained form less the unconstrained one, paired by mixture.
            apart = np.array(indices["pdmap", True]) - np.array(indices["pdmap", False])
            half = student.ppf(0.975, len(apart) - 1) * apart.std(ddof=1) / len(apart) ** 0.5 if len(apart) > 1 else np.nan
            finding.append(f"| {cell.name} | {len(apart)} | {np.mean(indices['pdmap', False]):.5f} | {np.mean(indices['pdmap', True]):.5f} "
                           f"| {apart.mean():+.5f} ± {half:.5f} |")
    print("\nOrthonormal less unconstrained at convergence, 95% intervals over mixtures:\n\n"
          "| cell | mixtures | Amari: unconstrained | orthonormal | difference |\n|---|---|---|---|---|\n" + "\n".join(finding))


if __name__ == "__main__":
    main()
