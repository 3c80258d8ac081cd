"""The training step in JAX: one jitted function of parameters, moments and batch, with donated
buffers."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

import clock
import start


def directions(arm, weights, biases, x):
    """Ascent directions of both weights and both biases."""
    alpha, (w0, w1), (b0, b1) = start.ALPHA, weights, biases
    y0 = x @ w0.T
    h = y0 + b0
    a = alpha * h + (1 - alpha) * jax.nn.softplus(h)
    y1 = a @ w1.T
    d1 = -(y1 + b1)
    sigmoid = jax.nn.sigmoid(h)
    slope = alpha + (1 - alpha) * sigmoid
    d0 = (d1 @ w1) * slope + (1 - alpha) * sigmoid * (1 - sigmoid) / slope

    def direction(w, inward, y, delta):
        if arm == "relative":
            return w + delta.T @ (y @ w) / len(x)
        return jnp.linalg.inv(w).T + delta.T @ inward / len(x)

    return [direction(w0, x, y0, d0), direction(w1, a, y1, d1)], [d0.mean(0), d1.mean(0)]


@functools.partial(jax.jit, static_argnums=(0, 1), donate_argnums=(2,))
def step(arm, optimizer, state, x, rate):
    weights, biases, moments, count = state
    grads = directions(arm, weights, biases, x)
    if optimizer == "sgd":
        weights, biases = jax.tree.map(lambda p, g: p + rate * g, (weights, biases), grads)
        return weights, biases, moments, count
    m, v = moments
    count = count + 1
    m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, grads)
    v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, grads)
    scale, root = rate / (1 - 0.9**count), 1 / jnp.sqrt(1 - 0.999**count)
    ascend = lambda p, m, v: p + scale * m / (jnp.sqrt(v) * root + 1e-8)
    weights, biases = jax.tree.map(ascend, (weights, biases), m, v)
    return weights, biases, (m, v), count


def fresh(dim, optimizer):
    weights, biases = jax.tree.map(jnp.asarray, start.parameters(dim))
    zeros = lambda: jax.tree.map(jnp.zeros_like, (weights, biases))
    return weights, biases, (zeros(), zeros()) if optimizer == "adam" else (), jnp.float32(0)


def make(arm, dim, optimizer):
    state = fresh(dim, optimizer)
    batches = [jnp.asarray(start.batch(dim, number)) for number in range(start.BATCHES)]
    count = 0

    def steps(repeats):
        nonlocal state, count
        for _ in range(repeats):
            state = step(arm, optimizer, state, batches[count % len(batches)], start.RATE)
            count += 1
        jax.block_until_ready(state)
        assert jnp.isfinite(state[0][0][0, 0])

    return steps


def check(arm, dim):
    weights, biases, *_ = step(arm, "sgd", fresh(dim, "sgd"), jnp.asarray(start.batch(dim)), start.CHECK_RATE)
    return [np.asarray(p) for p in (weights[0], biases[0], weights[1], biases[1])]


if __name__ == "__main__":
    clock.main("jax", jax.__version__, make, check)
