"""Convolutions and banks."""
import numpy as np
import pytest

from pdmap import conv

RNG = np.random.default_rng(5)


@pytest.mark.parametrize("orthonormal", [True, False])
def test_cycled_convolutions_come_back_and_have_adjoints(orthonormal):
    layer = conv.CycledConv((2, 24), (4,), stages=3, orthonormal=orthonormal, seed=3)
    x, y = RNG.normal(size=(5, 48)), RNG.normal(size=(5, 48))
    z = layer.forward(x)
    assert np.allclose(layer.inverse(z), x)
    assert np.allclose((z * y).sum(), (x * layer.adjoint(y)).sum())
    assert abs(layer.log_det) < 1e-9
    assert np.allclose(layer.bank().analyze(x[0].reshape(2, 24)).ravel(), z[0])
    again = conv.CycledConv((2, 24), (4,), matrices=layer.bank().stages, orthonormal=orthonormal)
    assert np.allclose(again.forward(x), z)


def test_images():
    layer = conv.CycledConv((1, 8, 12), (2, 2), stages=2)
    x = RNG.normal(size=(3, 96))
    assert np.allclose(layer.inverse(layer.forward(x)), x)


@pytest.mark.parametrize("name", ["haar", "db2", "db4", "db10"])
def test_wavelets_come_back_and_keep_the_energy(name):
    x = RNG.normal(size=(3, 160))
    bands = conv.wavedec(x, name, level=3)
    assert [band.shape[1] for band in bands] == [20, 20, 40, 80]
    assert np.isclose(sum((band**2).sum() for band in bands), (x**2).sum())
    assert np.allclose(conv.waverec(bands, name), x)
    low, high = conv.dwt(x[0], name)
    assert np.allclose(conv.idwt(low, high, name), x[0])
    assert conv.dwt_max_level(160, name) == 5


def test_banks_are_known():
    assert conv.bank("lot", 8).coding_gain(0.95) == pytest.approx(9.2, abs=0.1)
    for name, size in [("dct2", 8), ("mdct", 16), ("mdct-vorbis", 16), ("fast-lot", None)]:
        own = conv.bank(name, size)
        assert own.residual < 1e-12
        again = conv.Bank.of_kernels(own.kernels, own.offset)
        x = RNG.normal(size=(1, 64))
        assert np.allclose(again.synthesize(own.analyze(x)), x)
    with pytest.raises(ValueError, match="haar"):
        conv.bank("har")


def test_streams_are_the_whole():
    x = RNG.normal(size=(1, 100))
    bands = conv.analyze_stream([x[:, :7], x[:, 7:50], x[:, 50:]], conv.bank("mdct", 8))
    back = np.concatenate(list(conv.synthesize_stream(bands, conv.bank("mdct", 8), 100)), axis=1)
    assert np.allclose(back, x)


def test_misuse_is_an_exception():
    for call in [
        lambda: conv.CycledConv((2,), (4,)), lambda: conv.CycledConv((1, 9), (4,)),
        lambda: conv.CycledConv((1, 8), (4,), matrices=[np.eye(3)]),
        lambda: conv.CycledConv((1, 8), (4,)).forward(np.zeros((2, 7))),
        lambda: conv.CycledConv((1, 8), (4,)).forward(np.full((2, 8), np.nan)),
        lambda: conv.Bank.of_kernels(np.zeros((2, 2)), [0]), lambda: conv.wavedec(np.zeros(9), "db2", 2),
        lambda: conv.bank("dct2", 0), lambda: conv.bank("haar", 5), lambda: conv.wavedec(np.zeros(8), "dct2"),
        lambda: list(conv.synthesize_stream([], conv.bank("mdct", 4), 2**50)),
    ]:
        with pytest.raises(ValueError):
            call()
