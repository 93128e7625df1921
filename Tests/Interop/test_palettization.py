# SPDX-License-Identifier: Apache-2.0
"""Palettes: unique values are kept, and errors are no larger than those of coremltools. `test_schemes.py` has every form."""
import os

import numpy as np
import pytest

import coremltools as ct
import coremltools.optimize.coreml as cto
import modelpack
from check_with_coremltools import check, load
from constants import decoded, is_compressed
from coremltools.converters.mil import Builder as mb
from coremltools.converters.mil.mil import types

GENERATOR = np.random.default_rng


def package(path, weight):
    """A package with a weight of every kind of operation."""

    def values(*shape):
        return weight(*shape).astype(np.float16)

    fp = types.fp16

    @mb.program(input_specs=[mb.TensorSpec((2, 64), dtype=fp), mb.TensorSpec((1, 16, 6, 6), dtype=fp), mb.TensorSpec((3,), dtype=types.int32)],
                opset_version=ct.target.iOS18)
    def program(x, image, ids):
        y = mb.linear(x=x, weight=values(48, 64), bias=np.zeros(48, np.float16), name="linear")
        z = mb.matmul(x=y, y=values(48, 32), name="matmul")
        t = mb.matmul(x=z, y=values(40, 32), transpose_y=True, name="transposed")
        c = mb.conv(x=image, weight=values(24, 16, 3, 3), name="conv")
        d = mb.conv_transpose(x=c, weight=values(24, 16, 2, 2), name="conv_transpose")
        e = mb.gather(x=values(80, 40), indices=ids, axis=0, name="gather")
        return t, d, e

    ct.convert(program, minimum_deployment_target=ct.target.iOS18, skip_model_load=True).save(path)
    return path


def outputs(path, folder):
    """What the package computes here for one set of inputs."""
    random = GENERATOR(11)
    description = modelpack.inspect(path)
    given = {i["name"]: (random.integers(0, 80, i["shape"]) if i["dtype"] == "int32" else random.standard_normal(i["shape"])).astype(i["dtype"])
             for i in description["inputs"]}
    return modelpack.predict(path, [given], folder)[0]


def weights(path):
    """The dense value that coremltools decodes of every compressed weight, by the result and operand that it serves."""
    _, program = load(path)
    return {(operation.outputs[0].name, operand): decoded(variable) for function in program.functions.values()
            for operation in function.operations for operand, variable in operation.inputs.items()
            if operand in ("weight", "x", "y") and variable is not None and is_compressed(variable)
            and not operation.op_type.startswith("constexpr_")}


def test_unique(folder):
    """Nothing is lost, and a weight with too many values is left as it is."""
    random = GENERATOR(3)
    few = random.standard_normal(16)
    source = package(os.path.join(folder, "source.mlpackage"),
                     weight=lambda *shape: random.choice(few, shape) if shape != (48, 64) else random.standard_normal(shape))
    path = os.path.join(folder, "ours.mlpackage")
    done = modelpack.quantize(source, path, "--palette", 4, "--palette-mode", "unique", "--min-elements", 100, "--json")
    assert "distinct values, and a table of 4 bits holds 16" in done.stdout
    check(path)
    assert len(weights(path)) == 5
    before, after = outputs(source, folder), outputs(path, folder)
    for name, value in before.items():
        assert after[name].tobytes() == value.tobytes()


def palettizer(**options):
    return cto.OptimizationConfig(global_config=cto.OpPalettizerConfig(weight_threshold=100, **options))


GROUPED = dict(granularity="per_grouped_channel", group_size=8)


def squared_error(path, original):
    """The squared error of each weight of `path` in float64."""
    return {key: np.sum((value.astype(np.float64) - original[key]) ** 2) for key, value in weights(path).items()}


def distributions(count):
    """Shapes and values of `count` random weights."""
    for seed in range(count):
        random = GENERATOR(seed)
        shape = tuple(int(8 * random.integers(2, 20)) for _ in range(2))
        kind = seed % 5
        value = (random.standard_normal(shape) if kind == 0 else random.standard_t(4, shape) if kind == 1
                 else random.uniform(-1, 1, shape) if kind == 2 else random.laplace(size=shape) if kind == 3
                 else random.standard_normal(shape) * np.exp(random.standard_normal(shape[0]))[:, None])
        yield (0.05 * value).astype(np.float16)


def many_weights(folder, count):
    """A package with a linear operation for each of `count` random weights."""
    values = list(distributions(count))
    total = sum(v.shape[1] for v in values)

    @mb.program(input_specs=[mb.TensorSpec((1, total), dtype=types.fp16)], opset_version=ct.target.iOS18)
    def program(x):
        parts = mb.split(x=x, split_sizes=np.array([v.shape[1] for v in values], np.int32), axis=1)
        return tuple(mb.linear(x=part, weight=v, name=f"y{i}") for i, (part, v) in enumerate(zip(parts, values)))

    path = os.path.join(folder, "source.mlpackage")
    ct.convert(program, minimum_deployment_target=ct.target.iOS18, skip_model_load=True).save(path)
    return path, {(f"y{i}", "weight"): v.astype(np.float64) for i, v in enumerate(values)}


ERRORS = {
    "scalar-4": (50, "--palette 4", dict(nbits=4), 1 + 1e-6),
    "scalar-2": (50, "--palette 2", dict(nbits=2), 1 + 1e-6),
    "grouped-3": (20, "--palette 3 --group 8", dict(nbits=3, **GROUPED), 1 + 1e-6),
    "scaled-4": (20, "--palette 4 --channel-scale", dict(nbits=4, enable_per_channel_scale=True), 1 + 1e-3),
    "vector-2": (20, "--palette 4 --cluster 2", dict(nbits=4, cluster_dim=2), 1.05),
    "vector-4": (20, "--palette 4 --cluster 4", dict(nbits=4, cluster_dim=4), 1.05),
}


@pytest.mark.parametrize("name", ERRORS)
def test_error_is_no_larger(name, folder):
    """Single values: for every weight. Vectors: k-means has no optimum that one can find, so on the whole, and nearly for each."""
    count, options, config, slack = ERRORS[name]
    source, original = many_weights(folder, count)
    ours, theirs = os.path.join(folder, "ours.mlpackage"), os.path.join(folder, "theirs.mlpackage")
    modelpack.quantize(source, ours, *options.split(), "--min-elements", 100)
    cto.palettize_weights(ct.models.MLModel(source, skip_model_load=True), palettizer(mode="kmeans", **config)).save(theirs)
    our, their = squared_error(ours, original), squared_error(theirs, original)
    assert set(our) == set(their) == set(original) and len(original) == count
    ratios = {key: our[key] / their[key] for key in original}
    print(f"{name}: error over coremltools' error: largest {max(ratios.values()):.6f}, mean {np.mean(list(ratios.values())):.4f}, "
          f"smallest {min(ratios.values()):.4f}")
    assert max(ratios.values()) <= slack, {k: v for k, v in ratios.items() if v > slack}
    assert sum(our.values()) <= sum(their.values())
