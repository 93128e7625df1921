# SPDX-License-Identifier: Apache-2.0
"""Dequantized weights equal coremltools' own, bit for bit, for the same package and settings."""
import os

import numpy as np
import pytest
import torch
from torch import nn

import cases
import coremltools as ct
import coremltools.optimize.coreml as cto
import modelpack
from check_with_coremltools import check
from constants import originals, weights
from packages import FLOAT16, FLOAT32, from_export, target

MINIMUM, DECODER_MINIMUM = 1000, 500  # elements a weight needs to be quantized; none has exactly as many
SYMMETRIC = [(d, g, "linear_symmetric") for d in ("int4", "int8") for g in ("per_block", "per_channel", "per_tensor")]
ASYMMETRIC = [(d, g, "linear") for d in ("int4", "int8") for g in ("per_block", "per_channel", "per_tensor")]
UNSIGNED = [(d, g, "linear") for d in ("uint4", "uint8") for g in ("per_block", "per_channel")] + [
    ("uint4", "per_block", "linear_symmetric"), ("uint8", "per_channel", "linear_symmetric")]
OLD = [(d, g, m) for d in ("int8", "uint8") for g in ("per_channel", "per_tensor") for m in ("linear_symmetric", "linear")]


class Mixed(nn.Module):
    """A weight of every kind that is quantized, and two constants that are none."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(40, 64)
        self.linear = nn.Linear(64, 96)
        self.right = nn.Parameter(torch.randn(96, 32))
        self.right_batched = nn.Parameter(torch.randn(2, 64, 32))
        self.left = nn.Parameter(torch.randn(64, 32))
        self.batched = nn.Parameter(torch.randn(2, 64, 32))
        self.conv = nn.Conv2d(32, 64, 3, padding=1)
        self.grouped = nn.Conv2d(64, 64, 3, groups=2)
        self.transposed = nn.ConvTranspose2d(64, 48, 2)
        self.register_buffer("table", torch.randn(50, 64))
        self.register_buffer("plane", torch.randn(1, 32, 8, 8))

    def forward(self, tokens, image):
        x = self.embedding(tokens) + self.table[:tokens.shape[1]]
        x = self.linear(x) @ self.right
        y = self.left @ image.flatten(2)
        z = self.batched @ image.flatten(2).unsqueeze(1) @ self.right_batched
        w = self.transposed(self.grouped(self.conv(image + self.plane)))
        return x, y, z, w


def mixed():
    torch.manual_seed(4)
    example = (torch.zeros(1, 7, dtype=torch.int32), torch.randn(1, 32, 8, 8))
    shapes = ({1: torch.export.Dim("length", min=1, max=50)}, None)
    return Mixed().eval(), example, shapes


# What coremltools quantizes although no product or look-up uses it. modelpack leaves it alone on purpose.
MIXED_LEFT_ALONE = {("slice_by_index", "x"), ("add", "y")}
DECODER_LEFT_ALONE = {("slice_by_index", "x")}


@pytest.fixture(scope="module")
def sources(tmp_path_factory, coremltools_packages):
    """Packages to quantize, by name; made when first asked for."""
    directory = str(tmp_path_factory.mktemp("sources"))

    def make(name, path):
        kind, *options = name.split("-")
        if kind == "decoder":
            return os.path.join(coremltools_packages, name + ".mlpackage")
        minimum, dtype = options[:2]
        module, example, shapes = mixed()
        if kind == "own":
            torch.export.save(torch.export.export(module, example, dynamic_shapes=shapes), path + ".pt2")
            modelpack.convert(path + ".pt2", path, "--target", minimum, "--precision", dtype)
        else:
            precision = FLOAT16 if dtype == "float16" else FLOAT32
            from_export(module, example, shapes, minimum_deployment_target=target(minimum),
                        compute_precision=precision).save(path)
        return path

    made = {}

    def source(name):
        if name not in made:
            made[name] = make(name, os.path.join(directory, name + ".mlpackage"))
        return made[name]

    return source


def compare(source, folder, dtype, granularity, mode, left_alone, minimum=MINIMUM):
    """Quantizes with both tools; the kinds of operations whose weights were compared."""
    theirs, ours = os.path.join(folder, "theirs.mlpackage"), os.path.join(folder, "ours.mlpackage")
    options = dict(block_size=32) if granularity == "per_block" else {}
    config = cto.OptimizationConfig(global_config=cto.OpLinearQuantizerConfig(
        mode=mode, dtype=dtype, granularity=granularity, weight_threshold=minimum, **options))
    cto.linear_quantize_weights(ct.models.MLModel(source, skip_model_load=True), config).save(theirs)
    shape = ["--block", "32"] if granularity == "per_block" else ["--" + granularity.replace("_", "-")]
    modelpack.quantize(source, ours, "--" + dtype, *shape, "--symmetric" if "symmetric" in mode else "--asymmetric",
                       "--fit", "min-max", "--min-elements", minimum)
    check(ours)
    expected, actual = weights(theirs), weights(ours)
    missing = {key[:2] for key in set(expected) - set(actual)}
    assert missing == left_alone, f"not quantized, among what coremltools quantizes: {missing}"
    compared = [key for key in expected if key in actual]
    for key in compared:
        right, seen = expected[key], actual[key]
        assert seen.dtype == right.dtype and seen.shape == right.shape, key
        assert seen.tobytes() == right.tobytes(), f"{key}: {np.sum(seen != right)} of {right.size} differ"
    return {key[:2] for key in compared}


def ids(settings):
    return ["-".join(s) for s in settings]


EVERY = {("linear", "weight"), ("conv", "weight"), ("conv_transpose", "weight"), ("gather", "x"), ("matmul", "x"),
         ("matmul", "y")}
NEW = [(n, *s) for n in ("mixed-iOS18-float16", "mixed-iOS18-float32", "own-iOS18-float16")
       for s in (SYMMETRIC + ASYMMETRIC + UNSIGNED if n == "mixed-iOS18-float16" else SYMMETRIC)]
BEFORE = [(n, *s) for n in ("mixed-iOS16-float16", "mixed-iOS17-float32") for s in OLD]


@pytest.mark.parametrize("name,dtype,granularity,mode", NEW + BEFORE, ids=ids(NEW + BEFORE))
def test_every_kind_of_weight(name, dtype, granularity, mode, sources, folder):
    compared = compare(sources(name), folder, dtype, granularity, mode, MIXED_LEFT_ALONE)
    assert compared >= EVERY, f"not compared: {EVERY - compared}"


DECODER = [(n, *s) for n in ("decoder-iOS18-float16", "decoder-iOS18-float32") for s in SYMMETRIC[:2] + SYMMETRIC[3:5]]


@pytest.mark.parametrize("name,dtype,granularity,mode", DECODER, ids=ids(DECODER))
def test_decoder(name, dtype, granularity, mode, sources, folder):
    # Its tables of angles have 16 columns, no block of 32.
    left_alone = set() if granularity == "per_block" else DECODER_LEFT_ALONE
    compare(sources(name), folder, dtype, granularity, mode, left_alone, DECODER_MINIMUM)


@pytest.mark.parametrize("dtype,granularity", [("int4", "per_block"), ("int8", "per_channel")])
@pytest.mark.parametrize("name", ["llama-dynamic", "qwen2-tied-sdpa-mask-dynamic"])
def test_transformers(name, dtype, granularity, exported, folder):
    """Packages that modelpack wrote, one with a weight that is both an embedding and a head."""
    case = next(c for c in cases.families() if c.name == name)
    source = os.path.join(folder, "source.mlpackage")
    modelpack.convert(exported(case) + ".pt2", source)
    compared = compare(source, folder, dtype, granularity, "linear_symmetric", set())
    assert ("linear", "weight") in compared and ("gather", "x") in compared


FITTED = [c for c in NEW if c[0] == "mixed-iOS18-float16"]


@pytest.mark.parametrize("name,dtype,granularity,mode", FITTED, ids=ids(FITTED))
def test_least_error(name, dtype, granularity, mode, sources, folder):
    """coremltools reads what the search found, and no weight is further from the original than its own."""
    source = sources(name)
    shape = ["--block", "32"] if granularity == "per_block" else ["--" + granularity.replace("_", "-")]
    values = {}
    for fit in ("min-max", "error"):
        path = os.path.join(folder, fit + ".mlpackage")
        modelpack.quantize(source, path, "--" + dtype, *shape, "--symmetric" if "symmetric" in mode else "--asymmetric",
                           "--fit", fit, "--min-elements", MINIMUM)
        check(path)
        values[fit] = weights(path)
    before = originals(source, set(values["error"]))
    assert set(before) == set(values["min-max"]) == set(values["error"]) and len(before) >= len(EVERY)

    def noise(fit, key):
        return np.sum((values[fit][key].astype(np.float64) - before[key].astype(np.float64)) ** 2)
    for key in before:
        assert noise("error", key) <= noise("min-max", key) * (1 + 1e-9), key
    assert sum(noise("error", k) for k in before) < sum(noise("min-max", k) for k in before)
