// SPDX-License-Identifier: Apache-2.0
import Compression
import Diagnostics
import MIL
import Tensors
import Testing

@Suite struct SparseWeightTests {
  private static let axes = ChannelAxes(output: 0, input: 1)

  /// Values of a weight `[1, count]`, a scheme, and what is left of the values.
  struct Outcome: Sendable, CustomTestStringConvertible {
    var values: [Double]
    var pruning: PruningScheme
    var kept: [Double]
    var shape: [Int]?
    var testDescription: String { "\(pruning) of \(values)" }
  }

  private static let tiny = 0x1p-24  // the smallest float16
  private static let inf = Double.infinity

  static let outcomes: [Outcome] = [
    .init(values: [0, 0, 0], pruning: .magnitude(sparsity: 0.5), kept: [0, 0, 0]),
    .init(values: [0, 0, 0], pruning: .threshold(0, minimumSparsity: 0), kept: [0, 0, 0]),
    .init(values: [0, 0], pruning: .pattern(zeros: 0, group: 1, .input), kept: [0, 0]),
    .init(values: [3], pruning: .magnitude(sparsity: 0), kept: [3]),
    // The percentile of one element is that element.
    .init(values: [3], pruning: .magnitude(sparsity: 0.01), kept: [0]),
    .init(values: [3], pruning: .threshold(2.5, minimumSparsity: 0), kept: [3]),
    .init(values: [-3], pruning: .threshold(3, minimumSparsity: 0), kept: [0]),
    .init(values: [1, -2, 3, -4, 5], pruning: .magnitude(sparsity: 0.5), kept: [0, 0, 0, -4, 5]),
    .init(values: [1, -2, 3, -4, 5], pruning: .magnitude(sparsity: 0.3), kept: [0, 0, 3, -4, 5]),
    .init(values: [1, -2, 3, -4, 5], pruning: .magnitude(sparsity: 1), kept: [0, 0, 0, 0, 0]),
    .init(values: [1, -2, 3, -4, 5], pruning: .magnitude(sparsity: 0), kept: [1, -2, 3, -4, 5]),
    // Equal magnitudes go together.
    .init(values: [1, -1, 1, -1, 2], pruning: .magnitude(sparsity: 0.2), kept: [0, 0, 0, 0, 2]),
    .init(values: [tiny, -tiny, 1, 2], pruning: .magnitude(sparsity: 0.3), kept: [0, 0, 1, 2]),
    .init(
      values: [tiny, -2 * tiny, 3 * tiny], pruning: .threshold(2 * tiny, minimumSparsity: 0),
      kept: [0, 0, 3 * tiny]),
    // Less than half of the smallest float16 is zero as a threshold.
    .init(values: [tiny, 0], pruning: .threshold(1e-12, minimumSparsity: 0), kept: [tiny, 0]),
    .init(
      values: [1, .nan, -2], pruning: .threshold(1.5, minimumSparsity: 0), kept: [0, .nan, -2]),
    // A percentile among NaNs is none: nothing is dropped.
    .init(values: [1, .nan, -2], pruning: .magnitude(sparsity: 0.5), kept: [1, .nan, -2]),
    .init(values: [1, .nan, -2], pruning: .magnitude(sparsity: 1), kept: [0, 0, 0]),
    .init(values: [1, -inf, 2, 3], pruning: .magnitude(sparsity: 0.5), kept: [0, -inf, 0, 3]),
    .init(values: [1, -inf], pruning: .threshold(inf, minimumSparsity: 0), kept: [0, 0]),
    .init(
      values: [4, -3, 2, -1, 1, 1, -1, -1], pruning: .pattern(zeros: 2, group: 4, .input),
      kept: [4, -3, 0, 0, 0, 0, -1, -1]),
    .init(
      values: [1, 2, 3, 4, 5], pruning: .pattern(zeros: 1, group: 2, .input), kept: [0, 2, 0, 4, 5]),
    .init(
      values: [.nan, 2, -inf, 9, 1, inf], pruning: .pattern(zeros: 2, group: 3, .input),
      kept: [.nan, 0, 0, 0, 0, inf]),
    .init(values: [1, 2, 3], pruning: .pattern(zeros: 1, group: 1, .input), kept: [0, 0, 0]),
    .init(
      values: [1, 1, 2, 2, 5, 0, 3], pruning: .blocks(2, .input, sparsity: 0.4),
      kept: [0, 0, 0, 0, 5, 0, 3]),
    .init(
      values: [1, 3, -6, -7, 0, 3, -9, 2], pruning: .blocks(2, .output, sparsity: 0.5),
      kept: [0, 3, 0, -7, 0, 0, -9, 0], shape: [4, 2]),
    .init(
      values: [3, 4, 7, 6, 1, 8, -3, -8, -2, -3, -4, 0, 5, 4, -3, -2],
      pruning: .pattern(zeros: 1, group: 2, .output),
      kept: [3, 0, 7, 0, 0, 8, 0, -8, 0, 0, -4, 0, 5, 4, 0, -2], shape: [4, 4]),
  ]

