"""Peers: each is fitted to training rows, makes its choices by validation rows, and is refitted to both
where its authors' estimator allows that. `fit(train, validation)` gives the validation log-likelihood
before the refit, and a function from rows to their log-likelihoods in nats."""
import time

import numpy as np


def gaussian(train, validation):
    from sklearn.mixture import GaussianMixture

    def one(rows):
        return GaussianMixture(1, reg_covar=1e-9).fit(rows)

    return one(train).score(validation), one(np.r_[train, validation]).score_samples


def gmm(train, validation):
    """Components, form and ridge by validation; given up after three numbers that are no better."""
    from sklearn.mixture import GaussianMixture

    best = (-np.inf, None)
    for kind in ("full", "tied", "diag"):
        for ridge in (1e-6, 1e-3, 1e-2):
            worse = 0
            for count in (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64):
                if count > max(1, len(train) // 10) or worse >= 3:
                    break
                options = dict(n_components=count, covariance_type=kind, reg_covar=ridge, random_state=0)
                try:
                    score = GaussianMixture(**options).fit(train).score(validation)
                except ValueError:
                    continue
                worse = 0 if score > best[0] else worse + 1
                best = max(best, (score, options), key=lambda found: found[0])
    return best[0], GaussianMixture(**best[1]).fit(np.r_[train, validation]).score_samples


def kde(train, validation):
    """A Gaussian kernel, whose bandwidth the validation rows choose."""

    def scores(centres, rows, width):
        count, columns = centres.shape
        peak = -np.log(count) - columns * np.log(width) - 0.5 * columns * np.log(2 * np.pi)
        out = np.empty(len(rows))
        block = max(1, 20_000_000 // count)
        squares = (centres**2).sum(1)
        for start in range(0, len(rows), block):
            part = rows[start : start + block]
            far = np.maximum((part**2).sum(1)[:, None] + squares - 2 * part @ centres.T, 0) / (2 * width**2)
            near = far.min(1)
            out[start : start + block] = np.log(np.exp(near[:, None] - far).sum(1)) - near + peak
        return out

    width = max(np.logspace(-2, 0.4, 25), key=lambda width: scores(train, validation, width).mean())
    both = np.r_[train, validation]
    return scores(train, validation, width).mean(), lambda rows: scores(both, rows, width)


def flow(kind, limit=120.0):
    """A flow of zuko: Adam at 1e-3, batches of 256, the rate halved on plateaus, the best epoch kept."""

    def fit(train, validation):
        import torch
        import zuko

        torch.manual_seed(0)
        make = dict(nsf=lambda d: zuko.flows.NSF(d, transforms=3, bins=8, hidden_features=(128, 128)),
                    maf=lambda d: zuko.flows.MAF(d, transforms=5, hidden_features=(128, 128)))[kind]
        model, best, since, start = make(train.shape[1]), -np.inf, 0, time.process_time()
        rows, judges = (torch.as_tensor(part, dtype=torch.float32) for part in (train, validation))
        optimizer = torch.optim.Adam(model.parameters(), 1e-3)
        plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, "max", factor=0.5, patience=10)
        while since < 30 and time.process_time() - start < limit:
            for batch in torch.randperm(len(rows)).split(256):
                optimizer.zero_grad()
                loss = -model().log_prob(rows[batch]).mean()
                if torch.isfinite(loss):
                    loss.backward()
                    torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
                    optimizer.step()
            with torch.no_grad():
                score = model().log_prob(judges).mean().item()
            plateau.step(score)
            since += 1
            if score > best:
                best, since = score, 0
                state = {name: value.clone() for name, value in model.state_dict().items()}
        model.load_state_dict(state)

        def scores(rows):
            with torch.no_grad():
                return model().log_prob(torch.as_tensor(rows, dtype=torch.float32)).double().numpy()

        return best, scores

    return fit


PEERS = {"gaussian": gaussian, "gmm": gmm, "kde": kde, "nsf": flow("nsf"), "maf": flow("maf")}
