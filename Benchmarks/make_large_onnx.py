#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make_large_onnx.py GIGABYTES OUT.onnx: a chain of linear layers whose weights lie in OUT.onnx.data.

The data are a sparse file: one block of each weight is written, so that no two are equal, the rest are holes. Half of
the weights have to be transposed. Needs no memory to speak of and no packages.
"""
import os
import random
import struct
import sys

WIDTH = 4096
BYTES = 4 * WIDTH * WIDTH


def varint(number):
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(out + bytes([number]))


def field(number, value):
    """A field of a message: a number, or text, bytes or a message with their length before them."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def weight(name, location, offset):
    """A TensorProto: float32, with its elements in another file."""
    entries = {"location": location, "offset": str(offset), "length": str(BYTES)}
    external = b"".join(field(13, field(1, key) + field(2, value)) for key, value in entries.items())
    return field(1, WIDTH) + field(1, WIDTH) + field(2, 1) + field(8, name) + external + field(14, 1)


def gemm(index, transposed):
    attribute = field(1, "transB") + field(3, int(transposed)) + field(20, 2)
    names = [field(1, f"x{index}"), field(1, f"w{index}"), field(2, f"x{index + 1}"), field(3, f"layer{index}")]
    return b"".join(names) + field(4, "Gemm") + field(5, attribute)


def value(name):
    dims = field(1, field(1, 1)) + field(1, field(1, WIDTH))
    return field(1, name) + field(2, field(1, field(1, 1) + field(2, dims)))


def main(gigabytes, path):
    layers = int(float(gigabytes) * 1e9) // BYTES
    data = path + ".data"
    graph = b"".join(field(1, gemm(index, index % 2 == 0)) for index in range(layers)) + field(2, "layers")
    graph += b"".join(field(5, weight(f"w{index}", os.path.basename(data), index * BYTES)) for index in range(layers))
    graph += field(11, value("x0")) + field(12, value(f"x{layers}"))
    with open(path, "wb") as model:
        model.write(field(1, 8) + field(7, graph) + field(8, field(1, "") + field(2, 17)))
    numbers = random.Random(1)
    with open(data, "wb") as file:
        file.truncate(layers * BYTES)
        for index in range(layers):
            file.seek(index * BYTES)
            file.write(struct.pack("<1024f", *(numbers.gauss(0, 0.02) for _ in range(1024))))


if __name__ == "__main__":
    main(*sys.argv[1:])
