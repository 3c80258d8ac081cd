"""Sources of a recording: an artefact is found and taken away."""
import numpy as np

from pdmap import ICA

rng = np.random.default_rng(2)
t = np.arange(5000) / 250
rhythm = np.sin(2 * np.pi * 10 * t) * (1 + 0.5 * np.sin(2 * np.pi * 0.1 * t))
blinks = np.zeros_like(t)
for at in rng.integers(0, 5000, 6):
    blinks += np.exp(-0.5 * ((np.arange(5000) - at) / 25) ** 2)
background = rng.laplace(size=(5000, 2))
S = np.c_[rhythm, blinks, background]
X = S @ rng.normal(size=(4, 6))

ica = ICA(n_resamples=5).fit(X)
print(f"rank {ica.rank_}, {ica.n_iter_} iterations, gradient {ica.gradient_:.1e}, stability {np.round(ica.stability_, 3)}")
artefact = int(np.argmax(ica.kurtosis_))
cleaned = ica.without(X, [artefact])
left = np.abs(np.corrcoef(np.c_[cleaned, blinks].T)[-1, :-1]).max()
print(f"largest correlation of a channel with the blinks: {left:.3f}")
assert left < 0.1
