# SPDX-License-Identifier: Apache-2.0
"""Stateful models: several states of one model, a cache written by a prefill and by steps."""
import os

import numpy as np
import pytest
import torch

import cases
import modelpack
from check_with_coremltools import check
from compare import assert_close, relative_error
from torch_models import decoder_calls

CONFIG = dict(vocabulary=256, width=64, layers=2, heads=4, cache_heads=2, hidden=128, context=64)


def numbers(*values):
    return [dict(x=np.array([v], np.float32)) for v in values]


def converted(case, exported, folder, precision="float16"):
    package = os.path.join(folder, "model.mlpackage")
    modelpack.convert(exported(case) + ".pt2", package, "--precision", precision)
    check(package)
    return package


def named(name):
    return next(c for c in cases.families() if c.name == name)


def outputs(results):
    return [float(np.asarray(value).ravel()[0]) for result in results for value in result.values()]


def test_accumulator(exported, folder):
    package = converted(named("accumulator"), exported, folder)
    first = os.path.join(folder, "first.npz")
    assert outputs(modelpack.predict(package, numbers(2, 5, -1), folder, "--state-out", first)) == [4, 49, 36]
    assert np.load(first)["accumulator"].ravel().tolist() == [6]
    assert outputs(modelpack.predict(package, numbers(9, 2), folder)) == [81, 121]
    assert outputs(modelpack.predict(package, numbers(3, 7), folder, "--state-in", first)) == [81, 256]


def test_cumulative_sum(exported, folder):
    package = converted(named("cumulative-sum"), exported, folder)
    assert outputs(modelpack.predict(package, numbers(1, 2, 3, 4), folder)) == [1, 3, 6, 10]
    assert outputs(modelpack.predict(package, numbers(5, 6, 7, 8), folder)) == [5, 11, 18, 26]
    five = os.path.join(folder, "five.npz")
    np.savez(five, total=np.array([5], np.float16))
    assert outputs(modelpack.predict(package, numbers(9, 10, 11, 12), folder, "--state-in", five)) == [14, 24, 35, 47]


@pytest.fixture(scope="module")
def decoder():
    from decoder import Config, Decoder
    config = Config(**CONFIG)
    torch.manual_seed(2)
    module = Decoder(config).eval()
    end = torch.export.Dim("end", min=1, max=config.context - 1)
    count = torch.export.Dim("count", min=1, max=config.context - 1)
    options = dict(
        dynamic_shapes={"tokens": {1: count}, "mask": {2: count, 3: end}},
        export=((torch.zeros(1, 5, dtype=torch.int32), torch.zeros(1, 1, 5, 9)), {}))
    return cases.Case("decoder", module, decoder_calls(config), options), config


@pytest.mark.parametrize("precision,tolerance", [("float32", 2e-3), ("float16", 0.02)])
def test_decoder(decoder, precision, tolerance, exported, folder):
    """A prefill of 16 and 16 steps agree with PyTorch, with the same best token; the cache is written row by row."""
    case, config = decoder
    package = converted(case, exported, folder, precision)
    description = modelpack.inspect(package)
    base = exported(case)
    import recorded
    calls, about = recorded.calls(base), recorded.about(base)
    state = os.path.join(folder, "state.npz")
    results = modelpack.predict(package, [modelpack.fed(description, g) for g, _ in calls], folder, "--state-out", state)
    for (_, expected), result in zip(calls, results):
        assert_close(recorded.in_order(expected, about), result, tolerance, [o["name"] for o in description["outputs"]])
        (right,), (seen,) = expected.values(), result.values()
        for row, best in zip(seen.reshape(-1, config.vocabulary), right.reshape(-1, config.vocabulary)):
            margin = np.sort(best)[-1] - best[row.argmax()]
            assert margin <= 0.002 * (best.max() - best.min()), f"another best token, by {margin}"
    states = dict(np.load(state))
    assert set(states) == {"key_cache", "value_cache"}
    kept = dict(np.load(base + ".states.npz"))
    for name, value in states.items():
        assert value.dtype == np.float16
        assert (np.abs(value[:, :, :, :32]).max(-1) > 0).all(), f"{name}: a row was not written"
        assert not value[:, :, :, 32:].any(), f"{name}: rows past the end were written"
        assert relative_error(kept[name], value) < 0.02


def test_prefill_equals_steps(decoder, exported, folder):
    """16 tokens at once leave the cache that 16 single tokens leave, and the same last logits."""
    case, config = decoder
    package = converted(case, exported, folder, "float32")
    description = modelpack.inspect(package)
    states, last = [], []
    for number, calls in enumerate((decoder_calls(config, 16, 0), decoder_calls(config, 0, 16))):
        fed = [modelpack.fed(description, dict(tokens=a[0].numpy(), mask=a[1].numpy())) for a, _ in calls]
        state = os.path.join(folder, f"state.{number}.npz")
        results = modelpack.predict(package, fed, folder, "--state-out", state)
        states.append(dict(np.load(state)))
        last.append(next(iter(results[-1].values()))[0, -1])
    assert relative_error(last[0], last[1]) < 2e-3
    for name in states[0]:
        assert relative_error(states[0][name], states[1][name]) < 2e-3
