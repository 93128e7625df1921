# SPDX-License-Identifier: Apache-2.0
"""What coremltools makes of the constants of a package, dense or compressed."""
import math
from collections import Counter

import numpy as np

from check_with_coremltools import load
from coremltools.converters.mil.mil import types

CODES = ("data", "nonzero_data", "indices", "indices_nonzero_data", "quantized_data")


def is_compressed(variable):
    return variable.op is not None and variable.op.op_type.startswith("constexpr_")


def operands(path):
    """(key, value) of every operand of a package, by the kind of the operation and the operand that use it, and its
    place among all of that kind (names change when coremltools saves a package)."""
    _, program = load(path)
    count = Counter()

    def visit(block):
        for operation in block.operations:
            if operation.op_type.startswith("constexpr_"):
                continue
            count[operation.op_type] += 1
            for operand, variable in operation.inputs.items():
                for place, v in enumerate(variable if isinstance(variable, (list, tuple)) else [variable]):
                    if v is not None:
                        yield (operation.op_type, operand, count[operation.op_type], place), v
            for inner in operation.blocks:
                yield from visit(inner)

    for function in program.functions.values():
        yield from visit(function)


def decoded(variable):
    """The dense value, by coremltools' own function for each operation of a chain."""
    if not is_compressed(variable):
        return variable.val
    operation = variable.op
    given = {name: operation.inputs.get(name) for name in operation.input_spec.input_types}
    value = operation.decompress(**{name: None if v is None else decoded(v) for name, v in given.items()})
    return value[operation.outputs.index(variable)] if isinstance(value, tuple) else value


def chain(variable):
    """The operations that a weight goes through, from its codes on, each once."""
    found = []

    def visit(v):
        if v is not None and is_compressed(v) and v.op not in found:
            for given in v.op.inputs.values():
                visit(given)
            found.append(v.op)

    visit(variable)
    return tuple(operation.op_type for operation in found)


def code_dtype(variable):
    """The dtype of the codes or indices of a weight; before iOS 18 by the length of the table."""
    operation = variable.op
    while True:
        given = next(operation.inputs[name] for name in CODES if operation.inputs.get(name) is not None)
        if not is_compressed(given):
            break
        operation = given.op
    if operation.op_type == "constexpr_lut_to_dense" and "shape" in operation.inputs:
        return f"uint{int(math.log2(operation.inputs['lut'].val.size))}"
    return types.builtin_to_string(given.dtype)


def weights(path):
    """The dense value of every compressed weight."""
    return {key: np.asarray(decoded(v)) for key, v in operands(path) if is_compressed(v)}


def originals(path, keys):
    """The constants of a package that are compressed in another one."""
    return {key: np.asarray(v.val) for key, v in operands(path) if key in keys}
