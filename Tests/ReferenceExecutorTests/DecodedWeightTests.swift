// SPDX-License-Identifier: Apache-2.0
import Compression
import MIL
import Tensors
import Testing

@testable import ReferenceExecutor

/// Weights decoded a tile at a time are what the executor's kernels give at once.
@Suite struct DecodedWeightTests {
  @Test func recordedResults() throws {
    let cases = try RecordedCase.load("compression").filter {
      $0.operation.hasPrefix("constexpr_")
    }
    #expect(cases.count > 10)
    for problem in cases {
      let inputs = try problem.operands.map { name, tensors in
        (name: name, value: WeightExpression.constant(try constant(tensors[0])))
      }
      let operation = WeightOperation(
        problem.operation, inputs, problem.results.map { TensorType($0.dtype, fixed: $0.shape) })
      for (output, expected) in problem.results.enumerated() {
        let found = try WeightExpression.result(operation, output: output).decoded().materialized()
        let isMask = expected.dtype == .uint8
        #expect(found.shape == expected.shape, "\(problem)")
        #expect(isMask || found.dtype == expected.dtype, "\(problem)")
        #expect(found.doubles == expected.doubles, "\(problem)")
      }
    }
  }

  private func constant(_ tensor: Tensor) throws -> Constant {
    tensor.dtype == .string ? Constant(string: "fp32") : Constant(try tensor.data())
  }

  @Test(arguments: DecodingCase.all)
  func agreesWithTheKernels(_ problem: DecodingCase) throws {
    let expression = try problem.build()
    let expected = try Execution.run(expression)
    let source = try expression.decoded()
    let whole = try source.materialized()
    #expect(whole.dtype == expected.dtype && whole.shape == expected.shape)
    #expect(whole.doubles.map(\.bitPattern) == expected.doubles.map(\.bitPattern))
    // Any piece is a piece of the whole, whatever was read before.
    let again = try expression.decoded()
    for range in problem.ranges(of: whole.count, bits: source.dtype.bitWidth) {
      var bytes = [UInt8](repeating: 0xEE, count: source.dtype.byteCount(range.count) ?? 0)
      try bytes.withUnsafeMutableBytes { try again.read(range, into: $0) }
      let piece = try TensorData(dtype: source.dtype, shape: [range.count], bytes: bytes)
      #expect(piece.doubles.elementsEqual(whole.doubles[range], by: Self.isSame), "\(range)")
    }
  }

  private static func isSame(_ a: Double, _ b: Double) -> Bool { a.bitPattern == b.bitPattern }
}

/// Runs an expression with the executor's kernels, one operation after the other.
private enum Execution {
  static func run(_ expression: WeightExpression) throws -> Tensor {
    switch expression {
    case .constant(let constant):
      return try #require(constant.runtimeValue().tensor)
    case .result(let operation, let output):
      let isPacked = operation["shape"] != nil || operation.type.contains("affine")
      let results = try Evaluator.evaluate(
        operation.type, opset: isPacked ? .iOS16 : .iOS18,
        operands: operation.inputs.map { ($0.name, [try run($0.value)]) })
      return results[output]
    }
  }
}

/// An expression over numbers that look random.
struct DecodingCase: Sendable, CustomTestStringConvertible {
  var testDescription: String
  var build: @Sendable () throws -> WeightExpression

  init(_ name: String, _ build: @escaping @Sendable (inout Numbers) throws -> WeightExpression) {
    testDescription = name
    self.build = {
      var numbers = Numbers(name)
      return try build(&numbers)
    }
  }

  /// Pieces that start with a byte: of all lengths, at either end and across tiles.
  func ranges(of count: Int, bits: Int) -> [Range<Int>] {
    var numbers = Numbers(testDescription + "ranges")
    let step = bits < 8 ? 8 : 1
    var ranges = [0..<min(1, count), max(0, count - 1) / step * step..<count]
    for length in [1, 3, 17, 100, 1000, 40000] {
      let start = numbers.below(max(1, count)) / step * step
      ranges.append(start..<min(count, start + length))
    }
    return ranges.filter { !$0.isEmpty }
  }

  static let all = blockwise + affine + tables + sparse + chains

  // MARK: Scales

  private static let divisions: [(shape: [Int], blocks: [Int])] = [
    ([6, 64], [6, 2]), ([6, 64], [6, 1]), ([6, 64], [1, 1]), ([6, 64], [3, 64]),
    ([64, 7], [2, 7]),
    ([5, 6, 3, 3], [5, 2, 1, 1]), ([6, 5, 3, 3], [2, 5, 1, 1]), ([4, 6, 8], [2, 3, 4]),
    ([96], [3]), ([200, 512], [200, 16]), ([512, 200], [16, 200]), ([3, 40_000], [3, 1]),
    ([40_000, 3], [1, 3]), ([1, 1], [1, 1]), ([3, 0], [3, 1]),
  ]

