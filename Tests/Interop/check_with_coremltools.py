#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds packages against coremltools.

usage: check_with_coremltools.py PACKAGE.mlpackage...

For each package: the manifest is accepted by coremltools' package library; the opset of every function is the one
of the specification version; every weight lies inside the blob file with the size its type says; every operation
is built again by coremltools, which infers the type that the package declares; the description names exactly the
inputs, states and outputs of each function, with their types. Exit 1 when one fails.
"""
import logging
import os
import struct
import sys
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)

import coremltools as ct  # noqa: E402
from coremltools import proto  # noqa: E402
from coremltools.converters.mil.frontend.milproto import load as milproto  # noqa: E402
from coremltools.converters.mil.mil import types  # noqa: E402
from coremltools.converters.mil.mil.types.symbolic import is_symbolic  # noqa: E402
from coremltools.libmodelpackage import ModelPackage  # noqa: E402

OPSETS = {6: "CoreML5", 7: "CoreML6", 8: "CoreML7", 9: "CoreML8", 10: "CoreML9"}
MIL = proto.MIL_pb2
ARRAY = proto.FeatureTypes_pb2.ArrayFeatureType
DTYPE_NAMES = {
    MIL.FLOAT16: "fp16", MIL.FLOAT32: "fp32", MIL.FLOAT64: "fp64", MIL.BOOL: "bool", MIL.STRING: "str",
    MIL.INT8: "int8", MIL.INT16: "int16", MIL.INT32: "int32", MIL.INT64: "int64", MIL.INT4: "int4",
    MIL.UINT1: "uint1", MIL.UINT2: "uint2", MIL.UINT3: "uint3", MIL.UINT4: "uint4", MIL.UINT6: "uint6",
    MIL.UINT8: "uint8", MIL.UINT16: "uint16", MIL.UINT32: "uint32", MIL.UINT64: "uint64",
}
BITS = {"bool": 8, "fp16": 16, "fp32": 32, "fp64": 64}
ARRAY_DTYPES = {ARRAY.FLOAT16: "fp16", ARRAY.FLOAT32: "fp32", ARRAY.INT32: "int32", ARRAY.DOUBLE: "fp64"}
BLOB_ALIGNMENT, BLOB_SENTINEL = 64, 0xDEADBEEF


class Mismatch(Exception):
    """Something in the package that coremltools would not have it be."""


def require(condition, message):
    if not condition:
        raise Mismatch(message)


def bits(dtype):
    return BITS.get(dtype) or int(dtype.lstrip("uint"))


def tensor_type(value_type):
    """(dtype, dimensions with None for unknown ones) of a MIL value type; None when it is not a tensor or state."""
    if value_type.WhichOneof("type") == "stateType":
        return tensor_type(value_type.stateType.wrappedType)
    if value_type.WhichOneof("type") != "tensorType":
        return None
    tensor = value_type.tensorType
    sizes = [d.constant.size if d.WhichOneof("dimension") == "constant" else None for d in tensor.dimensions]
    return DTYPE_NAMES[tensor.dataType], sizes


def operations(block):
    for operation in block.operations:
        yield operation
        for inner in operation.blocks:
            yield from operations(inner)


def values(message):
    """Every `Value` below an operation: its attributes and literal arguments."""
    yield from message.attributes.values()
    for argument in message.inputs.values():
        for binding in argument.arguments:
            if binding.WhichOneof("binding") == "value":
                yield binding.value


def check_blob(value, where, blob):
    name = value.blobFileValue.fileName
    require(name == "@model_path/weights/weight.bin", f"{where}: weight file is called '{name}'")
    offset = value.blobFileValue.offset
    require(offset % BLOB_ALIGNMENT == 0, f"{where}: metadata at {offset}, not a multiple of {BLOB_ALIGNMENT}")
    require(offset + 64 <= len(blob), f"{where}: metadata at {offset} is outside the file of {len(blob)} bytes")
    sentinel, _, size, data, padding_bits = struct.unpack_from("<IIQQQ", blob, offset)
    require(sentinel == BLOB_SENTINEL, f"{where}: no metadata at {offset}")
    require(data % BLOB_ALIGNMENT == 0, f"{where}: data at {data}, not a multiple of {BLOB_ALIGNMENT}")
    require(data + size <= len(blob), f"{where}: {size} bytes at {data} are outside the file of {len(blob)} bytes")
    dtype, shape = tensor_type(value.type)
    count = 1
    for dimension in shape:
        count *= dimension
    wanted = (count * bits(dtype) + 7) // 8
    require(size == wanted, f"{where}: {dtype} {shape} takes {wanted} bytes, the blob has {size}")
    if bits(dtype) < 8:
        require(padding_bits == wanted * 8 - count * bits(dtype), f"{where}: {padding_bits} padding bits")


def check_types(name, function, built):
    """The types in the package against those coremltools infers."""
    block = function.block_specializations[function.opset]
    inferred = {}

    def collect(inner):
        for operation in inner.operations:
            inferred.update({output.name: output for output in operation.outputs})
            for nested in operation.blocks:
                collect(nested)

    collect(built)
    for operation in operations(block):
        for output in operation.outputs:
            declared = tensor_type(output.type)
            variable = inferred.get(output.name)
            if declared is None or variable is None or not types.is_tensor(variable.sym_type):
                continue
            dtype, shape = declared
            where = f"{name}: {operation.type} '{output.name}'"
            seen = types.builtin_to_string(variable.dtype)
            require(seen == dtype, f"{where} is declared {dtype}, coremltools infers {seen}")
            require(len(shape) == variable.rank, f"{where} is declared with rank {len(shape)}, inferred {variable.rank}")
            for declared_size, size in zip(shape, variable.shape):
                fits = declared_size is None or is_symbolic(size) or declared_size == size
                require(fits, f"{where} is declared {shape}, coremltools infers {list(variable.shape)}")


def described(feature):
    kind = feature.type.WhichOneof("Type")
    if kind == "stateType":
        return ARRAY_DTYPES.get(feature.type.stateType.arrayType.dataType)
    if kind == "multiArrayType":
        return ARRAY_DTYPES.get(feature.type.multiArrayType.dataType)
    return None


def check_description(name, description, function):
    block = function.block_specializations[function.opset]
    taken = {i.name: tensor_type(i.type) for i in function.inputs}
    listed = [*description.input, *description.state]
    require(len({f.name for f in listed}) == len(listed), f"{name}: the description lists a name twice")
    require(sorted(taken) == sorted(f.name for f in listed),
            f"{name}: the program takes {sorted(taken)}, the description lists {sorted(f.name for f in listed)}")
    produced = {o.name: tensor_type(o.type) for operation in block.operations for o in operation.outputs}
    given = set(block.outputs)
    hidden = {"classLabel"} | {description.predictedFeatureName, description.predictedProbabilitiesName} if description.predictedFeatureName else set()
    missing = {f.name for f in description.output} ^ given
    require(missing <= hidden, f"{name}: the program returns {sorted(given)}, the description lists "
            f"{sorted(f.name for f in description.output)}")
    for feature in listed:
        dtype, shape = taken[feature.name]
        require(described(feature) in (None, dtype), f"{name}: input '{feature.name}' is {dtype}, described as {described(feature)}")
        if feature.type.WhichOneof("Type") == "multiArrayType":
            array = feature.type.multiArrayType
            require(len(array.shape) == len(shape), f"{name}: input '{feature.name}' has rank {len(shape)}, described {list(array.shape)}")
            for size, default in zip(shape, array.shape):
                require(size in (None, default), f"{name}: input '{feature.name}' is {shape}, described {list(array.shape)}")
            if None in shape:
                require(array.WhichOneof("ShapeFlexibility"), f"{name}: input '{feature.name}' is {shape} and has no flexibility")
    for feature in description.output:
        if feature.name in produced and produced[feature.name]:
            dtype = produced[feature.name][0]
            require(described(feature) in (None, dtype), f"{name}: output '{feature.name}' is {dtype}, described as {described(feature)}")


def load(path):
    """The specification and coremltools' program of a package."""
    folder = os.path.join(path, "Data", "com.apple.CoreML")
    spec = ct.utils.load_spec(os.path.join(folder, "model.mlmodel"))
    return spec, build(spec, folder)


