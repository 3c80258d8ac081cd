"""No call ends the process: a result, or an exception."""
import os

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import pdmap
from pdmap import ICA, DensityEstimator, conv

ROWS = np.random.default_rng(6).normal(size=(60, 2)) ** 3
MODEL = DensityEstimator("dense-svd", steps=5).fit(ROWS).model_
COUNT = int(os.environ.get("PDMAP_RANDOM_CALLS", 300))

numbers = st.one_of(st.floats(), st.integers(-(2**40), 2**40), st.none(), st.text(max_size=3), st.booleans())
dtypes = st.sampled_from(["f4", "f8", "i4", "O", "U3", "c16", "?", "f2"])


@st.composite
def arrays(draw):
    shape = draw(st.lists(st.integers(0, 5), max_size=4))
    array = np.zeros(shape, dtype=draw(dtypes))
    if draw(st.booleans()) and array.size and array.dtype.kind == "f":
        array.flat[0] = draw(st.sampled_from([np.nan, np.inf, 1e300, -1.0]))
    order = draw(st.sampled_from(["C", "F", "reversed", "strided"]))
    if order == "F":
        return np.asfortranarray(array)
    if order == "reversed" and array.ndim:
        return array[::-1]
    return array[..., ::2] if order == "strided" and array.ndim else array


anything = st.one_of(arrays(), numbers, st.lists(numbers, max_size=3), st.dictionaries(st.text(max_size=4), numbers, max_size=2))
calls = [
    lambda a, b, n: MODEL.log_prob(a, b),
    lambda a, b, n: MODEL.encode(a, b),
    lambda a, b, n: MODEL.decode(a, b),
    lambda a, b, n: MODEL.gradient(a, b),
    lambda a, b, n: MODEL.sample(n, b),
    lambda a, b, n: MODEL.member(n),
    lambda a, b, n: pdmap.Model.from_bytes(a),
    lambda a, b, n: pdmap.Model.load(a),
    lambda a, b, n: DensityEstimator("dense-svd", steps=1, training=b).fit(a),
    lambda a, b, n: DensityEstimator(b, steps=1).fit(ROWS),
    lambda a, b, n: DensityEstimator("dense-svd", steps=1, n_jobs=n).fit(ROWS, b),
    lambda a, b, n: DensityEstimator("dense-svd", steps=1, random_state=n).fit(ROWS, condition=b),
    lambda a, b, n: DensityEstimator("dense-svd", steps=1, bounds=b).fit(ROWS, X_val=a),
    lambda a, b, n: ICA(n, max_iter=3).fit(a),
    lambda a, b, n: conv.CycledConv(a, b),
    lambda a, b, n: conv.CycledConv((1, 8), (4,), matrices=a),
    lambda a, b, n: conv.Bank.of_kernels(a, b),
    lambda a, b, n: conv.Bank.named(a, n),
    lambda a, b, n: conv.bank("db2").analyze(a),
    lambda a, b, n: conv.bank("db2").decompose(a, n),
    lambda a, b, n: conv.bank("mdct", 4).synthesize_stream(a, n),
]


@settings(max_examples=COUNT, deadline=None, suppress_health_check=list(HealthCheck))
@given(call=st.sampled_from(calls), a=anything, b=anything, n=st.one_of(st.integers(-3, 6), numbers))
def test_a_random_call_returns_or_raises(call, a, b, n):
    try:
        call(a, b, n)
    except BaseException as error:
        assert isinstance(error, Exception) and "panic" not in type(error).__name__.lower(), repr(error)
