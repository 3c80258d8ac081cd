"""The common starting point of all sides: the formula of examples/peer_step.rs, bit for bit."""

import numpy as np

BATCH = 100
BATCHES = 32
ALPHA = 0.01
CHECK_RATE = 0.01
RATE = 1e-4


def numbers(stream, count):
    """`count` numbers of a stream, uniform in [-1, 1): the top 24 bits of a multiplicative hash."""
    index = np.arange(1, count + 1, dtype=np.uint64) + np.uint64(stream << 40)
    mixed = index * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(32))) * np.uint64(0xD6E8FEB86659FD93)
    return (mixed >> np.uint64(40)).astype(np.float64) / 2.0**23 - 1.0


def weight(stream, dim):
    perturbation = numbers(stream, dim * dim).reshape(dim, dim)
    return (np.eye(dim) + 0.25 / np.sqrt(dim) * perturbation).astype(np.float32)


def parameters(dim):
    """Two weights and two biases."""
    biases = [np.full(dim, 3.0, np.float32), np.full(dim, -3.0, np.float32)]
    return [weight(1, dim), weight(2, dim)], biases


def batch(dim, number=0):
    return numbers(3 + number, BATCH * dim).reshape(BATCH, dim).astype(np.float32)
