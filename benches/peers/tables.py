"""Runs pdmap and its peers on the same splits, and prints how far apart they are. See tables.sh."""
import argparse
import json
import os
import subprocess
import tempfile
import time

import numpy as np

from tables_data import TABLES, split, with_noise
from tables_peers import PEERS


def pdmap(program, budget, seed, train, validation, test):
    """Log-likelihoods of the test rows by the command line alone."""
    with tempfile.TemporaryDirectory() as folder:
        paths = {}
        for name, rows in (("train", train), ("val", validation), ("test", test)):
            paths[name] = os.path.join(folder, name + ".csv")
            header = ",".join(f"c{column}" for column in range(rows.shape[1]))
            np.savetxt(paths[name], rows, delimiter=",", fmt="%.9g", comments="", header=header)
        model, scores = os.path.join(folder, "m.safetensors"), os.path.join(folder, "scores.npy")
        command = [program, "train", "--data", paths["train"], "--val", paths["val"], "--budget", budget]
        command += ["--seed", str(seed), "--out", model, "--quiet"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(done.stderr.strip())
        score = [program, "score", model, "--data", paths["test"], "--out", scores, "--quiet"]
        subprocess.run(score, check=True, capture_output=True)
        return np.load(scores).reshape(-1)


def difference(pairs):
    """Mean of pdmap − peer over rows and splits, and its error: the larger of that of the rows within
    splits and that of the means of splits."""
    apart = [ours - theirs for ours, theirs in pairs]
    means = np.array([rows.mean() for rows in apart])
    of_rows = np.sqrt(np.mean([rows.var(ddof=1) / len(rows) for rows in apart]) / len(apart))
    of_splits = means.std(ddof=1) / np.sqrt(len(means)) if len(means) > 1 else 0.0
    return means.mean(), max(of_rows, of_splits)


def main():
    parser = argparse.ArgumentParser()
    for flag in ("--pdmap", "--out", "--budget", "--peers", "--tables"):
        parser.add_argument(flag)
    parser.add_argument("--splits", type=int)
    parser.add_argument("--seed", type=int)
    args = parser.parse_args()
    names = [name for name in args.tables.split(",") if name] or list(TABLES)
    print("| table | rows | columns | peers chosen | peer | pdmap | pdmap − peer | errors |\n|---|---|---|---|---|---|---|---|")
    per_column, errors = [], []
    for name in names:
        x = with_noise(TABLES[name]())
        pairs, chosen = [], []
        for number in range(args.splits):
            train, validation, test = split(x, number)
            start = time.time()
            ours = pdmap(args.pdmap, args.budget, args.seed, train, validation, test)
            record = {"table": name, "split": number, "pdmap": ours.mean(), "seconds": time.time() - start}
            found = {}
            for peer in args.peers.split(","):
                start = time.time()
                judged, scores = PEERS[peer](train, validation)
                found[peer] = (judged, scores(test))
                record[peer] = {"validation": judged, "test": found[peer][1].mean(), "seconds": time.time() - start}
            best = max(found, key=lambda peer: found[peer][0])
            chosen.append(best)
            pairs.append((ours, found[best][1]))
            with open(os.path.join(args.out, "results.jsonl"), "a") as file:
                file.write(json.dumps({**record, "chosen": best}) + "\n")
        mean, error = difference(pairs)
        per_column.append(mean / x.shape[1])
        errors.append(mean / error)
        ours, theirs = (np.mean([pair[side].mean() for pair in pairs]) for side in (0, 1))
        print(f"| {name} | {len(x):,} | {x.shape[1]} | {', '.join(sorted(set(chosen)))} | {theirs:.3f} | {ours:.3f} | "
              f"{mean:+.3f} ± {error:.3f} | {mean / error:+.1f} |", flush=True)
    low, high = sum(error < -3 for error in errors), sum(error > 2 for error in errors)
    print(f"\n{high} of {len(errors)} tables above +2 errors, {low} below −3; mean {np.mean(per_column):+.4f} nats a column")


if __name__ == "__main__":
    main()
