// SPDX-License-Identifier: Apache-2.0
import Compression
import Diagnostics
import MIL
import Tensors
import Testing

@Suite struct PalettizedWeightTests {
  /// A weight, how it is divided, and how it is palettized.
  struct Case: Sendable, CustomTestStringConvertible {
    var shape: [Int]
    var axis: Int
    var group: Int?
    var bits = 2
    var mode = PaletteScheme.Mode.kmeans
    var cluster = 1
    var scaled = false
    var int8 = false
    var dtype = DType.float16

    var testDescription: String {
      "\(dtype.rawValue)\(shape) axis \(axis) group \(group ?? 0) \(bits) bits \(mode) cluster "
        + "\(cluster) scaled \(scaled) int8 \(int8)"
    }

    var scheme: PaletteScheme {
      get throws {
        try PaletteScheme(
          bits: bits, mode: mode, granularity: group.map { .outputGroups($0) } ?? .perTensor,
          clusterSize: cluster, hasChannelScale: scaled, tableDType: int8 ? .int8 : nil)
      }
    }
  }

  static let cases: [Case] = [
    Case(shape: [32, 24], axis: 0, group: 8),
    Case(shape: [32, 24], axis: 1, group: 6, bits: 3),
    Case(shape: [32, 24], axis: 0),
    Case(shape: [33, 5], axis: 0, group: 11, bits: 1),
    Case(shape: [7, 9, 3, 3], axis: 1, group: 3, bits: 4),
    Case(shape: [8, 9, 3, 3], axis: 0, group: 4, bits: 4, scaled: true),
    Case(shape: [32, 24], axis: 1, group: 6, bits: 4, scaled: true, int8: true),
    Case(shape: [32, 24], axis: 0, group: 8, bits: 4, int8: true),
    Case(shape: [32, 24], axis: 0, bits: 6, mode: .uniform),
    Case(shape: [3, 4, 10], axis: 2, group: 5, bits: 2, mode: .uniform, scaled: true),
    Case(shape: [32, 24], axis: 0, bits: 2, mode: .table([0.5, -0.5, 0])),
    Case(shape: [32, 24], axis: 1, bits: 2, mode: .table([0.9, 0.1, 0.2, 0.9]), scaled: true),
    Case(shape: [32, 24], axis: 0, group: 8, bits: 3, cluster: 2),
    Case(shape: [32, 24], axis: 1, group: 8, bits: 3, cluster: 4),
    Case(shape: [8, 12, 3], axis: 1, bits: 4, cluster: 2, scaled: true),
    Case(shape: [8, 12, 3], axis: 0, group: 4, bits: 2, cluster: 4, int8: true),
    Case(
      shape: [32, 24], axis: 0, bits: 2, mode: .table([0.5, 0.5, -0.5, 0.5, 0, 0]), cluster: 2),
    Case(shape: [32, 24], axis: 0, group: 8, bits: 4, dtype: .float32),
    Case(shape: [32, 24], axis: 1, group: 6, bits: 2, scaled: true, dtype: .float32),
    Case(shape: [32, 24], axis: 1, bits: 2, cluster: 2, int8: true, dtype: .float32),
    // More than is worked on at a time, contiguous and not.
    Case(shape: [4, 150_001], axis: 0, group: 1, bits: 4),
    Case(shape: [2, 150_000], axis: 1, group: 50_000, bits: 2),
    Case(shape: [3000, 160], axis: 1, group: 8, bits: 2),
    Case(shape: [300, 1000], axis: 0, group: 150, bits: 2, cluster: 2),
    Case(shape: [1100, 1000], axis: 0, bits: 4, dtype: .float32),
  ]

  private func source(_ one: Case) throws -> MemorySource {
    var numbers = Numbers(seed: UInt64(one.bits))
    let values = (0..<one.shape.reduce(1, *)).map { _ in
      Double(numbers.unit()) * Double(numbers.unit())
    }
    return MemorySource(try TensorData(values, as: one.dtype, shape: one.shape))
  }

  private func weight(_ one: Case) throws -> PalettizedWeight {
    try weight(try source(one), one.scheme, axis: one.axis)
  }

