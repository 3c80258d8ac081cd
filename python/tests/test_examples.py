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


PAGES = [pathlib.Path(__file__).parents[2] / "docs" / "guide" / "python.md", pathlib.Path(__file__).parents[1] / "README.md"]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_the_code_of_a_page_runs(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = [part.split("```")[0] for part in path.read_text(encoding="utf-8").split("```python\n")[1:]]
    names = {}
    for block in blocks:
        exec(compile(block, str(path), "exec"), names)
    assert blocks
