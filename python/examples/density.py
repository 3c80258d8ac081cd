"""A density of a table, compared with a Gaussian mixture of scikit-learn."""
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from pdmap import DensityEstimator

X = load_breast_cancer().data[:, :8]
train, test = train_test_split(X, test_size=0.3, random_state=0)
scaler = StandardScaler().fit(train)
train, test = scaler.transform(train), scaler.transform(test)

density = DensityEstimator(steps=400, random_state=0).fit(train)
mixture = min((GaussianMixture(k, random_state=0).fit(train) for k in range(1, 6)), key=lambda own: own.bic(train))
print(f"pdmap: {density.score(test):.3f} nats a row, the mixture of the best BIC: {mixture.score(test):.3f}")
for member in density.tried_:
    print(f"  {member['model']}: held-out {member['held_out']:.3f}, weight {member['weight']:.2f}")
samples = density.sample(1000)
assert samples.shape == (1000, 8) and np.isfinite(density.score(samples))
