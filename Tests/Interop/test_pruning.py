# SPDX-License-Identifier: Apache-2.0
"""Pruned weights equal coremltools' own, bit for bit, and packages that either tool made decode and run the same."""
import os

import numpy as np
import pytest

import cases
import coremltools as ct
import coremltools.optimize.coreml as cto
import modelpack
from check_with_coremltools import check
from constants import weights
from test_quantization import DECODER_LEFT_ALONE, MIXED_LEFT_ALONE

MINIMUM = {"decoder-iOS18-float16": 1000, "decoder-iOS18-float32": 1000, "mobilenet-iOS17-float16": 100}
PACKAGES = list(MINIMUM)

PRUNINGS = {
    "share": (dict(target_sparsity=0.5), ["--sparse", "0.5"]),
    "share-odd": (dict(target_sparsity=0.83), ["--sparse", "83%"]),
    "blocks": (dict(target_sparsity=0.5, block_size=4), ["--sparse", "0.5", "--sparse-block", "4"]),
    "blocks-input": (dict(target_sparsity=0.7, block_size=3, dim=1),
                     ["--sparse", "0.7", "--sparse-block", "3", "--sparse-axis", "input"]),
    "pattern": (dict(n_m_ratio=(2, 4)), ["--pattern", "2:4"]),
    "pattern-output": (dict(n_m_ratio=(3, 5), dim=0), ["--pattern", "3:5", "--sparse-axis", "output"]),
    "threshold": (dict(threshold=0.05, minimum_sparsity_percentile=0.5), ["--threshold", "0.05"]),
}
LINEAR = {
    "int8": (dict(dtype="int8", mode="linear_symmetric", granularity="per_channel"), ["--int8", "--per-channel", "--fit", "min-max"]),
    "uint8": (dict(dtype="uint8", mode="linear", granularity="per_tensor"), ["--uint8", "--per-tensor", "--asymmetric", "--fit", "min-max"]),
    "int4": (dict(dtype="int4", mode="linear_symmetric", granularity="per_block", block_size=32), ["--int4", "--block", "32", "--fit", "min-max"]),
    "uint4": (dict(dtype="uint4", mode="linear", granularity="per_block", block_size=16),
              ["--uint4", "--block", "16", "--asymmetric", "--fit", "min-max"]),
}


def configuration(options, minimum):
    kind = cto.OpThresholdPrunerConfig if "threshold" in options else cto.OpMagnitudePrunerConfig
    return cto.OptimizationConfig(global_config=kind(weight_threshold=minimum, **options))


def quantizer(options, minimum):
    return cto.OptimizationConfig(global_config=cto.OpLinearQuantizerConfig(weight_threshold=minimum, **options))


def model(path):
    return ct.models.MLModel(path, skip_model_load=True)


def assert_same(expected, actual):
    """All of `expected` are in `actual`, bit for bit, but for constants that are no weights."""
    expected = {k: v for k, v in expected.items() if k[:2] not in DECODER_LEFT_ALONE | MIXED_LEFT_ALONE}
    assert expected, "coremltools compressed nothing: the test compares nothing"
    assert set(expected) <= set(actual), f"not compressed: {sorted(set(expected) - set(actual))}"
    for key, value in expected.items():
        found = actual[key]
        assert found.dtype == value.dtype and found.shape == value.shape, key
        assert found.tobytes() == value.tobytes(), f"{key}: {np.sum(found != value)} of {value.size} differ"


def runs_like(path, other, folder):
    """Both packages give the same outputs for the same inputs here."""
    rng = np.random.default_rng(3)
    description = modelpack.inspect(path)
    given = {}
    for i in description["inputs"]:
        shape = [d if isinstance(d, int) else 1 for d in i["shape"]]
        whole = i["dtype"].startswith("int")
        given[i["name"]] = (rng.integers(0, 4, shape) if whole else rng.standard_normal(shape)).astype(i["dtype"])
    first, second = (modelpack.predict(p, [given], folder)[0] for p in (path, other))
    assert set(first) == set(second)
    for name in first:
        assert np.array_equal(first[name], second[name], equal_nan=True), name


