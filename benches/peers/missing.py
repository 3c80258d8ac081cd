"""Closed forms against known densities, and missing cells of real tables against scikit-learn. See missing.sh."""
import argparse
import os
import subprocess
import tempfile

import numpy as np
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from tables_data import TABLES, split, with_noise


class Pdmap:
    """The command line in a folder of its own."""

    def __init__(self, program):
        self.program, self.folder = program, tempfile.mkdtemp()

    def path(self, name):
        return os.path.join(self.folder, name)

    def csv(self, name, rows):
        header = ",".join(f"c{column}" for column in range(rows.shape[1]))
        with open(self.path(name), "w") as file:
            file.write(header + "\n")
            for row in rows:
                file.write(",".join("" if np.isnan(x) else f"{x:.9g}" for x in row) + "\n")
        return self.path(name)

    def run(self, *words):
        done = subprocess.run([self.program, *words], capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(done.stderr.strip())
        return done.stdout

    def train(self, rows, validation, model, *flags):
        data, held_out = self.csv("train.csv", rows), self.csv("val.csv", validation)
        self.run("train", "--data", data, "--val", held_out, "--out", self.path(model), "--quiet", *flags)
        return self.path(model)

    def score(self, model, rows, *flags):
        out = self.path("scores.npy")
        self.run("score", model, "--data", self.csv("rows.csv", rows), "--out", out, "--quiet", *flags)
        return np.load(out).reshape(-1)

    def impute(self, model, rows, fill="mean"):
        out = self.path("filled.npy")
        self.run("impute", model, "--data", self.csv("rows.csv", rows), "--out", out, "--fill", fill)
        return np.load(out)


class Mixture:
    """Normal densities behind monotone maps of the columns: x = g(z)."""

    def __init__(self, columns, components, maps, rng):
        self.maps = maps
        self.log_weights = np.log(rng.dirichlet(np.full(components, 5.0)))
        self.means = rng.normal(size=(components, columns)) * 1.5
        roots = rng.normal(size=(components, columns, columns)) / np.sqrt(columns)
        self.covariances = np.array([root @ root.T + 0.2 * np.eye(columns) for root in roots])

    def sample(self, count, rng):
        chosen = rng.choice(len(self.means), size=count, p=np.exp(self.log_weights))
        z = np.empty((count, self.means.shape[1]))
        for k in range(len(self.means)):
            own = chosen == k
            z[own] = rng.multivariate_normal(self.means[k], self.covariances[k], size=own.sum())
        return np.where(self.maps, np.sinh(z), z)

    def log_density(self, x, columns):
        maps, z = self.maps[columns], x.copy()
        z = np.where(maps, np.arcsinh(x), x)
        log_slopes = np.where(maps, -0.5 * np.log1p(x * x), 0.0).sum(axis=1)
        grid = np.ix_(columns, columns)
        parts = [multivariate_normal(self.means[k][columns], self.covariances[k][grid]).logpdf(z) for k in range(len(self.means))]
        return logsumexp(self.log_weights[:, None] + np.array(parts), axis=0) + log_slopes


def closed_forms(pdmap, questions):
    """How far log p(x_A | x_B) is from the truth, in 16 columns, for a model fitted to 50,000 rows."""
    for name, maps in (("mixture", np.zeros(16, bool)), ("copula", np.arange(16) % 2 == 0)):
        rng = np.random.default_rng(5)
        truth = Mixture(16, 4, maps, rng)
        train, validation, test = truth.sample(45_000, rng), truth.sample(5_000, rng), truth.sample(4_000, rng)
        model = pdmap.train(train, validation, "m.st", "--model", "mixture-copula", "--dtype", "f64", "--budget", "60s")
        apart, chain = [], []
        for _ in range(questions):
            order = rng.permutation(16)
            a = rng.integers(1, 9)
            b = rng.integers(1, 17 - a)
            asked, given = order[:a], order[a:a + b]
            names = lambda columns: ",".join(f"c{column}" for column in columns)
            found = pdmap.score(model, test, "--columns", names(asked), "--given", names(given))
            expected = truth.log_density(test[:, np.r_[asked, given]], np.r_[asked, given]) - truth.log_density(test[:, given], given)
            apart.append((expected - found).mean())
            joint = pdmap.score(model, test[:200], "--columns", names(np.r_[asked, given]))
            alone = pdmap.score(model, test[:200], "--columns", names(given))
            chain.append(np.abs(joint - alone - found[:200]).max())
        apart = np.array(apart)
        print(f"{name}, 16 columns: truth − model {apart.mean():+.4f} nats on average over {questions} questions "
              f"(largest {np.abs(apart).max():.4f}); chain rule to {max(chain):.1e}", flush=True)


def holes(rows, share, rng, given=None):
    """NaN in a share of the cells, completely at random or at random given a column that stays."""
    lost = rng.random(rows.shape) < share
    if given is not None:
        high = rows[:, given] > np.median(rows[:, given])
        lost = rng.random(rows.shape) < np.where(high, 1.6 * share, 0.4 * share)[:, None]
        lost[:, given] = False
    return np.where(lost, np.nan, rows)


def synthetic(pdmap):
    """What 30% of missing cells cost, in 8 columns of 50,000 rows."""
    flags = ("--missing", "marginalize", "--budget", "120s")
    for name, maps in (("mixture", np.zeros(8, bool)), ("copula", np.arange(8) % 2 == 0)):
        rng = np.random.default_rng(6)
        truth = Mixture(8, 4, maps, rng)
        train, validation, test = truth.sample(45_000, rng), truth.sample(5_000, rng), truth.sample(10_000, rng)
        whole = pdmap.score(pdmap.train(train, validation, "whole.st", *flags), test).mean()
        best = truth.log_density(test, np.arange(8)).mean()
        print(f"{name}, 8 columns: truth {best:.4f}, whole rows {whole:.4f}", flush=True)
        for how, given in (("completely at random", None), ("at random given a column", 0)):
            part = pdmap.train(holes(train, 0.3, rng, given), holes(validation, 0.3, rng, given), "part.st", *flags)
            score = pdmap.score(part, test).mean()
            print(f"30% missing {how}: {score:.4f}, loss {whole - score:+.4f} nats a row", flush=True)


def normal_of(rows, iterations=100):
    """Mean and covariance of the normal density of highest likelihood for rows with missing cells, by EM."""
    mean, covariance = np.nanmean(rows, axis=0), np.diag(np.nanvar(rows, axis=0))
    ridge = 1e-6 * covariance
    for _ in range(iterations):
        filled, rest = rows.copy(), np.zeros_like(covariance)
        for row in filled:
            lost = np.isnan(row)
            seen = ~lost
            slopes = covariance[np.ix_(lost, seen)] @ np.linalg.pinv(covariance[np.ix_(seen, seen)])
            row[lost] = mean[lost] + slopes @ (row[seen] - mean[seen])
            rest[np.ix_(lost, lost)] += covariance[np.ix_(lost, lost)] - slopes @ covariance[np.ix_(seen, lost)]
        mean = filled.mean(axis=0)
        covariance = (np.cov(filled.T, bias=True) * len(rows) + rest) / len(rows) + ridge
    return mean, covariance


def tables(pdmap, names, share=0.3):
    from sklearn.experimental import enable_iterative_imputer  # noqa: F401
    from sklearn.impute import IterativeImputer, KNNImputer
    won = {"density": 0, "error": 0, "likelihood": 0}
    print("| table | rows × columns | test nats: marginalized | imputed first | error² of cells: pdmap | iterative | nearest neighbours "
          "| nats of hidden cells: pdmap | Gaussian |\n|---|---|---|---|---|---|---|---|---|")
    for name in names:
        x = with_noise(TABLES[name]())
        train, validation, test = split(x, 0)
        train, validation, test = train[:4000], validation[:600], test[:1200]
        rng = np.random.default_rng(7)
        own, own_validation, own_test = (holes(rows, share, rng) for rows in (train, validation, test))
        flags = ("--missing", "marginalize", "--steps", "1", "--discrete", "keep")
        model = pdmap.train(own, own_validation, "m.st", *flags)
        iterative = IterativeImputer(max_iter=10, random_state=0).fit(own)
        nearest = KNNImputer(n_neighbors=5).fit(own)
        try:
            first = pdmap.train(iterative.transform(own), iterative.transform(own_validation), "first.st", *flags)
            theirs = pdmap.score(first, test).mean()
        except RuntimeError as error:
            # Cells that are filled by regression may make columns depend on each other.
            print(f"{name}, imputed first: {str(error).split(': ', 2)[-1][:100]}")
            theirs = -np.inf
        ours = pdmap.score(model, test).mean()
        lost = np.isnan(own_test)
        error = lambda filled: ((filled - test)[lost] ** 2).mean()
        errors = [error(pdmap.impute(model, own_test)), error(iterative.transform(own_test)), error(nearest.transform(own_test))]
        # log p(hidden | seen) of each row: of the model, and of the normal density of the same training rows.
        hidden = (pdmap.score(model, test) - pdmap.score(model, own_test, "--missing", "marginalize")).mean()
        mean, covariance = normal_of(own[:1500], 30)
        normal = multivariate_normal(mean, covariance, allow_singular=True)
        seen = [multivariate_normal(mean[there], covariance[np.ix_(there, there)], allow_singular=True).logpdf(row[there])
                if there.any() else 0.0 for row, there in zip(test, ~lost)]
        gaussian = (normal.logpdf(test) - np.array(seen)).mean()
        won["density"] += ours > theirs
        won["error"] += errors[0] <= min(errors[1:])
        won["likelihood"] += hidden > gaussian
        print(f"| {name} | {len(train):,} × {x.shape[1]} | {ours:.3f} | {theirs:.3f} | {errors[0]:.3f} | {errors[1]:.3f} | {errors[2]:.3f} "
              f"| {hidden:.3f} | {gaussian:.3f} |", flush=True)
    print(f"\nof {len(names)} tables: density better on {won['density']}, squared error not worse on {won['error']}, "
          f"hidden cells likelier on {won['likelihood']}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pdmap")
    parser.add_argument("--parts")
    parser.add_argument("--tables")
    parser.add_argument("--questions", type=int)
    args = parser.parse_args()
    pdmap, parts = Pdmap(args.pdmap), args.parts.split(",")
    if "closed" in parts:
        closed_forms(pdmap, args.questions)
    if "synthetic" in parts:
        synthetic(pdmap)
    if "tables" in parts:
        tables(pdmap, [name for name in args.tables.split(",") if name] or list(TABLES))


if __name__ == "__main__":
    main()
