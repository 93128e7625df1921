# SPDX-License-Identifier: Apache-2.0
"""Dequantized weights equal coremltools' own, bit for bit, for the same package and settings."""
import os

import numpy as np
import pytest

import cases
import coremltools as ct
import coremltools.optimize.coreml as cto
import modelpack
from check_with_coremltools import check, load

MINIMUM = 1000  # elements, where not said otherwise; no weight has exactly as many

SYMMETRIC = [(d, g) for d in ("int4", "int8") for g in ("per_block", "per_channel", "per_tensor")]
ASYMMETRIC = [(d, g) for d in ("uint4", "uint8", "int4", "int8") for g in ("per_block", "per_channel")]
SETTINGS = [(d, g, "linear_symmetric") for d, g in SYMMETRIC] + [(d, g, "linear") for d, g in ASYMMETRIC]
# Elements a weight needs to be quantized. Targets before iOS 18 have 8 bits and no blocks.
PACKAGES = {"decoder-iOS18-float16": MINIMUM, "decoder-iOS18-float32": MINIMUM, "mobilenet-iOS17-float16": 100}


def weights(path):
    """The value of every compressed weight by the operation and operand that use it."""
    _, program = load(path)
    found = {}

    def visit(block):
        for operation in block.operations:
            for operand, variable in operation.inputs.items():
                for place, v in enumerate(variable if isinstance(variable, (list, tuple)) else [variable]):
                    if v is not None and v.op is not None and v.op.op_type.startswith("constexpr_"):
                        value = v.op.materialized_val_inference()
                        found[operation.outputs[0].name, operand, place] = np.asarray(value)
            for inner in operation.blocks:
                visit(inner)

    for function in program.functions.values():
        visit(function)
    return found


def applicable(name, dtype, granularity):
    return "iOS18" in name or (dtype.endswith("int8") and granularity != "per_block")


CASES = [(n, *s) for n in PACKAGES for s in SETTINGS if applicable(n, *s[:2])]


@pytest.mark.parametrize("name,dtype,granularity,mode", CASES, ids=["-".join(c) for c in CASES])
def test_bit_for_bit(name, dtype, granularity, mode, coremltools_packages, folder):
    source = os.path.join(coremltools_packages, name + ".mlpackage")
    theirs, ours = os.path.join(folder, "theirs.mlpackage"), os.path.join(folder, "ours.mlpackage")
    options = dict(block_size=32) if granularity == "per_block" else {}
    config = cto.OptimizationConfig(global_config=cto.OpLinearQuantizerConfig(
        mode=mode, dtype=dtype, granularity=granularity, weight_threshold=PACKAGES[name], **options))
    model = ct.models.MLModel(source, skip_model_load=True)
    cto.linear_quantize_weights(model, config).save(theirs)
    shape = ["--block", "32"] if granularity == "per_block" else ["--" + granularity.replace("_", "-")]
    modelpack.quantize(source, ours, "--" + dtype, *shape, "--symmetric" if "symmetric" in mode else "--asymmetric",
                       "--fit", "min-max", "--min-elements", PACKAGES[name])
    check(ours)
    expected, actual = weights(theirs), weights(ours)
    assert expected, "coremltools compressed nothing: the test compares nothing"
    assert set(expected) <= set(actual), f"not compressed: {sorted(set(expected) - set(actual))}"
    for key, value in expected.items():
        assert actual[key].dtype == value.dtype and actual[key].shape == value.shape, key
        assert actual[key].tobytes() == value.tobytes(), f"{key}: {np.sum(actual[key] != value)} of {value.size} differ"


@pytest.mark.parametrize("options", [["--int4", "--block", "32"], ["--int8", "--per-channel"]], ids=["int4", "int8"])
def test_own_package_is_quantized_like_theirs(options, exported, folder):
    """The same, for a package that modelpack wrote."""
    case = next(c for c in cases.families() if c.name == "llama-dynamic")
    source = os.path.join(folder, "source.mlpackage")
    modelpack.convert(exported(case) + ".pt2", source)
    theirs, ours = os.path.join(folder, "theirs.mlpackage"), os.path.join(folder, "ours.mlpackage")
    modelpack.quantize(source, ours, *options, "--symmetric", "--fit", "min-max", "--min-elements", MINIMUM)
    dtype = options[0].removeprefix("--")
    shape = dict(granularity="per_block", block_size=32) if "--block" in options else dict(granularity="per_channel")
    config = cto.OptimizationConfig(global_config=cto.OpLinearQuantizerConfig(
        mode="linear_symmetric", dtype=dtype, weight_threshold=MINIMUM, **shape))
    cto.linear_quantize_weights(ct.models.MLModel(source, skip_model_load=True), config).save(theirs)
    expected, actual = weights(theirs), weights(ours)
    assert expected and set(expected) <= set(actual)
    for key, value in expected.items():
        assert actual[key].tobytes() == value.tobytes(), key


def originals(path, keys):
    """The constants of a package that are compressed in another one."""
    _, program = load(path)
    found = {}
    for function in program.functions.values():
        for operation in function.operations:
            for operand, variable in operation.inputs.items():
                key = (operation.outputs[0].name, operand, 0) if operation.outputs else None
                if key in keys and not isinstance(variable, (list, tuple)):
                    found[key] = np.asarray(variable.val)
    return found


FITTED = [c for c in CASES if c[0] != "decoder-iOS18-float32"]


@pytest.mark.parametrize("name,dtype,granularity,mode", FITTED, ids=["-".join(c) for c in FITTED])
def test_least_error(name, dtype, granularity, mode, coremltools_packages, folder):
    """coremltools reads what the search found, and no weight is further from the original than its own."""
    source = os.path.join(coremltools_packages, name + ".mlpackage")
    shape = ["--block", "32"] if granularity == "per_block" else ["--" + granularity.replace("_", "-")]
    values = {}
    for fit in ("min-max", "error"):
        path = os.path.join(folder, fit + ".mlpackage")
        modelpack.quantize(source, path, "--" + dtype, *shape, "--symmetric" if "symmetric" in mode else "--asymmetric",
                           "--fit", fit, "--min-elements", PACKAGES[name])
        check(path)
        values[fit] = weights(path)
    before = originals(source, set(values["error"]))
    assert before and set(values["min-max"]) == set(values["error"])

    def noise(fit, key):
        return np.sum((values[fit][key].astype(np.float64) - before[key].astype(np.float64)) ** 2)
    for key in before:
        assert noise("error", key) <= noise("min-max", key) * (1 + 1e-9), key
    assert sum(noise("error", k) for k in before) < sum(noise("min-max", k) for k in before)
