"""What the Python package costs beside the Rust call: seconds, memory, imports. See python.sh."""
import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

ROWS, COLUMNS = 1_000_000, 16


def importing(module):
    """Seconds of `import module` in a new process, the median of 9."""
    code = f"import time; start = time.perf_counter(); import {module}; print(time.perf_counter() - start)"
    run = lambda: float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)
    return statistics.median(run() for _ in range(9))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rust", required=True)
    parser.add_argument("--repeats", type=int, default=7)
    args = parser.parse_args()
    numpy, both = importing("numpy"), importing("numpy, pdmap")
    print(f"import: numpy {numpy:.3f} s, numpy and pdmap {both:.3f} s")
    from pdmap import DensityEstimator

    with tempfile.TemporaryDirectory() as folder:
        x = np.random.default_rng(0).normal(size=(ROWS, COLUMNS)).astype(np.float32)
        np.save(os.path.join(folder, "x.npy"), x)
        for preset in ("dense-relative", "mixture-spline", "gaussianization-orthonormal"):
            density = DensityEstimator(preset, steps=20).fit(x[:5000])
            density.save(os.path.join(folder, "m.safetensors"))
            # The second of two calls, since the first finds no memory of the process yet; as here below.
            words = [args.rust, os.path.join(folder, "m.safetensors"), os.path.join(folder, "x.npy"), "2"]
            own, rust = [], []
            density.score_samples(x)
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            # In turns, since the machine's speed varies.
            for _ in range(args.repeats):
                start = time.perf_counter()
                scores = density.score_samples(x)
                own.append(time.perf_counter() - start)
                rust.append(float(subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()[-1]))
            more = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
            ratio = statistics.median(own) / statistics.median(rust)
            print(f"{preset}: {statistics.median(own):.3f} s, Rust {statistics.median(rust):.3f} s, ratio {ratio:.3f}; "
                  f"{scores.nbytes >> 20} MiB of scores, {more >> 10} MiB more than before", flush=True)
        code = (
            "import numpy as np, resource, pdmap, sys\n"
            "d = pdmap.load(sys.argv[1]); x = np.load(sys.argv[2]); d.score_samples(x[:1000])\n"
            "a = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss; s = d.score_samples(x)\n"
            "b = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
            "print((b - a) * 1024 - s.nbytes)"
        )
        found = subprocess.run([sys.executable, "-c", code, *words[1:3]], capture_output=True, text=True, check=True).stdout
        print(f"peak memory of score_samples beyond input and output: {int(found) / 2**20:.1f} MiB")


if __name__ == "__main__":
    main()
