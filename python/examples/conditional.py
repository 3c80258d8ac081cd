"""A density of some columns given others: a regression with its whole distribution."""
import numpy as np

from pdmap import DensityEstimator

rng = np.random.default_rng(3)
x = rng.uniform(-2, 2, size=(4000, 1))
# Two branches, whose distance depends on x; and a column that depends on the branch.
branch = np.where(rng.random((4000, 1)) < 0.5, 1, -1)
y = np.c_[branch * x + 0.1 * rng.normal(size=(4000, 1)), branch + 0.3 * rng.normal(size=(4000, 1))]

density = DensityEstimator("mixture-spline", steps=1500).fit(y, condition=x)
for at in (0.0, 1.0, 2.0):
    drawn = density.sample(condition=np.full((2000, 1), at))[:, 0]
    print(f"x = {at}: mean {drawn.mean():+.2f}, standard deviation {drawn.std():.2f} (the truth: {np.hypot(at, 0.1):.2f})")
assert abs(drawn.std() - np.hypot(2.0, 0.1)) < 0.2
print(f"log p(y | x): {density.score(y, condition=x):.3f} nats a row")