@pytest.mark.parametrize("pruning", PRUNINGS)
@pytest.mark.parametrize("name", PACKAGES)
def test_pruned(name, pruning, coremltools_packages, folder):
    source = os.path.join(coremltools_packages, name + ".mlpackage")
    theirs, ours = os.path.join(folder, "theirs.mlpackage"), os.path.join(folder, "ours.mlpackage")
    options, flags = PRUNINGS[pruning]
    cto.prune_weights(model(source), configuration(options, MINIMUM[name])).save(theirs)
    modelpack.quantize(source, ours, *flags, "--min-elements", MINIMUM[name])
    check(ours)
    expected, actual = weights(theirs), weights(ours)
    if pruning == "threshold" and not expected:
        assert not actual  # no weight has enough small elements
    else:
        assert_same(expected, actual)
    runs_like(theirs, ours, folder)


@pytest.mark.parametrize("linear", LINEAR)
@pytest.mark.parametrize("pruning", ["share", "pattern", "blocks-input"])
def test_pruned_and_quantized(pruning, linear, coremltools_packages, folder):
    """In one step here, in two there, and in two here; the last two from a package that coremltools pruned."""
    name = "decoder-iOS18-float16"
    source = os.path.join(coremltools_packages, name + ".mlpackage")
    pruned, theirs = os.path.join(folder, "pruned.mlpackage"), os.path.join(folder, "theirs.mlpackage")
    ours, again = os.path.join(folder, "ours.mlpackage"), os.path.join(folder, "again.mlpackage")
    (first, first_flags), (second, second_flags) = PRUNINGS[pruning], LINEAR[linear]
    cto.prune_weights(model(source), configuration(first, MINIMUM[name])).save(pruned)
    cto.linear_quantize_weights(model(pruned), quantizer(second, MINIMUM[name]), joint_compression=True).save(theirs)
    modelpack.quantize(source, ours, *first_flags, *second_flags, "--min-elements", MINIMUM[name])
    modelpack.quantize(pruned, again, *second_flags, "--min-elements", MINIMUM[name])
    for path in (ours, again):
        check(path)
        assert_same(weights(theirs), weights(path))
        runs_like(theirs, path, folder)


def test_quantized_and_pruned_by_coremltools(coremltools_packages, folder):
    """The other order there (masks from an operation) is not compressed again here."""
    name = "decoder-iOS18-float16"
    source = os.path.join(coremltools_packages, name + ".mlpackage")
    theirs = os.path.join(folder, "theirs.mlpackage")
    quantized = cto.linear_quantize_weights(model(source), quantizer(LINEAR["int8"][0], MINIMUM[name]))
    config = configuration(dict(target_sparsity=0.5), MINIMUM[name])
    cto.prune_weights(quantized, config, joint_compression=True).save(theirs)
    listed = modelpack.run("quantize", theirs, "-o", os.path.join(folder, "again.mlpackage"), "--int8", "--json")
    assert "is compressed already" in listed.stdout


@pytest.mark.parametrize("target", ["iOS16", "iOS17", "iOS18"])
def test_own_package(target, exported, folder):
    """A package that modelpack wrote, pruned to a half, and to nothing but zeros."""
    case = next(c for c in cases.families() if c.name == "llama-dynamic")
    source, ours = os.path.join(folder, "source.mlpackage"), os.path.join(folder, "ours.mlpackage")
    theirs = os.path.join(folder, "theirs.mlpackage")
    modelpack.convert(exported(case) + ".pt2", source, "--target", target)
    modelpack.quantize(source, ours, "--sparse", "0.5", "--min-elements", 1000)
    check(ours)
    cto.prune_weights(model(source), configuration(dict(target_sparsity=0.5), 1000)).save(theirs)
    assert_same(weights(theirs), weights(ours))
    # coremltools would go on to merge layers of equal zeros.
    modelpack.quantize(source, ours, "--sparse", "1", "--min-elements", 1000)
    check(ours)
    zeros = weights(ours)
    assert zeros and not any(value.any() for value in zeros.values())
