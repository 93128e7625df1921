# SPDX-License-Identifier: Apache-2.0
"""Every expression of the operation table, float32."""
import os

import pytest

import cases  # noqa: F401  (puts the fixture modules on the path)
import modelpack
import recorded
import torch_ops
from check_with_coremltools import check
from compare import assert_close

NAMES = [name for name, *_ in torch_ops.families()]
FLOAT32, BFLOAT16 = 1e-4, 2**-8
UNAVAILABLE = 69  # what the tool cannot express, it says


@pytest.fixture(scope="module")
def operations(tmp_path_factory):
    directory = str(tmp_path_factory.mktemp("operations"))
    torch_ops.make(directory)
    return directory


@pytest.mark.parametrize("name", NAMES)
def test_family(name, operations, folder):
    base, package = os.path.join(operations, name), os.path.join(folder, "model.mlpackage")
    rare = name.endswith("-rare")
    done = modelpack.convert(base + ".pt2", package, "--precision", "float32", code=(0, UNAVAILABLE) if rare else 0)
    if done.returncode == UNAVAILABLE:
        assert "aten." in done.stderr and not os.path.exists(package)
        return
    check(package)
    about, description = recorded.about(base), modelpack.inspect(package)
    (given, expected), = recorded.calls(base)
    result, = modelpack.predict(package, [modelpack.fed(description, given)], folder)
    labels = {o["name"]: o["label"] for o in about["outputs"]}
    order = [o["name"] for o in description["outputs"]]
    assert_close(recorded.in_order(expected, about), result, tolerance, order, labels)


def tolerance(label):
    """Core ML has no bfloat16: what PyTorch rounds to its 8 bits is float32 in a package."""
    return BFLOAT16 if "bfloat16" in label else FLOAT32