  @Test(arguments: outcomes, [DType.float16, .float32])
  func outcome(outcome: Outcome, dtype: DType) throws {
    let shape = outcome.shape ?? [1, outcome.values.count]
    let source = MemorySource(try TensorData(outcome.values, as: dtype, shape: shape))
    let mask = try #require(PrunedMask.mask(source, outcome.pruning, axes: Self.axes))
    let weight = SparseWeight(source, mask, outcome.pruning)
    for opset in [Opset.iOS16, .iOS17, .iOS18] {
      let expression = try weight.expression(in: opset)
      let decoded = try expression.decoded().materialized()
      #expect(decoded.dtype == dtype && decoded.shape == shape)
      let expected = try TensorData(outcome.kept, as: dtype, shape: shape)
      #expect(decoded.bytes == expected.bytes)
      let ones = outcome.kept.count { $0 != 0 }
      #expect(expression.byteCount == ones * dtype.bitWidth / 8 + (outcome.kept.count + 7) / 8)
    }
  }

  private func weight(_ shape: [Int], _ dtype: DType = .float16) throws -> MemorySource {
    var numbers = Numbers(seed: 11)
    let values = (0..<shape.reduce(1, *)).map { _ in Double(numbers.unit()) }
    return MemorySource(try TensorData(values, as: dtype, shape: shape))
  }

