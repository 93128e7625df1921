# SPDX-License-Identifier: Apache-2.0
"""Packages that coremltools compressed decompress to the values that coremltools itself gives, bit for bit."""
import os

import numpy as np
import pytest

import coremltools as ct
import coremltools.optimize.coreml as cto
import modelpack
from check_with_coremltools import check, load
from coremltools.converters.mil import Builder as mb

ALL = dict(weight_threshold=0)


def linear(dtype="int8", mode="linear_symmetric", granularity="per_channel", **more):
    return cto.linear_quantize_weights, cto.OpLinearQuantizerConfig(mode=mode, dtype=dtype, granularity=granularity, **ALL, **more)


def palette(nbits=4, mode="kmeans", **more):
    return cto.palettize_weights, cto.OpPalettizerConfig(nbits=nbits, mode=mode, **ALL, **more)


def magnitude(share, **more):
    return cto.prune_weights, cto.OpMagnitudePrunerConfig(target_sparsity=share, **ALL, **more)


def pairs(n, m):
    return cto.prune_weights, cto.OpMagnitudePrunerConfig(n_m_ratio=(n, m), dim=1, **ALL)


def threshold(value):
    return cto.prune_weights, cto.OpThresholdPrunerConfig(threshold=value, minimum_sparsity_percentile=0.1, **ALL)


BLOCKS = dict(granularity="per_block", block_size=16)
GROUPS = dict(granularity="per_grouped_channel", group_size=8)
FORMS = {
    **{f"linear-{d}-{m}-{g}": ("iOS17", [linear(d, m, g)]) for d in ("int8", "uint8")
       for m in ("linear_symmetric", "linear") for g in ("per_channel", "per_tensor")},
    **{f"linear-{d}-{m}-blocks": ("iOS18", [linear(d, m, **BLOCKS)]) for d in ("int4", "uint4", "int8", "uint8")
       for m in ("linear_symmetric", "linear")},
    **{f"linear-{d}-channels": ("iOS18", [linear(d, "linear")]) for d in ("int4", "uint4", "int8", "uint8")},
    "linear-tensor": ("iOS18", [linear("int4", granularity="per_tensor")]),
    **{f"palette-{n}-{t}": (t, [palette(n)]) for n in (1, 2, 4, 6, 8) for t in ("iOS16", "iOS18")},
    "palette-3": ("iOS18", [palette(3)]),
    "palette-uniform": ("iOS18", [palette(4, "uniform")]),
    **{f"palette-{n}-groups-{a}": ("iOS18", [palette(n, channel_axis=a, **GROUPS)]) for n in (2, 4) for a in (0, 1)},
    "palette-scale": ("iOS18", [palette(4, enable_per_channel_scale=True)]),
    "palette-groups-scale": ("iOS18", [palette(4, enable_per_channel_scale=True, **GROUPS)]),
    "palette-vectors-2": ("iOS18", [palette(4, cluster_dim=2)]),
    "palette-vectors-4": ("iOS18", [palette(2, cluster_dim=4, **GROUPS)]),
    **{f"sparse-{t}": (t, [magnitude(0.6)]) for t in ("iOS16", "iOS18")},
    "sparse-threshold": ("iOS18", [threshold(0.3)]),
    "sparse-pairs": ("iOS18", [pairs(2, 4)]),
    "sparse-int8": ("iOS18", [magnitude(0.5), linear("int8")]),
    "sparse-int4-blocks": ("iOS18", [magnitude(0.5), linear("int4", **BLOCKS)]),
    "sparse-uint8-zero-points": ("iOS18", [magnitude(0.5), linear("uint8", "linear")]),
    "sparse-palette": ("iOS18", [magnitude(0.5), palette(4)]),
    "sparse-palette-groups": ("iOS18", [magnitude(0.5), palette(3, **GROUPS)]),
    "palette-int8-table": ("iOS18", [palette(4), linear("int8", granularity="per_tensor")]),
    "palette-groups-int8-table": ("iOS18", [palette(4, **GROUPS), linear("int8", granularity="per_tensor")]),
    "sparse-palette-int8-table": ("iOS18", [magnitude(0.5), palette(4), linear("int8", granularity="per_tensor")]),
}
WIDTH = 48


def source(target, folder):
    """A package with a linear layer, a product, a convolution and its transpose."""
    generator = np.random.default_rng(5)

    def weight(*shape):
        return generator.standard_normal(shape).astype(np.float32)

    @mb.program(input_specs=[mb.TensorSpec(shape=(1, WIDTH, 6, 6))], opset_version=getattr(ct.target, target))
    def network(x):
        x = mb.conv(x=x, weight=weight(32, WIDTH, 3, 3), pad_type="same", name="first")
        x = mb.conv_transpose(x=x, weight=weight(32, 16, 2, 2), name="second")
        x = mb.reshape(x=x, shape=(1, 16 * 49))
        x = mb.linear(x=x, weight=weight(64, 16 * 49), name="third")
        return mb.matmul(x=x, y=weight(64, 80), name="fourth")

    path = os.path.join(folder, "source.mlpackage")
    ct.convert(network, minimum_deployment_target=getattr(ct.target, target), skip_model_load=True).save(path)
    return path


def constants(path):
    """Constant operands by the result and operand that they serve, whether they are compressed, and where."""
    found, kinds = {}, set()
    for name, function in load(path)[1].functions.items():
        for operation in function.operations:
            for operand, value in operation.inputs.items():
                if operand in ("weight", "y") and value is not None and value.op is not None:
                    kinds.add(value.op.op_type)
                    found[name, operation.outputs[0].name, operand] = np.asarray(value.val) if value.val is not None else None
    return found, kinds


@pytest.mark.parametrize("form", FORMS)
def test_every_form(form, folder):
    target, steps = FORMS[form]
    model = ct.models.MLModel(source(target, folder), skip_model_load=True)
    for number, (compress, config) in enumerate(steps):
        more = dict(joint_compression=True) if number else {}
        model = compress(model, cto.OptimizationConfig(global_config=config), **more)
    theirs, ours, dense = (os.path.join(folder, n + ".mlpackage") for n in ("theirs", "ours", "dense"))
    model.save(theirs)
    _, kinds = constants(theirs)
    assert any(kind.startswith("constexpr_") for kind in kinds), "coremltools compressed nothing"
    cto.decompress_weights(ct.models.MLModel(theirs, skip_model_load=True)).save(dense)
    modelpack.run("decompress", theirs, "-o", ours)
    check(ours)
    expected, _ = constants(dense)
    actual, kinds = constants(ours)
    assert kinds == {"const"}, kinds
    assert set(expected) == set(actual) and len(actual) == 4
    for key, value in expected.items():
        assert actual[key].dtype == value.dtype and actual[key].shape == value.shape, key
        assert actual[key].tobytes() == value.tobytes(), f"{key}: {np.sum(actual[key] != value)} of {value.size} differ"
    modelpack.run("compare", theirs, dense, "--tolerance", "0")
