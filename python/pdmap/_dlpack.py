"""Arrays of other libraries, by DLPack: nothing is imported, and nothing is copied on the CPU."""
from __future__ import annotations

import sys
from typing import Any

import numpy as np

from ._types import Array


def rows(array: Any) -> Array:
    """As a NumPy array."""
    if isinstance(array, np.ndarray) or not hasattr(array, "__dlpack__"):
        return np.asarray(array)
    detached = array.detach() if hasattr(array, "detach") else array
    device = detached.__dlpack_device__()[0]
    if int(device) != 1:
        raise ValueError("the array is on a device; move it to the CPU first")
    found: Array = np.from_dlpack(detached)
    return found


def back(array: Array, like: Any) -> Any:
    """An array of the library that `like` is from."""
    if isinstance(like, np.ndarray) or not hasattr(like, "__dlpack__"):
        return array
    library = type(like).__module__.split(".")[0]
    for name in (library, "jax.numpy" if library.startswith("jax") else library):
        module = sys.modules.get(name)
        if module is not None and hasattr(module, "from_dlpack"):
            return module.from_dlpack(array)
    return array
