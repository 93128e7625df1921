// SPDX-License-Identifier: Apache-2.0
import CoreMLPackage
import Foundation
import MIL
import Tensors
import Testing

/// Small programs that exercise what packages have to express.
enum Programs {
  /// A named program and the specification version it is packed for.
  struct Sample: CustomTestStringConvertible {
    let name: String
    let version: Int
    let make: @Sendable (Opset) throws -> Program
    var enumeratedShapes: [String: [[Int]]] = [:]

    var testDescription: String { name }

    func package() throws -> ModelPackage {
      let opset = Opset(specificationVersion: version) ?? .iOS15
      return try ModelPackage(
        program: make(opset), specificationVersion: version, enumeratedShapes: enumeratedShapes)
    }
  }

  static let all: [Sample] = [
    Sample(name: "mlp-iOS15", version: 6) { try mlp($0, .float32) },
    Sample(name: "mlp-iOS16", version: 7) { try mlp($0, .float16) },
    Sample(name: "accumulator", version: 9, make: accumulator),
    Sample(name: "range", version: 8) {
      try flexible($0, .init(lower: 1, upper: 512, example: 16))
    },
    Sample(name: "enumerated", version: 7) {
      try flexible($0, .init(lower: 64, upper: 256, example: 128, allowed: [64, 128, 256]))
    },
    Sample(
      name: "enumerated-listed", version: 9, make: twoAxes,
      enumeratedShapes: ["x": [[1, 8, 4], [1, 16, 4], [2, 8, 4]]]),
    Sample(name: "functions", version: 9, make: functions),
    Sample(name: "constants", version: 9, make: constants),
    Sample(name: "constants-iOS15", version: 6, make: constants),
    Sample(name: "compressed-iOS16", version: 7, make: compressedAttributes),
    Sample(name: "compressed-iOS18", version: 9, make: compressedLiterals),
    Sample(name: "affine-iOS18", version: 9, make: compressedAttributes),
    Sample(name: "names", version: 9, make: names),
  ]

  static func sample(_ name: String) throws -> Sample {
    try #require(all.first { $0.name == name })
  }

  private static func weights(_ shape: [Int], _ dtype: DType, seed: Int = 1) throws -> Constant {
    let count = shape.reduce(1, *)
    let values = (0..<count).map { Double(($0 * 7 + seed) % 13) / 8 - 0.75 }
    return Constant(MemorySource(try TensorData(values, as: dtype, shape: shape)))
  }

  private static func program(_ build: FunctionBuilder, _ outputs: [(String, Value)]) throws
    -> Program
  {
    Program(functions: [try build.finish(outputs: outputs.map { (name: $0.0, value: $0.1) })])
  }

  static func mlp(_ opset: Opset, _ dtype: DType) throws -> Program {
    let build = FunctionBuilder(opset: opset)
    let x = build.input("x", .tensor(dtype, fixed: [2, 16]))
    let w1 = build.const("w1", try weights([32, 16], dtype))
    let b1 = build.const("b1", try weights([32], dtype))
    let h = try build.mil.relu(x: build.mil.linear(x: x, weight: w1, bias: b1))
    let w2 = build.const("w2", try weights([4, 32], dtype, seed: 5))
    let y = try build.mil.linear(x: h, weight: w2, bias: .constant(weights([4], dtype)))
    return try program(build, [("y", try build.mil.softmax(x: y, axis: -1))])
  }

  static func accumulator(_ opset: Opset) throws -> Program {
    let build = FunctionBuilder(opset: opset)
    let x = build.input("x", .tensor(.float16, fixed: [1]))
    let state = build.input("accumulator", .state(TensorType(.float16, fixed: [1])))
    let old = try build.mil.read_state(input: state)
    let new = try build.mil.add(x: old, y: x)
    try build.emit("write_state", ["input": state, "data": new])
    let again = try build.mil.read_state(input: state)
    return try program(build, [("y", try build.mil.mul(x: again, y: again))])
  }

  static func flexible(_ opset: Opset, _ entry: SymbolTable.Entry) throws -> Program {
    let build = FunctionBuilder(opset: opset)
    build.symbols["T"] = entry
    let x = build.input("x", .tensor(.float32, [1, .symbol("T"), 8]))
    let y = try build.mil.matmul(x: x, y: x, transpose_y: true)
    return try program(build, [("scores", y), ("doubled", try build.mil.add(x: x, y: x))])
  }

