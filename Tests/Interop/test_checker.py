# SPDX-License-Identifier: Apache-2.0
"""The checker itself: it accepts what coremltools writes and finds a defect put into it."""
import glob
import os
import shutil

import pytest

from check_with_coremltools import MIL, Mismatch, check
from modelpack import ROOT

import coremltools as ct

PACKAGES = sorted(glob.glob(os.path.join(ROOT, "Fixtures", "packages", "*.mlpackage")))


@pytest.mark.parametrize("path", PACKAGES, ids=[os.path.basename(p) for p in PACKAGES])
def test_accepts(path):
    # Git does not keep the empty folder that a package without weights has.
    os.makedirs(os.path.join(path, "Data", "com.apple.CoreML", "weights"), exist_ok=True)
    assert check(path) > 0


def main_block(spec):
    function = spec.mlProgram.functions["main"]
    return function, function.block_specializations[function.opset]


def first(spec, kind):
    return next(o for o in main_block(spec)[1].operations if o.type == kind)


def wrong_dtype(spec):
    first(spec, "linear").outputs[0].type.tensorType.dataType = MIL.INT32


def wrong_shape(spec):
    first(spec, "linear").outputs[0].type.tensorType.dimensions[-1].constant.size += 1


def far_blob(spec):
    weight = next(o for o in main_block(spec)[1].operations if o.type == "const" and o.attributes["val"].WhichOneof("value") == "blobFileValue")
    weight.attributes["val"].blobFileValue.offset += 1 << 30


def misplaced_blob(spec):
    weight = next(o for o in main_block(spec)[1].operations if o.type == "const" and o.attributes["val"].WhichOneof("value") == "blobFileValue")
    weight.attributes["val"].blobFileValue.offset += 4


def undescribed_input(spec):
    spec.description.input[0].name = "other"


def undescribed_output(spec):
    del spec.description.output[:]


def described_dtype(spec):
    spec.description.input[0].type.multiArrayType.dataType = ct.proto.FeatureTypes_pb2.ArrayFeatureType.INT32


@pytest.mark.parametrize("break_it,message", [
    (wrong_dtype, "Mismatch between var types"), (wrong_shape, "Mismatch between var types"),
    (far_blob, "is outside the file"), (misplaced_blob, "not a multiple of 64"), (undescribed_input, "the description lists"),
    (undescribed_output, "the description lists"), (described_dtype, "described as int32"),
], ids=lambda value: getattr(value, "__name__", ""))
def test_rejects(break_it, message, tmp_path):
    path = os.path.join(tmp_path, "broken.mlpackage")
    shutil.copytree(os.path.join(ROOT, "Fixtures", "packages", "mlp-iOS16-float32.mlpackage"), path)
    model = os.path.join(path, "Data", "com.apple.CoreML", "model.mlmodel")
    spec = ct.utils.load_spec(model)
    break_it(spec)
    with open(model, "wb") as file:
        file.write(spec.SerializeToString())
    with pytest.raises((Mismatch, AssertionError), match=message):  # the latter is how coremltools says it
        check(path)
