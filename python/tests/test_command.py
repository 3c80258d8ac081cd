"""Comparisons, reports, and what notebooks show."""
import numpy as np
import pytest

import pdmap
from pdmap import DensityEstimator


def test_a_comparison_is_a_table_of_pandas(table, tmp_path):
    result = pdmap.compare(table, steps=30, seeds=2, out=tmp_path / "c")
    frame = result.to_frame()
    assert {"arm", "test", "test_error"} <= set(frame.columns) and len(frame) >= 2
    assert len(result.to_frame("runs")) == 2 * len(frame)
    assert result.verdict and repr(result) and "<iframe" in result._repr_html_()
    with pytest.raises(ValueError, match="unexpected argument"):
        pdmap.compare(table, stepps=30)


def test_reports_and_curves(table, tmp_path):
    density = DensityEstimator("dense-svd", steps=40).fit(table)
    page = density.report(table[:100], table)
    page.save(tmp_path / "r.html")
    assert "<svg" in (tmp_path / "r.html").read_text() and "<iframe" in page._repr_html_()
    assert "polyline" in density._repr_html_()
    assert "polyline" not in DensityEstimator()._repr_html_()
    with pytest.raises(ValueError, match="features"):
        density.report(np.zeros((5, 7)))
