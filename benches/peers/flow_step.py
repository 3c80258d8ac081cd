"""Training step and density of the spline couplings of `auto` in zuko. See flow_step.sh.

The same layers as pdmap's preset `mixture-spline`: six couplings of splines with 8 bins and networks of
two hidden layers of 64. zuko couples halves of the features; the base density is normal, which is less
work than the mixture that pdmap has."""
import argparse
import time

import torch
import zuko


def main():
    parser = argparse.ArgumentParser()
    for flag in ("--features", "--batch", "--steps", "--rows", "--threads"):
        parser.add_argument(flag, type=int)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    flow = zuko.flows.NSF(args.features, transforms=6, bins=8, passes=2, hidden_features=(64, 64))
    optimizer = torch.optim.Adam(flow.parameters(), lr=1e-3)
    x = torch.randn(args.batch * 16, args.features)

    def step(number):
        batch = x[number % 16 * args.batch:][:args.batch]
        optimizer.zero_grad(set_to_none=True)
        (-flow().log_prob(batch).mean()).backward()
        optimizer.step()

    for number in range(20):
        step(number)
    start = time.perf_counter()
    for number in range(args.steps):
        step(number)
    print(f"step: {(time.perf_counter() - start) / args.steps * 1e3:.3f} ms")
    rows = torch.randn(args.rows, args.features)
    with torch.no_grad():
        flow().log_prob(rows[:4096])
        start = time.perf_counter()
        for part in rows.split(4096):
            flow().log_prob(part)
        print(f"density: {(time.perf_counter() - start) / args.rows * 1e6:.3f} us a row")


main()
