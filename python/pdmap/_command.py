"""What the command does for the package: comparisons and reports. It runs as another process."""
from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from typing import Any

import numpy as np

from ._types import Array

_Path = str | os.PathLike[str]


def flags(options: Mapping[str, Any]) -> list[str]:
    """Options as flags: ``validation_rows=100`` is ``--validation-rows 100``."""
    words: list[str] = []
    for name, value in options.items():
        flag = "--" + name.replace("_", "-")
        if value is None or value is False:
            continue
        if value is True:
            words.append(flag)
        elif isinstance(value, (list, tuple)):
            words += [flag, ",".join(map(str, value))]
        else:
            words += [flag, str(value)]
    return words


def call(words: list[str]) -> str:
    """Runs the command, and returns what it prints.

    Raises
    ------
    ValueError
        With the message of the command.
    """
    done = subprocess.run([sys.executable, "-m", "pdmap", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8")
    if done.returncode != 0:
        raise ValueError(done.stderr.strip() or f"pdmap {words[0]} ended with the status {done.returncode}")
    return done.stdout


def stored(folder: str, name: str, rows: Any) -> str:
    """Rows in a file for the command; a path is taken as it is."""
    if isinstance(rows, (str, os.PathLike)):
        return os.fspath(rows)
    path = os.path.join(folder, name + ".npy")
    array = np.asarray(rows)
    np.save(path, array if array.dtype == np.float32 else array.astype(np.float64))
    return path


class Page:
    """A page of HTML, which notebooks show."""

    def __init__(self, html: str) -> None:
        self.html = html

    def _repr_html_(self) -> str:
        quoted = self.html.replace("&", "&amp;").replace('"', "&quot;")
        return f'<iframe srcdoc="{quoted}" width="100%" height="700" frameborder="0"></iframe>'

    def save(self, path: _Path) -> None:
        """Writes the page."""
        pathlib.Path(path).write_text(self.html, encoding="utf-8")


class Comparison:
    """The result of :func:`compare`.

    Attributes
    ----------
    results : dict
        What ``results.json`` of the command holds.
    page : Page
        The report.
    """

    def __init__(self, results: dict[str, Any], page: Page) -> None:
        self.results, self.page = results, page

    @property
    def verdict(self) -> list[str]:
        """What can be said about the arms."""
        return list(self.results["verdict"])

    @property
    def best(self) -> list[str]:
        """The arms that are statistically alike and ahead of the others."""
        return list(self.results["best"])

    def to_frame(self, of: str = "arms") -> Any:
        """The ``arms``, ``runs``, ``contrasts`` or ``baselines`` as a table of pandas, one line each."""
        import pandas

        if of not in ("arms", "runs", "contrasts", "baselines"):
            raise ValueError(f"{of!r}: 'arms', 'runs', 'contrasts' or 'baselines'")
        return pandas.json_normalize(self.results[of])

    def __repr__(self) -> str:
        return "\n".join(self.verdict)

    def _repr_html_(self) -> str:
        return self.page._repr_html_()


def compare(X: Any, *, X_val: Any = None, X_test: Any = None, out: _Path | None = None, **options: Any) -> Comparison:
    """Trains the same flows in their unconstrained and constrained forms, and compares them.

    Parameters
    ----------
    X, X_val, X_test : array, or path or name of data as ``pdmap compare --data`` takes it
        Rows; validation and test rows are split off if they are not given.
    out : path, optional
        A folder for the results, in which a comparison that was interrupted is continued.
    **options
        Flags of ``pdmap compare``: ``steps=1000``, ``seeds=3``, ``plan="plans/quick.toml"``, ….

    Raises
    ------
    ValueError
        With the message of the command.

    Examples
    --------
    >>> import numpy as np
    >>> from pdmap import compare
    >>> X = np.random.default_rng(0).laplace(size=(600, 4))
    >>> result = compare(X, steps=50, seeds=2)
    >>> sorted(result.to_frame()["arm"])[:2]
    ['dense-exact', 'dense-orthonormal']
    """
    with tempfile.TemporaryDirectory() as folder:
        target = folder if out is None else os.fspath(out)
        results = os.path.join(target, "compare") if out is None else target
        words = ["compare", "--data", stored(folder, "x", X), "--out", results, "--quiet"]
        for name, rows in (("val", X_val), ("test", X_test)):
            if rows is not None:
                words += ["--" + name, stored(folder, name, rows)]
        call(words + flags(options))
        found = pathlib.Path(results)
        return Comparison(json.loads((found / "results.json").read_text("utf-8")), Page((found / "report.html").read_text("utf-8")))


def report(model: Any, X: Any, X_train: Any = None, **options: Any) -> Page:
    """A page about a model, on rows that it was not trained on."""
    with tempfile.TemporaryDirectory() as folder:
        path, page = os.path.join(folder, "m.safetensors"), os.path.join(folder, "report.html")
        model.save(path)
        words = ["report", path, "--data", stored(folder, "x", X), "--out", page, "--quiet"]
        if X_train is not None:
            words += ["--train", stored(folder, "train", X_train)]
        call(words + flags(options))
        return Page(pathlib.Path(page).read_text(encoding="utf-8"))


def curve(points: Array) -> str:
    """A learning curve as SVG: nats of the validation rows against steps."""
    width, height, margin = 420.0, 180.0, 36.0
    steps, values = points[:, 0], points[:, 2]
    kept = np.isfinite(values)
    steps, values = steps[kept], values[kept]
    if len(steps) < 2:
        return ""
    # The first points are far below the others.
    low, high = float(np.percentile(values, 10)), float(values.max())
    span = high - low or 1.0
    x = margin + (width - 2 * margin) * np.sqrt(steps / max(float(steps.max()), 1.0))
    y = height - margin - (height - 2 * margin) * np.clip((values - low) / span, 0.0, 1.0)
    line = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y))
    text = 'font-family="sans-serif" font-size="11"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}">'
        f'<polyline points="{line}" fill="none" stroke="#2266aa" stroke-width="1.5"/>'
        f'<text x="{margin}" y="14" {text}>validation, nats a row; best {high:.3f}</text>'
        f'<text x="{width - margin}" y="{height - 10:.0f}" text-anchor="end" {text}>{steps.max():.0f} steps (root scale)</text>'
        f'<text x="2" y="{height - margin:.0f}" {text}>{low:.2f}</text></svg>'
    )
