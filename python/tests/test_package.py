"""The package as a whole."""
import subprocess
import sys

import pdmap


def run(*words, code=0):
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True)
    assert done.returncode == code, done.stderr
    return done.stdout


def test_the_command_comes_along():
    assert "dense-relative" in run("-m", "pdmap", "presets")
    run("-m", "pdmap", "score", "absent", "--data", "absent", code=2)


def test_scikit_learn_is_imported_when_it_is_needed():
    run("-c", "import sys, pdmap; assert 'sklearn' not in sys.modules; pdmap.DensityEstimator; assert 'sklearn' in sys.modules")


def test_names():
    assert pdmap.__version__ == "0.1.0" and set(pdmap.__all__) <= set(dir(pdmap))
    for name in pdmap.__all__:
        assert getattr(pdmap, name) is not None