  private static let blockwise: [DecodingCase] = divisions.flatMap { shape, blocks in
    let dtypes: [(DType, DType, DType?)] = [
      (.int4, .float16, nil), (.int4, .float16, .int4), (.uint4, .float32, .uint4),
      (.int8, .float16, nil), (.uint8, .float16, .uint8), (.int8, .float32, .int8),
      (.uint8, .float16, .float16), (.int8, .float16, .float32), (.float16, .float16, .float16),
      (.float32, .float16, nil), (.float32, .float32, .float32),
    ]
    return dtypes.map { data, scale, offset in
      DecodingCase(
        "blockwise \(shape) in \(blocks) \(data) \(scale) \(offset?.rawValue ?? "-")"
      ) { numbers in
        try numbers.blockwise(
          numbers.constant(data, shape), shape, blocks, scale: scale, offset: offset)
      }
    }
  }

  private static let affine: [DecodingCase] = [
    (DType.int8, DType.float16, 0, true, true), (.uint8, .float32, 1, true, false),
    (.uint8, .float16, -1, false, true), (.int8, .float32, 0, false, false),
  ].map { data, scale, axis, scales, zeros in
    DecodingCase("affine \(data) \(scale) \(axis) \(scales) \(zeros)") { numbers in
      let shape = [30, 30, 41]
      let count = shape[axis < 0 ? axis + 3 : axis]
      return .operation(
        "constexpr_affine_dequantize",
        [
          ("quantized_data", try numbers.constant(data, shape)),
          ("zero_point", try numbers.constant(data, zeros ? [count] : [])),
          ("scale", try numbers.constant(scale, scales ? [count] : [])),
          ("axis", .constant(Constant(int32: axis))),
        ], TensorType(scale, fixed: shape))
    }
  }

  // MARK: Tables

  private static let tables: [DecodingCase] =
    [(1, DType.uint1), (2, .uint2), (3, .uint3), (4, .uint4), (6, .uint6), (8, .uint8)]
    .flatMap { bits, dtype in
      let layouts: [(shape: [Int], groups: [Int], size: Int, axis: Int?, table: DType)] = [
        ([12, 10], [1, 1], 1, nil, .float16), ([12, 10], [3, 1], 1, 0, .float32),
        ([12, 10], [1, 5], 1, nil, .int8), ([300, 200], [20, 1], 1, nil, .float16),
        ([6, 4, 3, 3], [2, 1, 1, 1], 2, 0, .float16), ([6, 4, 3, 3], [1, 2, 1, 1], 4, 1, .uint8),
        ([12, 10], [2, 1], 2, 1, .float16), ([150, 300], [1, 3], 4, 0, .float16),
        ([40, 1500], [10, 1], 2, 0, .float32), ([1500, 40], [1, 1], 2, -1, .float16),
      ]
      return layouts.map { shape, groups, size, axis, table in
        DecodingCase("table \(dtype) \(shape) \(groups) \(size) \(axis ?? 9) \(table)") { numbers in
          try numbers.lookup(
            numbers.constant(dtype, shape), shape, groups, bits: bits, size: size, axis: axis, table
          )
        }
      }
    }
    + [(2, [5]), (4, [3, 7]), (16, [33]), (64, [9, 31]), (256, [4, 4])].map { entries, shape in
      DecodingCase("packed table of \(entries) \(shape)") { numbers in
        let bits = entries.trailingZeroBitCount
        let bytes = (shape.reduce(1, *) * bits + 7) / 8
        return .operation(
          "constexpr_lut_to_dense",
          [
            ("indices", try numbers.constant(.uint8, [bytes])),
            ("lut", try numbers.constant(.float16, [entries])), ("shape", Numbers.shape(shape)),
          ], TensorType(.float16, fixed: shape))
      }
    }

  // MARK: Sparse

  private static let sparse: [DecodingCase] =
    [DType.float16, .float32, .int8, .uint8].flatMap { dtype in
      [([13, 11], 0.3), ([300, 333], 0.5), ([3, 50_000], 0.01), ([40], 0), ([41, 40], 1)].map {
        (shape: [Int], share: Double) in
        DecodingCase("sparse \(dtype) \(shape) \(share)") { numbers in
          let (mask, count) = try numbers.mask(shape, share)
          return Numbers.dense(mask, try numbers.constant(dtype, [count]), dtype, shape)
        }
      }
    } + [
      DecodingCase("packed sparse") { numbers in
        let (mask, count) = try numbers.mask([100, 33], 0.4)
        guard case .constant(let bits) = mask, case .tensor(let data) = bits.payload else {
          return mask
        }
        return .operation(
          "constexpr_sparse_to_dense",
          [
            ("nonzero_data", try numbers.constant(.float16, [count])),
            ("mask", .constant(Constant(TensorData(uint8: data.bytes)))),
            ("shape", Numbers.shape([100, 33])),
          ], TensorType(.float16, fixed: [100, 33]))
      }
    ]

