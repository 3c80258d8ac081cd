"""The examples run."""
import pathlib
import runpy

import pytest

EXAMPLES = sorted((pathlib.Path(__file__).parents[1] / "examples").glob("*.py"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example(path, capsys):
    runpy.run_path(str(path), run_name="__main__")
    assert capsys.readouterr().out


def test_docstrings():
    import doctest

    import pdmap
    from pdmap import _density, _gaussianizer, _ica, _novelty, conv

    for module in (pdmap, _density, _gaussianizer, _ica, _novelty, conv):
        failed, tried = doctest.testmod(module)
        assert tried and not failed
