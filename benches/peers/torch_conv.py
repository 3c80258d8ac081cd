"""Strided convolutions in PyTorch and orthogonium's orthogonal one: forward and backward at the
shapes timed by `examples/conv_times.rs`.

Plain `conv1d` and `conv2d` with stride K and kernels of K·M taps compute the same as a kernel-cycled
convolution with composed kernels, but without orthonormality, boundaries (the input is longer by
the overlap) or an optimizer step.
"""

import argparse
import json

import torch

import clock

SIGNALS = [(1, 8, 2, 65536), (16, 4, 2, 16384)]
IMAGES = [(3, 4, 2, 256)]


def both_ways(forward, inputs):
    def steps(count):
        for _ in range(count):
            for tensor in inputs:
                tensor.grad = None
            y = forward()
            y.backward(torch.ones_like(y))

    return steps


def signal(channels, period, overlap, length):
    x = torch.randn(1, channels, length + period * (overlap - 1), requires_grad=True)
    w = torch.randn(period * channels, channels, period * overlap, requires_grad=True)
    return both_ways(lambda: torch.nn.functional.conv1d(x, w, stride=period), [x, w])


def image(channels, period, overlap, size):
    x = torch.randn(1, channels, *[size + period * (overlap - 1)] * 2, requires_grad=True)
    w = torch.randn(period**2 * channels, channels, *[period * overlap] * 2, requires_grad=True)
    return both_ways(lambda: torch.nn.functional.conv2d(x, w, stride=period), [x, w])


def orthogonal_image(channels, period, overlap, size):
    from orthogonium.layers import AdaptiveOrthoConv2d

    layer = AdaptiveOrthoConv2d(
        channels,
        period**2 * channels,
        kernel_size=period * overlap,
        stride=period,
        padding=period * (overlap - 1) // 2,
        padding_mode="circular",
        bias=False,
    )
    layer.train()
    x = torch.randn(1, channels, size, size, requires_grad=True)
    return both_ways(lambda: layer(x), [x, *layer.parameters()])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--rounds", type=int, default=7)
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    torch.manual_seed(1)
    cases = []

    def time(name, shape, steps):
        _, ms = clock.median_ms(steps, chosen.rounds, 50.0)
        cases.append({"what": name, "shape": shape, "ms": ms})

    for shape in SIGNALS:
        time("conv1d", list(shape), signal(*shape))
    for shape in IMAGES:
        time("conv2d", list(shape), image(*shape))
        time("orthogonium AdaptiveOrthoConv2d", list(shape), orthogonal_image(*shape))
    print(json.dumps({"side": "torch", "version": torch.__version__, "threads": chosen.threads, "cases": cases}))


if __name__ == "__main__":
    main()