def build(spec, folder):
    """The program, every operation of it built again by coremltools."""
    weights = os.path.join(folder, "weights")
    return milproto.load(spec, specification_version=spec.specificationVersion, file_weights_dir=weights)


def check(path):
    """Raises `Mismatch`, or whatever coremltools raises; returns the number of operations."""
    require(ModelPackage.isValid(path), "the package library does not accept the folder")
    root = ModelPackage(path).getRootModel().path()
    require(os.path.samefile(root, os.path.join(path, "Data", "com.apple.CoreML", "model.mlmodel")),
            f"the root model is {root}")
    spec = ct.utils.load_spec(root)
    require(spec.WhichOneof("Type") == "mlProgram", f"the model is a {spec.WhichOneof('Type')}")
    require(spec.specificationVersion in OPSETS, f"specification version {spec.specificationVersion}")
    blob_path = os.path.join(path, "Data", "com.apple.CoreML", "weights", "weight.bin")
    blob = b""
    if os.path.exists(blob_path):
        with open(blob_path, "rb") as file:
            blob = file.read()
    described_functions = {f.name: f for f in spec.description.functions}
    newest = OPSETS[spec.specificationVersion]
    count = 0
    for name, function in spec.mlProgram.functions.items():
        require(int(function.opset.removeprefix("CoreML")) <= int(newest.removeprefix("CoreML")), f"{name}: opset {function.opset} in a model of {newest}")
        require(list(function.block_specializations) == [function.opset], f"{name}: {list(function.block_specializations)}")
        for operation in operations(function.block_specializations[function.opset]):
            count += 1
            for value in values(operation):
                if value.WhichOneof("value") == "blobFileValue":
                    check_blob(value, f"{name}: {operation.type} '{operation.outputs[0].name}'", blob)
        check_description(name, described_functions.get(name, spec.description), function)
    program = build(spec, os.path.dirname(root))
    for name, function in spec.mlProgram.functions.items():
        check_types(name, function, program.functions[name])
    return count


def main(paths):
    failed = False
    for path in paths:
        try:
            print(f"{path}: ok, {check(path)} operations")
        except Exception as error:  # coremltools raises whatever it likes
            failed = True
            print(f"{path}: {type(error).__name__}: {error}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
