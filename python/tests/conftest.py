"""What tests share."""
import numpy as np
import pytest


@pytest.fixture
def table():
    """Rows of three columns that depend on each other, none of them normal."""
    rng = np.random.default_rng(7)
    z = rng.normal(size=(600, 3))
    return np.ascontiguousarray(np.c_[z[:, 0] ** 3, z[:, 1] + z[:, 0] ** 2, np.exp(z[:, 2] / 2) + z[:, 1]])