  // MARK: Chains

  private static let chains: [DecodingCase] = [
    DecodingCase("table, then a scale per channel") { numbers in
      let table = try numbers.lookup(
        numbers.constant(.uint4, [40, 96]), [40, 96], [10, 1], bits: 4, size: 1, axis: nil,
        .float16)
      return try numbers.blockwise(table, [40, 96], [40, 1], scale: .float16, offset: nil)
    },
    DecodingCase("quantized table") { numbers in
      let table = try numbers.lookup(
        numbers.constant(.uint6, [40, 96]), [40, 96], [10, 1], bits: 6, size: 1, axis: nil, .int8)
      return try numbers.blockwise(table, [40, 96], [10, 1], scale: .float16, offset: .int8)
    },
    DecodingCase("sparse codes") { numbers in
      let (mask, count) = try numbers.mask([128, 300], 0.5)
      let scaled = try numbers.sparseBlockwise(
        mask, numbers.constant(.int4, [count]), count, [128, 300], [128, 1], offset: nil)
      return Numbers.dense(
        .result(scaled, output: 0), .result(scaled, output: 1), .float16, [128, 300])
    },
    DecodingCase("sparse codes with offsets, spread by another mask") { numbers in
      let (mask, count) = try numbers.mask([128, 300], 0.5)
      let scaled = try numbers.sparseBlockwise(
        mask, numbers.constant(.uint8, [count]), count, [128, 300], [128, 10], offset: .uint8)
      let other = try numbers.mask([300, 400], count: count)
      return Numbers.dense(other, .result(scaled, output: 1), .float16, [300, 400])
    },
    DecodingCase("sparse values alone") { numbers in
      let (mask, count) = try numbers.mask([128, 300], 0.2)
      let scaled = try numbers.sparseBlockwise(
        mask, numbers.constant(.int8, [count]), count, [128, 300], [1, 300], offset: .int8)
      return .result(scaled, output: 1)
    },
    DecodingCase("sparse table") { numbers in
      let found = try numbers.sparseLookup([64, 300], [4, 1], size: 1, axis: nil, .float16)
      return Numbers.dense(
        .result(found, output: 0), .result(found, output: 1), .float16, [64, 300])
    },
    DecodingCase("sparse vectors along 0") { numbers in
      let found = try numbers.sparseLookup([64, 300], [1, 3], size: 4, axis: 0, .float16)
      return Numbers.dense(
        .result(found, output: 0), .result(found, output: 1), .float16, [256, 300])
    },
    DecodingCase("sparse vectors along 1") { numbers in
      let found = try numbers.sparseLookup([64, 300], [4, 1], size: 2, axis: 1, .float16)
      return Numbers.dense(
        .result(found, output: 0), .result(found, output: 1), .float16, [64, 600])
    },
    DecodingCase("sparse quantized table") { numbers in
      let found = try numbers.sparseLookup([64, 300], [4, 1], size: 1, axis: nil, .int8)
      let scaled = try numbers.sparseBlockwise(
        .result(found, output: 0), .result(found, output: 1), found.outputs[1].count ?? 0,
        [64, 300], [4, 1], offset: nil)
      return Numbers.dense(
        .result(scaled, output: 0), .result(scaled, output: 1), .float16, [64, 300])
    },
    DecodingCase("cast") { numbers in
      .operation(
        "constexpr_cast",
        [
          ("source_val", try numbers.constant(.float16, [300, 301])),
          ("output_dtype", .constant(Constant(string: "fp32"))),
        ], TensorType(.float32, fixed: [300, 301]))
    },
  ]
}

/// Numbers that look random, the same every time.
struct Numbers {
  private var state: UInt64

