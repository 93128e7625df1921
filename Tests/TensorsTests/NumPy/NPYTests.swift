// SPDX-License-Identifier: Apache-2.0
import Tensors
import TestSupport
import Testing

/// An `.npy` file with this header and these bytes after it.
func npy(_ header: String, _ data: [UInt8] = [], version: UInt8 = 1) -> [UInt8] {
  let length = header.utf8.count
  let size = (0..<(version == 1 ? 2 : 4)).map { UInt8(length >> (8 * $0) & 0xff) }
  return [0x93] + Array("NUMPY".utf8) + [version, 0] + size + Array(header.utf8) + data
}

func header(_ descr: String = "<i2", fortran: String = "False", shape: String = "(2,)") -> String {
  "{'descr': '\(descr)', 'fortran_order': \(fortran), 'shape': \(shape), }\n"
}

struct NPYCase: Sendable, CustomTestStringConvertible {
  var name: String
  var bytes: [UInt8]
  var message: String
  var testDescription: String { name }

  init(_ name: String, _ bytes: [UInt8], _ message: String) {
    self.name = name
    self.bytes = bytes
    self.message = "malformed-input: " + message
  }
}

@Suite struct NPYTests {
  @Test(
    arguments: [
      (header("<i2"), [1, 0, 0xfe, 0xff], DType.int16, [1.0, -2.0]),
      (header(">i2"), [0, 1, 0xff, 0xfe], .int16, [1, -2]),
      (header("=i2"), [1, 0, 2, 0], .int16, [1, 2]),
      (header("|u1"), [1, 255], .uint8, [1, 255]),
      (header("|b1"), [0, 7], .bool, [0, 1]),
      (header("<f2"), [0, 0x3c, 0, 0xc0], .float16, [1, -2]),
      (header(">f2"), [0x3c, 0, 0xc0, 0], .float16, [1, -2]),
      (header("<f4", shape: "()"), [0, 0, 0x80, 0x3f], .float32, [1]),
      (header(">f8", shape: "(1,)"), [0x40, 0, 0, 0, 0, 0, 0, 0], .float64, [2]),
      (header("<i8", shape: "(1L,)"), [5, 0, 0, 0, 0, 0, 0, 0], .int64, [5]),
      (header("|i1", shape: "(0, 3)"), [], .int8, []),
    ] as [(String, [UInt8], DType, [Double])])
  func reads(_ header: String, _ data: [UInt8], _ dtype: DType, _ values: [Double]) throws {
    for version: UInt8 in [1, 2, 3] {
      let tensor = try NPY.decode(npy(header, data, version: version))
      #expect(tensor.dtype == dtype)
      #expect(tensor.doubles == values)
    }
  }

  @Test func readsColumnMajorOrder() throws {
    let bytes = npy(header("|u1", fortran: "True", shape: "(2, 3)"), [1, 4, 2, 5, 3, 6])
    let tensor = try NPY.decode(bytes)
    #expect(tensor.shape == [2, 3])
    #expect(tensor.doubles == [1, 2, 3, 4, 5, 6])
    let wide = try NPY.decode(
      npy(header(">i2", fortran: "True", shape: "(2, 2)"), [0, 1, 0, 3, 0, 2, 0, 4]))
    #expect(wide.doubles == [1, 2, 3, 4])
  }

  @Test(arguments: [
    DType.bool, .int8, .uint8, .int16, .uint16, .int32, .uint32, .int64, .float16, .float32,
    .float64,
  ])
  func writesWhatItReads(_ dtype: DType) throws {
    for shape in [[], [3], [2, 0], [1, 2, 3]] {
      let values = (0..<shape.reduce(1, *)).map { Double($0 % 2) }
      let tensor = try TensorData(values, as: dtype, shape: shape)
      let bytes = try NPY.encode(tensor)
      #expect((bytes.count - tensor.bytes.count) % 64 == 0)
      #expect(try NPY.decode(bytes) == tensor)
    }
  }

