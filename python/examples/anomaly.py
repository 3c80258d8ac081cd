"""Rows unlike the others, and the columns that make them so."""
import numpy as np
from sklearn.metrics import roc_auc_score

from pdmap import NoveltyDetector

rng = np.random.default_rng(1)
usual = rng.normal(size=(2000, 4))
usual[:, 1] = usual[:, 0] ** 2 + 0.2 * usual[:, 1]
# Each column of these is ordinary, but not the two together.
novel = usual[:50].copy()
novel[:, 1] = rng.permutation(usual[:, 1])[:50]

detector = NoveltyDetector(contamination=0.02, steps=500).fit(usual[100:])
scores = detector.score_samples(np.r_[usual[50:100], novel])
auc = roc_auc_score(np.r_[np.zeros(50), np.ones(50)], -scores)
print(f"ROC AUC {auc:.3f}; {np.mean(detector.predict(novel) == -1):.0%} of the novel rows are called so")
assert auc > 0.75