  @Test func operandsOfBothForms() throws {
    let source = try weight([5, 7])
    let mask = try #require(
      PrunedMask.mask(source, .magnitude(sparsity: 0.5), axes: Self.axes))
    let weight = SparseWeight(source, mask, .magnitude(sparsity: 0.5))
    for (opset, expected) in [
      (Opset.iOS16, ["float16[17]", "uint8[5]", "uint32[2]"]),
      (.iOS18, ["float16[17]", "uint1[5, 7]"]),
    ] {
      guard case .result(let operation, 0) = try weight.expression(in: opset) else {
        Issue.record("no operation")
        continue
      }
      #expect(operation.type == "constexpr_sparse_to_dense")
      #expect(operation.inputs.map { $0.value.type?.description } == expected)
    }
    let error = #expect(throws: Diagnostic.self) { try weight.expression(in: .iOS15) }
    #expect(error?.message == "sparse weights need the target iOS16, and the model is for iOS15")
  }

  @Test(arguments: [DType.int4, .uint4, .int8, .uint8], QuantizationScheme.Mode.allCases)
  func keptElementsAreQuantized(dtype: DType, mode: QuantizationScheme.Mode) throws {
    var program = try program([96, 64])
    let quantization = try QuantizationScheme(dtype, .block(32), mode)
    let scheme = CompressionScheme(pruning: .magnitude(sparsity: 0.75), .linear(quantization))
    let report = try compress(&program, scheme)
    let entry = try #require(report.entries.first)
    #expect(entry.scheme == scheme && entry.note == nil)
    let decoded = try decoded(program)
    // The same as pruning first and quantizing the dense result, where zeros stay zeros.
    var pruned = try self.program([96, 64])
    _ = try compress(&pruned, CompressionScheme(pruning: .magnitude(sparsity: 0.75), .dense))
    let dense = try self.decoded(pruned)
    let layout = try #require(Self.axes.layout([96, 64], .block(32)))
    let reference = try QuantizedWeight(
      MemorySource(dense), name: "w", scheme: quantization, layout: layout)
    let expected = try reference.decoded(0..<96 * 64)
    #expect(zip(decoded.floats, expected).allSatisfy { $0 == $1 })
    // Equal magnitudes go together.
    let kept = dense.floats.count { $0 != 0 }
    #expect((1500...1536).contains(kept))
    let codes = (kept * dtype.bitWidth + 7) / 8
    let offsets = quantizationHasOffset(dtype, mode) ? 96 * 2 * dtype.bitWidth / 8 : 0
    #expect(entry.bytesAfter == codes + 96 * 64 / 8 + 96 * 2 * 2 + offsets)
    // Quantizing what is sparse already gives the same.
    let again = try compress(&pruned, .linear(quantization))
    #expect(
      again.entries.first?.scheme == CompressionScheme(pruning: .stored, .linear(quantization)))
    #expect(again.entries.first?.bytesBefore == kept * 2 + 96 * 64 / 8)
    #expect(try self.decoded(pruned) == decoded)
    let operations = pruned.functions[0].body.operations.map(\.type)
    #expect(
      operations == [
        "constexpr_sparse_blockwise_shift_scale", "constexpr_sparse_to_dense", "linear", "identity",
      ])
  }

  /// Palettes for kept elements, and how many entries they have to spend.
  static let palettes: [(PaletteScheme.Granularity, Int, DType?)] = [
    (.perTensor, 1, nil), (.perTensor, 4, nil), (.outputGroups(32), 2, nil),
    (.inputGroups(16), 3, nil), (.perTensor, 6, .int8), (.outputGroups(1), 4, nil),
  ]

  @Test(arguments: palettes)
  func keptElementsArePalettized(
    granularity: PaletteScheme.Granularity, bits: Int, table: DType?
  ) throws {
    let palette = try PaletteScheme(bits: bits, granularity: granularity, tableDType: table)
    let scheme = CompressionScheme(pruning: .magnitude(sparsity: 0.75), .palette(palette))
    var program = try program([96, 64])
    let report = try compress(&program, scheme)
    #expect(report.entries.first?.scheme == scheme)
    let result = try decoded(program).floats
    var pruned = try self.program([96, 64])
    _ = try compress(&pruned, CompressionScheme(pruning: .magnitude(sparsity: 0.75), .dense))
    let dense = try decoded(pruned).floats
    for (element, before) in zip(result, dense) { #expect((element == 0) == (before == 0)) }
    // Tables of the kept elements alone: their means fit the elements, all of them beyond 0.74.
    #expect(result.allSatisfy { $0 == 0 || abs($0) > 0.7 })
    #expect(Set(result.filter { $0 != 0 }).count <= tables(granularity) << bits)
    let again = try compress(&pruned, .palette(palette))
    #expect(
      again.entries.first?.scheme == CompressionScheme(pruning: .stored, .palette(palette)))
    #expect(try decoded(pruned).floats == result)
    #expect(
      pruned.functions[0].body.operations.map(\.type).filter { $0.hasPrefix("constexpr") }
        == (table == nil ? [] : ["constexpr_blockwise_shift_scale"])
        + ["constexpr_lut_to_sparse", "constexpr_sparse_to_dense"])
  }

  private func tables(_ granularity: PaletteScheme.Granularity) -> Int {
    switch granularity {
    case .perTensor: 1
    case .outputGroups(let size): 96 / size
    case .inputGroups(let size): 64 / size
    }
  }

  /// Values that fit a table exactly do so without the zeros, which take no entry.
  @Test(arguments: [DType.float16, .float32])
  func palettesSpendNoEntryOnZeros(dtype: DType) throws {
    let values = (0..<64).map { Double([0, 1, -2, 0][$0 % 4]) }
    let source = MemorySource(try TensorData(values, as: dtype, shape: [8, 8]))
    let mask = try #require(PrunedMask.mask(source, .magnitude(sparsity: 0), axes: Self.axes))
    let layout = try #require(
      PaletteLayout(shape: [8, 8], axis: 0, groupSize: nil, clusterSize: 1))
    for mode in [PaletteScheme.Mode.kmeans, .unique, .uniform] {
      let palettized = try PalettizedWeight(
        PrunedSource(source, mask), name: "w", scheme: PaletteScheme(bits: 1, mode: mode),
        layout: layout, ignoresZeros: true)
      let weight = SparseWeight(source, mask, .magnitude(sparsity: 0), stored: palettized)
      let expression = try weight.expression(in: .iOS18)
      #expect(try expression.decoded().materialized().doubles == values)
      #expect(try weight.error().decibels == .infinity)
      #expect(expression.byteCount == 8 + 32 / 8 + 2 * dtype.bitWidth / 8)
    }
  }

  @Test(arguments: [
    (2, false, "a sparse weight cannot have a palette of vectors"),
    (1, true, "a sparse weight cannot have a palette with a scale per channel"),
  ])
  func palettesThatSparseWeightsLack(cluster: Int, scale: Bool, message: String) throws {
    var program = try program([96, 64])
    let palette = try PaletteScheme(bits: 4, clusterSize: cluster, hasChannelScale: scale)
    let scheme = CompressionScheme(pruning: .magnitude(sparsity: 0.5), .palette(palette))
    let error = #expect(throws: DiagnosticList.self) { try compress(&program, scheme) }
    #expect(error?.diagnostics.map(\.message) == [message])
  }

  /// Zeros that a package stores are values like others.
  @Test func storedZerosKeepAnEntry() throws {
    let build = FunctionBuilder(opset: .iOS18)
    let x = build.input("x", .tensor(.float16, fixed: [1, 8]))
    let values = MemorySource(try packed([0, 1, 2, 0, 1, 2, 1, 2, 1, 2, 1, 2], .float16))
    let ones = (0..<32).map { Double($0 % 8 < 3 ? 1 : 0) }
    let bits = try packed(ones, .uint1)
    let mask = MemorySource(try TensorData(dtype: .uint1, shape: [4, 8], bytes: bits.bytes))
    let w = try build.mil.constexpr_sparse_to_dense(
      nonzero_data: build.const("v", Constant(values)), mask: build.const("m", Constant(mask)))
    let y = try build.mil.linear(x: x, weight: w)
    var program = Program(functions: [try build.finish(outputs: [(name: "y", value: y)])])
    let before = try decoded(program).doubles
    let report = try compress(&program, .palette(try PaletteScheme(bits: 2, mode: .unique)))
    #expect(report.quantized.count == 1)
    #expect(try decoded(program).doubles == before)
  }

  private func quantizationHasOffset(_ dtype: DType, _ mode: QuantizationScheme.Mode) -> Bool {
    mode == .asymmetric || dtype.isUnsignedInteger
  }

  private func program(_ shape: [Int], _ opset: Opset = .iOS18) throws -> Program {
    let build = FunctionBuilder(opset: opset)
    let x = build.input("x", .tensor(.float16, fixed: [1, shape[1]]))
    let w = build.const("w", Constant(try weight(shape)))
    let y = try build.mil.linear(x: x, weight: w)
    return Program(functions: [try build.finish(outputs: [(name: "y", value: y)])])
  }

  private func compress(_ program: inout Program, _ scheme: CompressionScheme) throws
    -> CompressionReport
  {
    var options = CompressionOptions(scheme)
    options.minElements = 0
    return try WeightCompressor(options).run(&program)
  }

  /// The weight of the only `linear` operation.
  private func decoded(_ program: Program) throws -> TensorData {
    let function = program.functions[0]
    let linear = try #require(function.body.operations.first { $0.type == "linear" })
    let id = try #require(linear.argument("weight")?.value)
    let expression = try #require(try WeightExpression(of: id, in: function))
    return try expression.decoded().materialized()
  }

  /// A scheme, the target, and why the weight stays as it is.
  static let refusals: [(PruningScheme, Opset, CompressionScheme.Values, String)] = [
    (
      .threshold(0.1, minimumSparsity: 0.5), .iOS18, .dense,
      "only 10.8 % of it would be zero, and less than 50 % is not worth it"
    ),
    (
      .blocks(33, .input, sparsity: 0.5), .iOS18, .dense,
      "has fewer than two groups of channels to be made sparse 50 % in blocks of 33 input channels"
    ),
    (
      .pattern(zeros: 2, group: 49, .output), .iOS18, .dense,
      "has fewer than two groups of channels to be made sparse 2:49 along output channels"
    ),
    (.stored, .iOS18, .dense, "is not sparse"),
  ]

  @Test(arguments: refusals)
  func leftAlone(
    pruning: PruningScheme, opset: Opset, values: CompressionScheme.Values, reason: String
  ) throws {
    var program = try program([96, 64], opset)
    let report = try compress(&program, CompressionScheme(pruning: pruning, values))
    #expect(report.entries.map(\.note) == [reason])
    #expect(report.quantized.isEmpty)
    #expect(program.functions[0].body.operations.map(\.type) == ["const", "linear", "identity"])
  }

  @Test func tablesArePrunedByElementOnly() throws {
    let build = FunctionBuilder(opset: .iOS18)
    let w = build.const("w", Constant(try weight([96, 64])))
    let y = try build.mil.gather(
      x: w, indices: build.input("i", .tensor(.int32, fixed: [3])), axis: 0)
    var program = Program(functions: [try build.finish(outputs: [(name: "y", value: y)])])
    let pattern = CompressionScheme(pruning: .pattern(zeros: 2, group: 4, .input), .dense)
    #expect(
      try compress(&program, pattern).entries.map(\.note) == [
        "is a table, which is not made sparse 2:4 along input channels"
      ])
    var copy = program
    let both = try compress(
      &copy,
      CompressionScheme(
        pruning: pattern.pruning, .linear(try QuantizationScheme(.int8, .perChannel))))
    #expect(
      both.quantized.map(\.note) == pattern.pruning.map { ["is a table, which is not made \($0)"] })
    #expect(
      copy.functions[0].body.operations.map(\.type).contains("constexpr_blockwise_shift_scale"))
    let share = CompressionScheme(pruning: .magnitude(sparsity: 0.5), .dense)
    #expect(try compress(&program, share).quantized.count == 1)
  }

  @Test func anEmptyWeightIsLeftAlone() throws {
    var program = try program([0, 64])
    var options = CompressionOptions(CompressionScheme(pruning: .magnitude(sparsity: 0.5), .dense))
    options.minElements = -1
    let report = try WeightCompressor(options).run(&program)
    #expect(report.entries.map(\.note) == ["is empty"])
  }

  @Test func aSparseWeightIsNotPrunedAgain() throws {
    var program = try program([96, 64], .iOS16)
    let half = CompressionScheme(pruning: .magnitude(sparsity: 0.5), .dense)
    #expect(try compress(&program, half).quantized.count == 1)
    #expect(try compress(&program, half).entries.map(\.note) == ["is sparse already"])
    let int8 = CompressionScheme.linear(try QuantizationScheme(.int8, .perChannel))
    #expect(
      try compress(&program, int8).entries.map(\.note) == [
        "is sparse already; to compress what it keeps needs the target iOS18"
      ])
    #expect(
      program.functions[0].body.operations.map(\.type) == [
        "constexpr_sparse_to_dense", "linear", "identity",
      ])
  }

  @Test func sparseAndQuantizedNeedsATarget() throws {
    var program = try program([96, 64], .iOS17)
    let scheme = CompressionScheme(
      pruning: .magnitude(sparsity: 0.5), .linear(try QuantizationScheme(.int8, .perChannel)))
    let error = #expect(throws: DiagnosticList.self) { try compress(&program, scheme) }
    #expect(
      error?.diagnostics.map(\.message) == [
        "weights both sparse and quantized need the target iOS18, and the model is for iOS17"
      ])
  }

  @Test(arguments: [
    (PruningScheme.magnitude(sparsity: 1.5), "a share of 1.5 zeros is impossible"),
    (.magnitude(sparsity: .nan), "a share of nan zeros is impossible"),
    (.threshold(-1, minimumSparsity: 0), "a threshold of -1.0 is impossible"),
    (.threshold(.nan, minimumSparsity: 0), "a threshold of nan is impossible"),
    (.blocks(1, .output, sparsity: 0.5), "blocks of 1 channels are impossible"),
    (.pattern(zeros: 3, group: 2, .input), "3 zeros of 2 elements are impossible"),
    (.pattern(zeros: 0, group: 0, .input), "0 zeros of 0 elements are impossible"),
  ])
  func impossible(pruning: PruningScheme, message: String) throws {
    let error = #expect(throws: Diagnostic.self) { try pruning.validate() }
    #expect(error?.code == .usage && error?.message == message)
  }

  @Test func whatPruningLoses() throws {
    let values: [Double] = [1, -2, 3, -4]
    let source = MemorySource(try TensorData(values, as: .float16, shape: [2, 2]))
    let pruning = PruningScheme.magnitude(sparsity: 0.5)
    let mask = try #require(PrunedMask.mask(source, pruning, axes: Self.axes))
    let error = try SparseWeight(source, mask, pruning).error()
    #expect(abs(error.decibels - 7.781512503836436) < 1e-9)  // 10 log10(30 / 5)
    #expect(error.largest == 2 && error.saturated == 0)
  }

  /// Numbers as a vector, narrow ones bit by bit.
  private func packed(_ values: [Double], _ dtype: DType) throws -> TensorData {
    if !dtype.isSubByte { return try TensorData(values, as: dtype) }
    let width = dtype.bitWidth
    var bytes = [UInt8](repeating: 0, count: (values.count * width + 7) / 8)
    for (place, value) in values.enumerated() {
      for bit in 0..<width where Int(value) >> bit & 1 == 1 {
        bytes[(place * width + bit) / 8] |= 1 << ((place * width + bit) % 8)
      }
    }
    return try TensorData(dtype: dtype, shape: [values.count], bytes: bytes)
  }

  /// Any range of the kept elements is that part of all of them.
  @Test(arguments: [DType.float16, .float32, .uint4, .uint3, .int8])
  func keptElementsFromAnywhere(dtype: DType) throws {
    let count = 300_000
    var numbers = Numbers(seed: 3)
    let numbersOf = (0..<count).map { _ in Double(numbers.below(7)) }
    let source = MemorySource(try packed(numbersOf, dtype))
    // Long runs without a one, and tiles without any.
    let ones = (0..<count).map { $0 / 70_000 % 2 == 0 && numbers.below(3) == 0 }
    let bits = try packed(ones.map { $0 ? 1 : 0 }, .uint1)
    let mask = try StoredMask(MemorySource(bits), shape: [count])
    let kept = CompactedSource(source, try KeptElements(mask))
    let expected = zip(numbersOf, ones).filter(\.1).map(\.0)
    let whole = try kept.materialized()
    #expect(whole.doubles == expected)
    for _ in 0..<20 {
      let start = numbers.below(expected.count) / 8 * 8
      let range = start..<min(expected.count, start + 1 + numbers.below(40_000))
      var bytes = [UInt8](repeating: 0xAA, count: dtype.byteCount(range.count) ?? 0)
      try bytes.withUnsafeMutableBytes { try kept.read(range, into: $0) }
      let part = try TensorData(dtype: dtype, shape: [range.count], bytes: bytes)
      #expect(part.doubles == Array(expected[range]))
    }
  }
}

extension Numbers {
  fileprivate mutating func below(_ limit: Int) -> Int { Int(next() >> 33) % limit }
}