  @Test func writesStrings() {
    let bytes = NPY.encode(["é", "ab"], shape: [2])
    #expect(String(decoding: bytes[10..<60], as: UTF8.self).contains("'descr': '<U2'"))
    #expect(
      Array(bytes.suffix(16)) == [0xe9, 0, 0, 0, 0, 0, 0, 0, 0x61, 0, 0, 0, 0x62, 0, 0, 0])
  }

  @Test func refusesToWriteWhatNumPyLacks() throws {
    let tensor = try TensorData(dtype: .bfloat16, shape: [1], bytes: [0, 0])
    #expect(
      thrownText { _ = try NPY.encode(tensor) }
        == "unsupported-type: an .npy file cannot hold bfloat16 elements")
  }

  static let problems: [NPYCase] = [
    NPYCase("empty", [], "is not an .npy file (begins with nothing)"),
    NPYCase(
      "wrong magic", Array("PK\u{3}\u{4}abcdef".utf8),
      "is not an .npy file (begins with 50 4b 3 4 61 62)"),
    NPYCase("cut after the magic", Array(npy(header()).prefix(6)), "ends inside its header"),
    NPYCase(
      "unknown version", npy(header(), [0, 0, 0, 0], version: 4),
      "has format version 4.0 (readable: 1.0, 2.0, 3.0)"),
    NPYCase(
      "cut inside the length", Array(npy(header(), version: 2).prefix(10)),
      "ends inside its header"),
    NPYCase(
      "cut inside the header", Array(npy(header()).prefix(30)),
      "ends inside its header of 58 bytes (20 are there)"),
    NPYCase(
      "endless header", [0x93] + Array("NUMPY".utf8) + [2, 0, 0xff, 0xff, 0xff, 0xff],
      "has a header of 4294967295 bytes (at most 65536 expected)"),
    NPYCase(
      "header is no dictionary", npy("[1, 2]\n"),
      "has a header that is not a Python dictionary (at byte 0)"),
    NPYCase(
      "header is cut text", npy("{'descr': '<i2', 'fort"),
      "has a header that is not a Python dictionary (at byte 17)"),
    NPYCase(
      "text after the dictionary", npy(header() + "x"),
      "has a header that is not a Python dictionary (at byte 58)"),
    NPYCase(
      "nesting bomb", npy("{'shape': " + String(repeating: "(", count: 60000)),
      "has a header that is not a Python dictionary (at byte 25)"),
    NPYCase(
      "no descr", npy("{'fortran_order': False, 'shape': (2,)}"), "has a header without 'descr'"),
    NPYCase(
      "no shape", npy("{'descr': '<i2', 'fortran_order': False}"), "has a header without 'shape'"),
    NPYCase(
      "shape twice", npy("{'descr': '<i2', 'shape': (1,), 'shape': (2,)}"),
      "has a header with 'shape' twice"),
    NPYCase(
      "unknown key", npy("{'descr': '<i2', 'fortran_order': False, 'shape': (), 'x': 1}"),
      "has a header with the unknown key 'x'"),
    NPYCase(
      "order is no boolean", npy(header(fortran: "0"), [0, 0, 0, 0]),
      "has a header whose 'fortran_order' is neither True nor False"),
    NPYCase(
      "shape is a list", npy(header(shape: "[2]"), [0, 0, 0, 0]),
      "has a header whose 'shape' is not a tuple"),
    NPYCase(
      "negative extent", npy(header(shape: "(-2,)"), [0, 0, 0, 0]),
      "has a header whose 'shape' holds -2, not an extent"),
    NPYCase(
      "extent of 2^63", npy(header(shape: "(9223372036854775808,)")),
      "has a header with the number 9223372036854775808, which is too large"),
    NPYCase(
      "shape that overflows", npy(header(shape: "(4294967296, 4294967296)")),
      "has the shape [4294967296, 4294967296], whose size is beyond all memory"),
    NPYCase(
      "bytes that overflow", npy(header(shape: "(9223372036854775807,)")),
      "has the shape [9223372036854775807], whose size is beyond all memory"),
    NPYCase(
      "too many axes", npy(header(shape: "(" + String(repeating: "1,", count: 65) + ")"), [0, 0]),
      "has 65 axes (at most 64)"),
    NPYCase(
      "too few elements", npy(header(), [0, 0, 0]),
      "is int16 of shape [2], which takes 4 bytes, but has 3"),
    NPYCase(
      "too many elements", npy(header(), [0, 0, 0, 0, 0]),
      "is int16 of shape [2], which takes 4 bytes, but has 5"),
    NPYCase(
      "Python objects", npy(header("|O"), [0x80, 4]),
      "holds Python objects ('|O'), not numbers that a model takes"),
    NPYCase("strings", npy(header("<U3")), "holds strings ('<U3'), not numbers that a model takes"),
    NPYCase("complex", npy(header("<c8")), "holds '<c8', not numbers that a model takes"),
    NPYCase(
      "structured type",
      npy("{'descr': [('a', '<i2')], 'fortran_order': False, 'shape': (1,)}", [0, 0]),
      "holds a structured type, not numbers that a model takes"),
    NPYCase(
      "cut in the magic", Array(npy(header()).prefix(3)),
      "is not an .npy file (begins with 93 4e 55)"),
    NPYCase(
      "a header of nothing", npy(""), "has a header that is not a Python dictionary (at byte 0)"),
    NPYCase(
      "a header that is no text",
      npy("{'descr': '\u{0}\u{1}', 'fortran_order': False, 'shape': (1,)}"),
      "holds '\u{0}\u{1}', not numbers that a model takes"),
    NPYCase(
      "no order", npy("{'descr': '<i2', 'shape': (2,)}"), "has a header without 'fortran_order'"),
    NPYCase(
      "a dtype that is a number", npy("{'descr': 2, 'fortran_order': False, 'shape': (2,)}"),
      "holds a structured type, not numbers that a model takes"),
    NPYCase("an empty dtype", npy(header("")), "holds '', not numbers that a model takes"),
    NPYCase("bytes", npy(header("|S3")), "holds strings ('|S3'), not numbers that a model takes"),
    NPYCase("times", npy(header("<M8[ns]")), "holds '<M8[ns]', not numbers that a model takes"),
    NPYCase(
      "plain bytes of no type", npy(header("|V4")), "holds '|V4', not numbers that a model takes"),
    NPYCase("float128", npy(header("<f16")), "holds '<f16', not numbers that a model takes"),
    NPYCase(
      "an extent that is a fraction", npy(header(shape: "(1.5,)"), [0, 0]),
      "has a header that is not a Python dictionary (at byte 52)"),
    NPYCase(
      "a shape that is a number", npy(header(shape: "2"), [0, 0, 0, 0]),
      "has a header whose 'shape' is not a tuple"),
    NPYCase(
      "a shape of strings", npy(header(shape: "('2',)"), [0, 0, 0, 0]),
      "has a header whose 'shape' holds '2', not an extent"),
    NPYCase(
      "column-major and too short", npy(header(fortran: "True", shape: "(2, 2)"), [0, 0]),
      "is int16 of shape [2, 2], which takes 8 bytes, but has 2"),
    NPYCase(
      "a header that calls a function", npy("__import__('os')"),
      "has a header that is not a Python dictionary (at byte 0)"),
  ]

  @Test(arguments: problems)
  func refuses(_ problem: NPYCase) {
    #expect(thrownText { _ = try NPY.decode(problem.bytes) } == problem.message)
  }

  @Test func thereAreEnough() {
    let names = Self.problems.map { "npy " + $0.name } + NPZTests.problems.map { "npz " + $0.name }
    #expect(names.count >= 60)
    #expect(Set(names).count == names.count)
  }
}