  init(_ name: String) {
    state = name.utf8.reduce(0x9E37_79B9_7F4A_7C15) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 } | 1
  }

  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state &* 0x2545_F491_4F6C_DD1D
  }

  mutating func below(_ limit: Int) -> Int { Int(next() >> 33) % limit }
  mutating func unit() -> Double { Double(next() >> 11) / 0x1p53 }

  /// A constant with every bit pattern of an integer dtype, or floats around zero.
  mutating func constant(_ dtype: DType, _ shape: [Int]) throws -> WeightExpression {
    let count = shape.reduce(1, *)
    if dtype.isFloat {
      let values = (0..<count).map { _ in unit() * 4 - 2 }
      return .constant(Constant(try TensorData(values, as: dtype, shape: shape)))
    }
    var bytes = (0..<(dtype.byteCount(count) ?? 0)).map { _ in
      UInt8(truncatingIfNeeded: next() >> 20)
    }
    let used = count * dtype.bitWidth % 8
    if used != 0, !bytes.isEmpty { bytes[bytes.count - 1] &= 1 << UInt8(used) - 1 }
    return .constant(Constant(try TensorData(dtype: dtype, shape: shape, bytes: bytes)))
  }

  static func shape(_ shape: [Int]) -> WeightExpression {
    .constant(Constant(TensorData(int32: shape.map { Int32($0) })))
  }

  mutating func blockwise(
    _ data: WeightExpression, _ shape: [Int], _ blocks: [Int], scale: DType, offset: DType?
  ) throws -> WeightExpression {
    var inputs = [("data", data), ("scale", try constant(scale, blocks))]
    if let offset { inputs.append(("offset", try constant(offset, blocks))) }
    return .operation(
      "constexpr_blockwise_shift_scale", inputs, TensorType(scale, fixed: shape))
  }

  mutating func lookup(
    _ indices: WeightExpression, _ shape: [Int], _ groups: [Int], bits: Int, size: Int, axis: Int?,
    _ table: DType
  ) throws -> WeightExpression {
    var inputs = [("indices", indices), ("lut", try constant(table, groups + [1 << bits, size]))]
    if let axis { inputs.append(("vector_axis", .constant(Constant(int32: axis)))) }
    var result = shape
    if let axis { result[axis < 0 ? axis + shape.count : axis] *= size }
    return .operation("constexpr_lut_to_dense", inputs, TensorType(table, fixed: result))
  }

  /// A mask with about this share of ones, and how many there are.
  mutating func mask(_ shape: [Int], _ share: Double) throws -> (WeightExpression, Int) {
    let bits = (0..<shape.reduce(1, *)).map { _ in unit() < share }
    return (try Self.mask(bits, shape), bits.count { $0 })
  }

  /// A mask with exactly `count` ones.
  mutating func mask(_ shape: [Int], count: Int) throws -> WeightExpression {
    var bits = [Bool](repeating: false, count: shape.reduce(1, *))
    var left = count
    while left > 0 {
      let place = below(bits.count)
      if !bits[place] { (bits[place], left) = (true, left - 1) }
    }
    return try Self.mask(bits, shape)
  }

  private static func mask(_ bits: [Bool], _ shape: [Int]) throws -> WeightExpression {
    var bytes = [UInt8](repeating: 0, count: (bits.count + 7) / 8)
    for (place, bit) in bits.enumerated() where bit { bytes[place / 8] |= 1 << UInt8(place % 8) }
    return .constant(Constant(try TensorData(dtype: .uint1, shape: shape, bytes: bytes)))
  }

  mutating func sparseBlockwise(
    _ mask: WeightExpression, _ values: WeightExpression, _ count: Int, _ shape: [Int],
    _ blocks: [Int], offset: DType?
  ) throws -> WeightOperation {
    var inputs = [
      ("data_mask", mask), ("nonzero_data", values), ("scale", try constant(.float16, blocks)),
    ]
    if let offset { inputs.append(("offset", try constant(offset, blocks))) }
    return WeightOperation(
      "constexpr_sparse_blockwise_shift_scale", inputs,
      [TensorType(.uint1, fixed: shape), TensorType(.float16, fixed: [count])])
  }

  mutating func sparseLookup(
    _ shape: [Int], _ groups: [Int], size: Int, axis: Int?, _ table: DType
  ) throws -> WeightOperation {
    let (mask, count) = try mask(shape, 0.4)
    var inputs = [
      ("indices_mask", mask), ("indices_nonzero_data", try constant(.uint4, [count])),
      ("lut", try constant(table, groups + [16, size])),
    ]
    if let axis { inputs.append(("vector_axis", .constant(Constant(int32: axis)))) }
    var grown = shape
    if let axis { grown[axis] *= size }
    return WeightOperation(
      "constexpr_lut_to_sparse", inputs,
      [TensorType(.uint1, fixed: grown), TensorType(table, fixed: [count * size])])
  }

  static func dense(
    _ mask: WeightExpression, _ values: WeightExpression, _ dtype: DType, _ shape: [Int]
  ) -> WeightExpression {
    .operation(
      "constexpr_sparse_to_dense", [("nonzero_data", values), ("mask", mask)],
      TensorType(dtype, fixed: shape))
  }
}
