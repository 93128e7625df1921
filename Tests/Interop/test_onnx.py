# SPDX-License-Identifier: Apache-2.0
"""ONNX files by hand and by both PyTorch exporters, against ONNX Runtime."""
import glob
import os

import pytest

import cases  # noqa: F401  (puts the fixture modules on the path)
import modelpack
import onnx_models
import recorded
from check_with_coremltools import check
from compare import assert_close
from modelpack import ROOT

CASES = sorted(os.path.basename(p).removesuffix(".onnx") for p in glob.glob(os.path.join(ROOT, "Fixtures", "onnx", "*.onnx")))


@pytest.fixture(scope="session")
def models(tmp_path_factory):
    directory = str(tmp_path_factory.mktemp("onnx"))
    onnx_models.make(directory)
    return directory


@pytest.mark.parametrize("precision,tolerance", [("float32", 1e-4), ("float16", 0.02)])
@pytest.mark.parametrize("name", CASES)
def test_agrees(name, precision, tolerance, models, folder):
    base, package = os.path.join(models, name), os.path.join(folder, "model.mlpackage")
    modelpack.convert(base + ".onnx", package, "--precision", precision)
    check(package)
    description = modelpack.inspect(package)
    calls = recorded.calls(base)
    results = modelpack.predict(package, [modelpack.fed(description, given) for given, _ in calls], folder)
    for (_, expected), result in zip(calls, results):
        assert len(result) == len(expected)
        assert_close(expected, result, tolerance)


def test_every_model_has_a_case(models):
    assert {os.path.basename(p).removesuffix(".onnx") for p in glob.glob(os.path.join(models, "*.onnx"))} == set(CASES)
