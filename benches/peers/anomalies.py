"""ROC AUC of novel rows in ten tables, of pdmap and of single detectors of PyOD. See anomalies.sh.

Four kinds of anomalies, after Han et al. 2022, "ADBench: Anomaly Detection Benchmark", section 3.2: a Gaussian mixture
of the usual rows makes local ones (its covariances times 5) and clusters (its means times 5); global ones are uniform
over 1.1 times the range of each column; dependency anomalies have the columns of usual rows, each from another row.
A detector sees 70% of the usual rows. It is judged by the others, and as many anomalies.
"""
import argparse
import json
import time
import warnings

import numpy as np
from sklearn.metrics import roc_auc_score
from sklearn.mixture import GaussianMixture

from tables_data import TABLES, with_noise

# Ten tables of different kinds; the largest are cut.
NAMES = ["iris", "wine", "crabs", "faithful", "diabetes", "breast-cancer", "states", "phoneme", "magic", "weather"]
MOST_ROWS = 3000
KINDS = ("local", "global", "dependency", "cluster")


def anomalies(kind, usual, count, rng):
    """`count` rows unlike `usual` ones."""
    if kind == "global":
        low, high = usual.min(axis=0), usual.max(axis=0)
        return rng.uniform(1.1 * low, 1.1 * high, size=(count, usual.shape[1]))
    if kind == "dependency":
        return np.column_stack([rng.choice(column, count) for column in usual.T])
    seed = int(rng.integers(2**31))
    fits = [GaussianMixture(k, random_state=seed, reg_covar=1e-4).fit(usual) for k in (1, 2, 3, 4, 5)]
    mixture = min(fits, key=lambda own: own.bic(usual))
    if kind == "local":
        mixture.covariances_ = 5.0 * mixture.covariances_
    else:
        mixture.means_ = 5.0 * mixture.means_
    rows = mixture.sample(count)[0]
    return rows[rng.permutation(count)]


def detectors(budget, seed):
    """By name, functions from training rows to functions that score rows, high for anomalies."""
    from pyod.models.ecod import ECOD
    from pyod.models.gmm import GMM
    from pyod.models.iforest import IForest
    from pyod.models.knn import KNN
    from pyod.models.lof import LOF

    from pdmap import NoveltyDetector

    def of_pyod(make):
        return lambda rows: make().fit(rows).decision_function

    def pdmap(rows):
        detector = NoveltyDetector(budget=budget, random_state=seed, drop_degenerate=True).fit(rows)
        return lambda other: -detector.score_samples(other)

    return {
        "pdmap": pdmap,
        "ECOD": of_pyod(ECOD),
        "IForest": of_pyod(lambda: IForest(random_state=seed)),
        "KNN": of_pyod(KNN),
        # The authors' default is one component.
        "GMM": of_pyod(lambda: GMM(random_state=seed)),
        "LOF": of_pyod(lambda: LOF(novelty=True)),
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", required=True)
    parser.add_argument("--seeds", type=int)
    parser.add_argument("--budget", type=float)
    parser.add_argument("--tables")
    args = parser.parse_args()
    warnings.filterwarnings("ignore")
    names = [name for name in args.tables.split(",") if name] or NAMES
    assert set(names) <= set(TABLES)
    found, seconds = {}, {}
    with open(args.out, "a") as log:
        for name in names:
            x = with_noise(TABLES[name]())
            for seed in range(args.seeds):
                rng = np.random.default_rng([seed, len(x)])
                rows = x[rng.permutation(len(x))[:MOST_ROWS]]
                cut = int(0.7 * len(rows))
                mean, deviation = rows[:cut].mean(axis=0), rows[:cut].std(axis=0)
                rows = np.ascontiguousarray((rows - mean) / np.where(deviation > 0, deviation, 1.0))
                train, usual = rows[:cut], rows[cut:]
                own = {kind: anomalies(kind, train, len(usual), rng) for kind in KINDS}
                for label, fit in detectors(args.budget, seed).items():
                    start = time.perf_counter()
                    score = fit(train)
                    truth = np.r_[np.zeros(len(usual)), np.ones(len(usual))]
                    for kind in KINDS:
                        scores = score(np.r_[usual, own[kind]])
                        scores = np.nan_to_num(scores, nan=np.inf, posinf=1e300, neginf=-1e300)
                        auc = roc_auc_score(truth, scores)
                        found.setdefault((label, kind), {}).setdefault(name, []).append(auc)
                        print(json.dumps(dict(table=name, seed=seed, kind=kind, detector=label, auc=auc)), file=log, flush=True)
                    seconds.setdefault(label, []).append(time.perf_counter() - start)
            print(f"{name}: " + ", ".join(f"{label} {np.mean([np.mean(found[label, kind][name]) for kind in KINDS]):.4f}"
                                          for label in seconds), flush=True)
    print(f"\n| detector | {' | '.join(KINDS)} | mean | seconds a fit |\n|---|---|---|---|---|---|---|")
    for label in seconds:
        each = [np.mean([np.mean(aucs) for aucs in found[label, kind].values()]) for kind in KINDS]
        print(f"| {label} | {' | '.join(f'{own:.4f}' for own in each)} | {np.mean(each):.4f} | {np.mean(seconds[label]):.1f} |")


if __name__ == "__main__":
    main()