  static func twoAxes(_ opset: Opset) throws -> Program {
    let build = FunctionBuilder(opset: opset)
    build.symbols["B"] = .init(lower: 1, upper: 2, example: 1)
    build.symbols["T"] = .init(lower: 8, upper: 16, example: 8)
    let x = build.input("x", .tensor(.float32, [.symbol("B"), .symbol("T"), 4]))
    return try program(build, [("y", try build.mil.exp(x: x))])
  }

  static func functions(_ opset: Opset) throws -> Program {
    let shared = try weights([8, 8], .float16)
    let made = try ["main", "other"].map { name -> Function in
      let build = FunctionBuilder(name: name, opset: opset)
      let x = build.input("x", .tensor(.float16, fixed: [1, 8]))
      let y = try build.mil.linear(x: x, weight: build.const("shared", shared))
      let z = name == "main" ? y : try build.mil.relu(x: y)
      return try build.finish(outputs: [(name: "y", value: z)])
    }
    return Program(functions: made)
  }

  /// Constants of every kind, each with a use.
  static func constants(_ opset: Opset) throws -> Program {
    let build = FunctionBuilder(opset: opset)
    let x = build.input("x", .tensor(.float32, fixed: [12]))
    var sum = x
    for dtype in [DType.float16, .int32, .float32] {
      let value = build.const("c_\(dtype.rawValue)", try weights([12], dtype))
      sum = try build.mil.add(x: sum, y: build.mil.cast(x: value, dtype: "fp32"))
    }
    let flags = build.const("flags", Constant(TensorData(bool: (0..<12).map { $0 % 3 == 0 })))
    let chosen = try build.mil.select(cond: flags, a: sum, b: x)
    let empty = build.const("empty", Constant(TensorData(float32: [], shape: [0])))
    let joined = try build.mil.concat(values: .many([chosen, empty]), axis: 0)
    return try program(build, [("y", joined)])
  }

  static func compressedAttributes(_ opset: Opset) throws -> Program {
    let build = FunctionBuilder(opset: opset)
    let x = build.input("x", .tensor(.float16, fixed: [2, 16]))
    let weight = try build.mil.constexpr_affine_dequantize(
      quantized_data: build.const("q", try weights([32, 16], .int8)),
      zero_point: .constant(Constant(TensorData([0], as: .int8, shape: []))),
      scale: .constant(weights([32], .float16)), axis: 0)
    return try program(build, [("y", try build.mil.linear(x: x, weight: weight))])
  }

  static func compressedLiterals(_ opset: Opset) throws -> Program {
    let build = FunctionBuilder(opset: opset)
    let x = build.input("x", .tensor(.float16, fixed: [2, 16]))
    let packed = try TensorData(
      dtype: .int4, shape: [32, 16], bytes: (0..<256).map { UInt8($0 & 0xff) })
    let weight = try build.mil.constexpr_blockwise_shift_scale(
      data: build.const("q", Constant(MemorySource(packed))),
      scale: build.const("s", try weights([32, 2], .float16)))
    let ragged = try TensorData(dtype: .uint3, shape: [13], bytes: [0x88, 0xc6, 0xfa, 0x88, 0x46])
    let table = try TensorData((0..<8).map(Double.init), as: .float16, shape: [1, 8, 1])
    let bias = try build.mil.constexpr_lut_to_dense(
      indices: .constant(Constant(ragged)), lut: .constant(Constant(table)))
    let y = try build.mil.linear(x: x, weight: weight)
    return try program(build, [("y", y), ("looked_up", try build.mil.add(x: bias, y: bias))])
  }

  /// Names that a program may not have.
  static func names(_ opset: Opset) throws -> Program {
    let build = FunctionBuilder(opset: opset)
    let x = build.input("input.1", .tensor(.float32, fixed: [4, 4]))
    let w = build.const("layers.0.weight", try weights([4, 4], .float32))
    let v = build.const("layers_0_weight", try weights([4, 4], .float32, seed: 2))
    let y = try build.mil.matmul(x: build.mil.matmul(x: x, y: w), y: v)
    return try program(build, [("3d/out", y), ("state", try build.mil.relu(x: y))])
  }
}
