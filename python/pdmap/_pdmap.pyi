from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

_Rows = NDArray[np.float32] | NDArray[np.float64]
_F64 = NDArray[np.float64]

__version__: str

class Model:
    """A density model, as ``pdmap train`` writes it."""

    @staticmethod
    def load(path: str) -> Model:
        """Reads a model file."""
    @staticmethod
    def from_bytes(bytes: bytes) -> Model:
        """Reads the bytes of a model file."""
    def save(self, path: str) -> None:
        """Writes the model atomically."""
    def to_bytes(self) -> bytes:
        """The bytes of the model's file."""
    def to_onnx(self) -> bytes:
        """The bytes of the model as an ONNX file."""
    @property
    def dtype(self) -> str:
        """``"f32"`` or ``"f64"``."""
    @property
    def features(self) -> int:
        """Features per row."""
    @property
    def columns(self) -> int:
        """Columns of the tables that the model takes and gives."""
    @property
    def conditions(self) -> int:
        """Numbers of the condition of a row as layers see it."""
    @property
    def members(self) -> int:
        """Members of an ensemble; 0 for a model that is not an ensemble."""
    def member(self, index: int | None = None) -> Model:
        """A member of an ensemble; without an index the one of the largest weight."""
    @property
    def weights_hash(self) -> str:
        """A hash of the weights."""
    def describe(self) -> str:
        """The header of the file and figures of the layers, as JSON."""
    def log_prob(
        self,
        rows: Any,
        condition: _F64 | None = None,
        *,
        draws: int = 8,
        seed: int = 0,
        log_mean_exp: bool = False,
        threads: int | None = None,
    ) -> _F64:
        """``log p`` of rows, nats; of discrete features over draws of the noise."""
    def gradient(self, rows: Any, condition: _F64 | None = None, *, threads: int | None = None) -> _F64:
        """``∂ log p / ∂x`` of rows, nats per unit of each column."""
    def encode(self, rows: Any, condition: _F64 | None = None, *, threads: int | None = None) -> NDArray[Any]:
        """``z = f(x)`` of rows, in the model's precision."""
    def decode(self, codes: Any, condition: _F64 | None = None, *, threads: int | None = None) -> _F64:
        """``x = f⁻¹(z)`` of codes."""
    def sample(
        self, count: int, condition: _F64 | None = None, *, seed: int = 0, threads: int | None = None
    ) -> _F64:
        """Draws rows; with a condition, one for each row of it."""

class Ica:
    """Independent components of rows."""

    @property
    def unmixing(self) -> _F64: ...
    @property
    def mixing(self) -> _F64: ...
    @property
    def whitening(self) -> _F64: ...
    @property
    def mean(self) -> _F64: ...
    @property
    def rank(self) -> int: ...
    @property
    def iterations(self) -> int: ...
    @property
    def gradient(self) -> float: ...
    @property
    def converged(self) -> bool: ...
    @property
    def log_likelihood(self) -> float: ...
    @property
    def explained(self) -> float: ...
    @property
    def unidentified(self) -> list[int]: ...
    @property
    def sources(self) -> _F64: ...

class Bank:
    """A bank of cycled kernels."""

    @staticmethod
    def named(name: str, size: int = 2) -> Bank: ...
    @staticmethod
    def of_kernels(values: _F64, offset: list[int]) -> Bank: ...
    def each_channel(self, channels: int) -> Bank: ...
    @property
    def channels(self) -> int: ...
    @property
    def kernels(self) -> _F64: ...
    @property
    def offset(self) -> list[int]: ...
    @property
    def stages(self) -> list[_F64] | None: ...
    @property
    def residual(self) -> float: ...
    def analyze(self, x: _F64) -> _F64: ...
    def synthesize(self, y: _F64) -> _F64: ...
    def decompose(self, x: _F64, levels: int) -> tuple[_F64, list[list[_F64]]]: ...
    def recompose(self, low: _F64, details: list[list[_F64]]) -> _F64: ...
    def coding_gain(self, rho: float) -> float: ...
    def response(self, points: int) -> _F64: ...
    def analyze_stream(self, blocks: list[_F64]) -> tuple[list[_F64], int]: ...
    def synthesize_stream(self, blocks: list[_F64], length: int) -> list[_F64]: ...

class CycledConv:
    """The convolution that cycles through kernels, an invertible map of rows ``[rows, C·n]``."""

    def __init__(
        self,
        shape: list[int] | tuple[int, ...],
        period: list[int] | tuple[int, ...],
        *,
        stages: int = 2,
        matrices: list[_F64] | None = None,
        orthonormal: bool = True,
        isolated: bool = False,
        subbands: bool = False,
        seed: int = 0,
    ) -> None: ...
    def forward(self, x: _F64) -> _F64: ...
    def inverse(self, y: _F64) -> _F64: ...
    def adjoint(self, y: _F64) -> _F64: ...
    @property
    def log_det(self) -> float: ...
    def bank(self) -> Bank: ...

def run(args: list[str]) -> int:
    """Runs the command line, the program's name first, and returns the exit status."""

def presets() -> list[tuple[str, str]]:
    """Names and descriptions of all named models."""

def fit(
    rows: Any,
    settings: str,
    *,
    single: bool,
    names: list[str] | None = None,
    condition: _F64 | None = None,
    weights: _F64 | None = None,
    validation: tuple[Any, _F64 | None, _F64 | None] | None = None,
    listener: Callable[[str], None] | None = None,
    threads: int | None = None,
) -> tuple[Model, str, BaseException | None]:
    """Fits a density to rows; the record of training as JSON, and the exception that ended it early."""

def fit_ica(
    rows: Any,
    *,
    components: int | None = None,
    orthonormal: bool = False,
    density: str = "adaptive",
    standardize: bool = False,
    by_kurtosis: bool = False,
    tolerance: float = 1e-7,
    iterations: int = 500,
    resamples: int = 0,
    seed: int = 0,
    threads: int | None = None,
) -> Ica:
    """Finds independent components."""