  private func weight(
    _ source: any WeightSource, _ scheme: PaletteScheme, axis: Int = 0
  ) throws -> PalettizedWeight {
    let layout = try #require(
      PaletteLayout(
        shape: source.shape, axis: axis, groupSize: scheme.groupSize,
        clusterSize: scheme.clusterSize))
    return try PalettizedWeight(source, name: "w", scheme: scheme, layout: layout)
  }

  private func read(_ source: any WeightSource, by length: Int) throws -> [UInt8] {
    var bytes: [UInt8] = []
    for start in stride(from: 0, to: source.count, by: length) {
      let range = start..<min(start + length, source.count)
      var tile = [UInt8](repeating: 0xee, count: source.dtype.byteCount(range.count) ?? 0)
      try tile.withUnsafeMutableBytes { try source.read(range, into: $0) }
      bytes += tile
    }
    return bytes
  }

  @Test(arguments: cases) func tilesAreTheSameAsTheWhole(one: Case) throws {
    let whole = try weight(one)
    let shape = whole.layout.tableShape(1 << one.bits)
    let bytes = try whole.indices.materialized().bytes
    let tables = try whole.tables(shape: shape).materialized().bytes
    let tiled = try weight(one)
    #expect(try read(tiled.tables(shape: shape), by: 12) == tables)
    for length in [8, 1000, 104_000] where whole.indices.count / length < 500 {
      #expect(try read(tiled.indices, by: length) == bytes)
    }
  }

  /// What is stored decodes to what the weight says of itself.
  @Test(arguments: cases) func storedValuesAreTheDecodedOnes(one: Case) throws {
    let weight = try weight(one)
    let stored = try weight.expression(in: .iOS18).decoded().materialized()
    #expect(stored.dtype == one.dtype && stored.shape == one.shape)
    let decoded = try weight.decoded(0..<weight.source.count)
    #expect(stored.floats == decoded)
  }

  /// Each element has the nearest entry of its table.
  @Test(arguments: cases.filter { !$0.scaled && $0.cluster == 1 })
  func indicesNameTheNearestEntry(one: Case) throws {
    let weight = try weight(one)
    let values = try weight.source.materialized().doubles
    let stored = try weight.expression(in: .iOS18)
    guard case .result(let lookup, _) = stored, let lut = lookup["lut"] else {
      Issue.record("no lookup")
      return
    }
    let tables = try lut.decoded().materialized().doubles
    let decoded = try weight.decoded(0..<values.count).map(Double.init)
    let inner = one.shape[(one.axis + 1)...].reduce(1, *)
    let size = one.group ?? one.shape[one.axis]
    let entries = 1 << one.bits
    var wrong = 0
    for (place, value) in values.enumerated() {
      let group = place / inner % one.shape[one.axis] / size
      let table = tables[(group * entries)..<((group + 1) * entries)]
      let least = table.reduce(Double.infinity) { min($0, abs($1 - value)) }
      if abs(decoded[place] - value) != least { wrong += 1 }
    }
    #expect(wrong == 0)
  }

  /// A group has the table that its elements have by themselves.
  @Test(arguments: cases.filter { $0.group != nil && !$0.scaled })
  func groupsAreIndependent(one: Case) throws {
    let all = try weight(one)
    let entries = (1 << one.bits) * one.cluster
    let tables = try all.tables(shape: all.layout.tableShape(1 << one.bits)).materialized().doubles
    let values = try all.source.materialized().doubles
    let inner = one.shape[(one.axis + 1)...].reduce(1, *)
    let size = one.group ?? 1
    for group in 0..<(one.shape[one.axis] / size) {
      let members = values.indices.filter { $0 / inner % one.shape[one.axis] / size == group }
      var shape = one.shape
      shape[one.axis] = size
      let part = MemorySource(
        try TensorData(members.map { values[$0] }, as: one.dtype, shape: shape))
      var alone = one
      alone.group = nil
      let single = try weight(part, alone.scheme, axis: one.axis)
      let table = try single.tables(shape: single.layout.tableShape(1 << one.bits)).materialized()
      #expect(Array(tables[(group * entries)..<((group + 1) * entries)]) == table.doubles)
    }
  }

  @Test(arguments: [1, 2, 4, 6, 8]) func bytesOfOlderTargets(bits: Int) throws {
    for shape in [[37, 11], [8, 8], [3, 1]] {
      let one = Case(shape: shape, axis: 0, bits: bits)
      let weight = try weight(one)
      guard case .result(let operation, _) = try weight.expression(in: .iOS16),
        case .constant(let indices)? = operation["indices"], let bytes = indices.source
      else {
        Issue.record("no lookup")
        return
      }
      #expect(bytes.dtype == .uint8)
      #expect(bytes.shape == [(shape.reduce(1, *) * bits + 7) / 8])
      #expect(try bytes.materialized().bytes == weight.indices.materialized().bytes)
      for length in [1, 5, 24] {
        #expect(try read(bytes, by: length) == weight.indices.materialized().bytes)
      }
      let decoded = try weight.expression(in: .iOS16).decoded().materialized()
      #expect(decoded.shape == shape)
      #expect(try decoded.floats == weight.decoded(0..<weight.source.count))
    }
  }

  // MARK: Exact outcomes

  struct Small: Sendable, CustomTestStringConvertible {
    var values: [Float16]
    var mode = PaletteScheme.Mode.kmeans
    var bits = 1
    var table: [Float16]
    var decoded: [Float16]
    var int8 = false
    var scaled = false
    var testDescription: String { "\(values) \(mode)" }
  }

  static let small: [Small] = [
    Small(values: [0, 0, 0], table: [0, 0], decoded: [0, 0, 0]),
    Small(values: [0, 0, 0], mode: .uniform, table: [0, 0], decoded: [0, 0, 0]),
    Small(values: [0, 0, 0], table: [0, 0], decoded: [0, 0, 0], int8: true, scaled: true),
    Small(values: [-3], table: [-3, -3], decoded: [-3]),
    Small(values: [-3], mode: .unique, table: [-3, -3], decoded: [-3]),
    Small(values: [2, -0.0, 0], table: [0, 2], decoded: [2, 0, 0]),
    Small(values: [1, 2, 3, 10, 11, 12], table: [2, 11], decoded: [2, 2, 2, 11, 11, 11]),
    Small(values: [0, 1, 9, 10], mode: .uniform, table: [0, 10], decoded: [0, 0, 10, 10]),
    Small(values: [0, 5, 10], mode: .uniform, table: [0, 10], decoded: [0, 0, 10]),
    Small(values: [4, 7, 4], mode: .unique, bits: 2, table: [4, 7, 7, 7], decoded: [4, 7, 4]),
    // Denormals, and the largest numbers there are.
    Small(
      values: [0x1p-24, 0x2p-24, 0x9p-24], table: [0x2p-24, 0x9p-24],
      decoded: [0x2p-24, 0x2p-24, 0x9p-24]),
    Small(
      values: [65504, -65504, 65504], table: [-65504, 65504], decoded: [65504, -65504, 65504]),
    Small(
      values: [65504, -65504, 1], bits: 2, table: [-65504, 0, 65504, 65504],
      decoded: [65504, -65504, 0], int8: true),
    Small(values: [0x1p-24, 0], table: [0, 0x1p-24], decoded: [0x1p-24, 0], int8: true),
    Small(
      values: [1, 2, 3], mode: .table([3, 1]), table: [3, 1], decoded: [1, 1, 3]),
    Small(
      values: [1, 2, 3], mode: .table([2]), bits: 2, table: [2, 2, 2, 2], decoded: [2, 2, 2]),
  ]

  @Test(arguments: small) func exactOutcomes(one: Small) throws {
    let source = MemorySource(TensorData(float16: one.values, shape: [one.values.count, 1]))
    let scheme = try PaletteScheme(
      bits: one.bits, mode: one.mode, hasChannelScale: one.scaled,
      tableDType: one.int8 ? .int8 : nil)
    let weight = try weight(source, scheme)
    guard case .result(let outer, _) = try weight.expression(in: .iOS18) else { return }
    var lookup = outer
    if one.scaled, case .result(let inner, _)? = outer["data"] { lookup = inner }
    let table = try #require(lookup["lut"]).decoded().materialized()
    if !(one.int8 && one.values.contains(65504)) {
      #expect(table.floats == one.table.map(Float.init))
      #expect(try weight.decoded(0..<source.count) == one.decoded.map(Float.init))
    } else {
      // 127 steps of a scale in float16 do not end at 65504 exactly.
      #expect(table.floats.allSatisfy { $0.isFinite })
      #expect(zip(table.floats, one.table).allSatisfy { abs($0 - Float($1)) < 300 })
    }
    #expect(try weight.isFinite())
  }

  /// No palette of 2^bits entries has less error: every division of few values is tried.
  @Test(arguments: 1...20 as ClosedRange<UInt64>) func kmeansIsOptimal(seed: UInt64) throws {
    var numbers = Numbers(seed: seed)
    let values = (0..<7).map { _ in Float16(numbers.unit() * (seed % 2 == 0 ? 1 : 3e-7)) }
    let source = MemorySource(TensorData(float16: values, shape: [7, 1]))
    let weight = try weight(source, PaletteScheme(bits: 2))
    let decoded = try weight.decoded(0..<7)
    let error = zip(values, decoded).reduce(0.0) {
      $0 + (Double($1.0) - Double($1.1)) * (Double($1.0) - Double($1.1))
    }
    var best = Double.infinity
    // Elements in every one of 4^7 ways.
    for code in 0..<(1 << 14) {
      var sums = SIMD4<Double>(repeating: 0)
      var counts = SIMD4<Double>(repeating: 0)
      for place in 0..<7 {
        sums[code >> (2 * place) & 3] += Double(values[place])
        counts[code >> (2 * place) & 3] += 1
      }
      let centers = (0..<4).map { counts[$0] > 0 ? Double(Float16(sums[$0] / counts[$0])) : 0 }
      var total = 0.0
      for place in 0..<7 {
        let difference = Double(values[place]) - centers[code >> (2 * place) & 3]
        total += difference * difference
      }
      best = min(best, total)
    }
    #expect(error <= best * (1 + 1e-12))
  }

  @Test func vectorsOfFewPointsAreExact() throws {
    // Four points, each several times: the clusters are the points.
    let points: [[Float16]] = [[1, 1], [1, -1], [-2, 0.5], [3, 3]]
    let columns = (0..<40).map { points[$0 * 7 % 4] }
    let values = columns.map { $0[0] } + columns.map { $0[1] }
    let source = MemorySource(TensorData(float16: values, shape: [2, 40]))
    let weight = try weight(source, PaletteScheme(bits: 2, clusterSize: 2))
    #expect(try weight.decoded(0..<80) == values.map(Float.init))
    #expect(try weight.error().decibels == .infinity)
  }

  // MARK: Refusals

  @Test(
    arguments: [Float16.infinity, -.infinity, .nan],
    [
      Case(shape: [8, 8], axis: 0, group: 4), Case(shape: [8, 8], axis: 1, group: 4),
      Case(shape: [8, 8], axis: 0, mode: .uniform), Case(shape: [8, 8], axis: 0, mode: .unique),
      Case(shape: [8, 8], axis: 0, mode: .table([1])), Case(shape: [8, 8], axis: 0, scaled: true),
      Case(shape: [8, 8], axis: 0, cluster: 2),
    ])
  func whatIsNotFiniteIsRefused(value: Float16, one: Case) throws {
    for dtype in [DType.float16, .float32] {
      var values = [Double](repeating: 1, count: 64)
      values[40] = Double(value)
      let source = MemorySource(try TensorData(values, as: dtype, shape: [8, 8]))
      let weight = try weight(source, one.scheme, axis: one.axis)
      #expect(try !weight.isFinite())
      let thrown = #expect(throws: Diagnostic.self) { try weight.indices.materialized() }
      #expect(thrown?.code == .notRepresentable)
      #expect(
        thrown?.message == "weight 'w' holds an infinity or a NaN, which no palette can represent")
      #expect(thrown?.remedy == "leave it as it is with --exclude 'w'")
    }
  }

  @Test func tooManyValues() throws {
    for (dtype, number) in [(DType.float16, "5"), (.float32, "more than 4")] {
      let values = (0..<24).map { Double($0 % 5) }
      let source = MemorySource(try TensorData(values, as: dtype, shape: [4, 6]))
      let scheme = try PaletteScheme(bits: 2, mode: .unique, granularity: .outputGroups(2))
      let weight = try weight(source, scheme)
      let thrown = #expect(throws: Diagnostic.self) { try weight.indices.materialized() }
      #expect(
        thrown?.message
          == "group 0 of weight 'w' holds \(number) distinct values, and a table of 2 bits holds 4")
    }
  }

  @Test func tablesThatFloat16CannotHold() throws {
    let source = MemorySource(TensorData(float16: [1, 2], shape: [2, 1]))
    let scheme = try PaletteScheme(bits: 1, mode: .table([1, 70000]))
    let thrown = #expect(throws: Diagnostic.self) { try weight(source, scheme) }
    #expect(thrown?.message == "the table holds 70000.0, which float16 cannot represent")
  }

  @Test func layoutsThatDoNotDivide() {
    #expect(PaletteLayout(shape: [6, 4], axis: 0, groupSize: 4, clusterSize: 1) == nil)
    #expect(PaletteLayout(shape: [6, 4], axis: 0, groupSize: 3, clusterSize: 2) == nil)
    #expect(PaletteLayout(shape: [0, 4], axis: 1, groupSize: 2, clusterSize: 1) == nil)
    #expect(PaletteLayout(shape: [6, 4], axis: 2, groupSize: 2, clusterSize: 1) == nil)
    #expect(PaletteLayout(shape: [6, 4], axis: 0, groupSize: 2, clusterSize: 2)?.groupCount == 3)
  }

  @Test func impossibleSchemes() {
    func message(_ make: () throws -> PaletteScheme) -> String? {
      (#expect(throws: Diagnostic.self) { try make() })?.message
    }
    #expect(message { try PaletteScheme(bits: 5) } == "palettes of 5 bits are impossible")
    #expect(
      message { try PaletteScheme(bits: 4, clusterSize: 3) } == "vectors of 3 are impossible")
    #expect(
      message { try PaletteScheme(bits: 4, granularity: .outputGroups(0)) }
        == "groups of 0 channels are impossible")
    #expect(
      message { try PaletteScheme(bits: 4, granularity: .inputGroups(6), clusterSize: 4) }
        == "groups of 6 channels do not divide into vectors of 4")
    #expect(
      message { try PaletteScheme(bits: 4, mode: .uniform, clusterSize: 2) }
        == "a uniform palette has no vectors")
    #expect(
      message { try PaletteScheme(bits: 4, tableDType: .int4) }
        == "tables cannot be stored in int4")
    #expect(
      message { try PaletteScheme(bits: 1, mode: .table([1, 2, 3])) }
        == "a table of 3 numbers does not fit 1 bits")
    #expect(
      message { try PaletteScheme(bits: 1, mode: .table([])) }
        == "a table of 0 numbers does not fit 1 bits")
    #expect(
      message { try PaletteScheme(bits: 1, mode: .table([.nan])) }
        == "the table holds an infinity or a NaN")
  }

  @Test func schemesInWords() throws {
    #expect(
      try PaletteScheme(bits: 4, granularity: .outputGroups(16)).description
        == "4-bit palette (k-means), groups of 16 output channels")
    #expect(
      try PaletteScheme(
        bits: 6, mode: .table([1, 2]), granularity: .inputGroups(8), clusterSize: 2,
        hasChannelScale: true, tableDType: .int8
      ).description
        == "6-bit palette (given table), groups of 8 input channels, vectors of 2, scale per "
        + "channel, int8 table")
  }

  @Test func whatOlderTargetsLack() throws {
    let source = MemorySource(TensorData(float16: [1, 2, 3, 4], shape: [4, 1]))
    let table: [(PaletteScheme, Opset, String)] = [
      (try PaletteScheme(bits: 4), .iOS15, "palettized weights need the target iOS16"),
      (try PaletteScheme(bits: 3), .iOS17, "palettes of 3 bits need the target iOS18"),
      (try PaletteScheme(bits: 3), .iOS15, "palettes of 3 bits need the target iOS18"),
      (
        try PaletteScheme(bits: 4, granularity: .outputGroups(2)), .iOS16,
        "palettes per group of channels need the target iOS18"
      ),
      (
        try PaletteScheme(bits: 4, clusterSize: 2), .iOS17,
        "palettes of vectors need the target iOS18"
      ),
      (
        try PaletteScheme(bits: 4, hasChannelScale: true), .iOS17,
        "palettes with scales per channel need the target iOS18"
      ),
      (
        try PaletteScheme(bits: 4, tableDType: .int8), .iOS17,
        "palettes with tables of int8 need the target iOS18"
      ),
    ]
    for (scheme, opset, message) in table {
      let weight = try weight(source, scheme)
      let thrown = #expect(throws: Diagnostic.self) { try weight.expression(in: opset) }
      #expect(thrown?.code == .unsupportedByTarget)
      #expect(thrown?.message == "\(message), and the model is for \(opset)")
    }
  }
}
