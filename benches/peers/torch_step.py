"""The training step in PyTorch, eager, without autograd, with preallocated buffers and fused
optimizers."""

import math

import numpy as np
import torch

import clock
import start


class Step:
    def __init__(self, arm, dim, optimizer, rate):
        weights, biases = start.parameters(dim)
        self.arm = arm
        self.w = [torch.from_numpy(w) for w in weights]
        self.b = [torch.from_numpy(b) for b in biases]
        parameters = [*self.w, *self.b]
        for parameter in parameters:
            parameter.grad = torch.zeros_like(parameter)
        # The directions are ascent directions.
        make = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}[optimizer]
        self.optimizer = make(parameters, lr=rate, maximize=True, fused=True)
        like = lambda: torch.empty(start.BATCH, dim)
        # The outputs of the matrices before the biases; the gradients with respect to them; Y W.
        self.y, self.delta, self.product = [like(), like()], [like(), like()], like()
        self.hidden = like()

    @torch.no_grad()
    def run(self, x):
        alpha, (y0, y1), (w0, w1), (b0, b1) = start.ALPHA, self.y, self.w, self.b
        # Forward: h = x W₀ᵀ + b₀, a = αh + (1 − α) softplus(h), z = a W₁ᵀ + b₁.
        torch.mm(x, w0.t(), out=y0)
        torch.add(y0, b0, out=self.hidden)
        sigmoid = torch.sigmoid(self.hidden)
        a = torch.nn.functional.softplus(self.hidden).mul_(1 - alpha).add_(self.hidden, alpha=alpha)
        torch.mm(a, w1.t(), out=y1)
        # Backward: δ₁ = −z; δ₀ = (δ₁ W₁) f′(h) + f″(h)/f′(h).
        d0, d1 = self.delta
        torch.add(y1, b1, out=d1).neg_()
        torch.mm(d1, w1, out=d0)
        slope = sigmoid.mul(1 - alpha).add_(alpha)
        curvature = sigmoid.addcmul_(sigmoid, sigmoid, value=-1).mul_(1 - alpha).div_(slope)
        d0.mul_(slope).add_(curvature)
        # Directions.
        for w, b, inward, y, delta in ((w0, b0, x, y0, d0), (w1, b1, a, y1, d1)):
            torch.mean(delta, 0, out=b.grad)
            if self.arm == "relative":
                torch.mm(y, w, out=self.product)
                torch.addmm(w, delta.t(), self.product, alpha=1 / len(x), out=w.grad)
            else:
                torch.addmm(torch.linalg.inv(w).t(), delta.t(), inward, alpha=1 / len(x), out=w.grad)
        self.optimizer.step()


def make(arm, dim, optimizer):
    step = Step(arm, dim, optimizer, start.RATE)
    batches = [torch.from_numpy(start.batch(dim, number)) for number in range(start.BATCHES)]
    count = 0

    def steps(repeats):
        nonlocal count
        for _ in range(repeats):
            step.run(batches[count % len(batches)])
            count += 1
        assert math.isfinite(step.w[0][0, 0].item())

    return steps


def check(arm, dim):
    step = Step(arm, dim, "sgd", start.CHECK_RATE)
    step.run(torch.from_numpy(start.batch(dim)))
    return [np.asarray(p) for p in (step.w[0], step.b[0], step.w[1], step.b[1])]


if __name__ == "__main__":
    torch.set_num_threads(clock.options().threads)
    clock.main("torch", torch.__version__, make, check)
