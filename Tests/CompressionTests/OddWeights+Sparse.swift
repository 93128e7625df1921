// SPDX-License-Identifier: Apache-2.0
import Compression
import Tensors

extension OddWeightsTests {
  private static let limit = PruningScheme.threshold(0.5, minimumSparsity: 0)
  private static let half = PruningScheme.magnitude(sparsity: 0.5)
  private static let pattern = PruningScheme.pattern(zeros: 1, group: 2, .input)
  private static let blocks = PruningScheme.blocks(2, .output, sparsity: 0.5)

  private static func sparse(_ pruning: PruningScheme) -> CompressionScheme {
    CompressionScheme(pruning: pruning, .dense)
  }

  private static func fewBlocks(_ pruning: PruningScheme) -> Outcome {
    .left("has fewer than two groups of channels to be made \(pruning)")
  }

  /// Pruning alone: what is kept is stored as it is, infinities and NaNs too.
  static let sparse: [Row] = {
    var table: [Row] = []
    for pruning in [limit, half, pattern, blocks] {
      let zeros = [Float](repeating: 0, count: 16)
      table += empty(sparse(pruning))
      table +=
        Row(
          what: "all zeros", shape: [4, 4], values: zeros, scheme: sparse(pruning),
          outcome: .stored(zeros)
        ).both
    }
    let inf = Float.infinity
    let expected: [(value: Float, [(PruningScheme, [Float])])] = [
      (
        inf,
        [
          (limit, [1, 2, 0, 4, 1, inf, 2, 3]), (half, [0, 0, 0, 4, 0, inf, 0, 3]),
          (pattern, [0, 2, 0, 4, 0, inf, 0, 3]),
        ]
      ),
      (
        -inf,
        [
          (limit, [1, 2, 0, 4, 1, -inf, 2, 3]), (half, [0, 0, 0, 4, 0, -inf, 0, 3]),
          (pattern, [0, 2, 0, 4, 0, -inf, 0, 3]),
        ]
      ),
      (
        .nan,
        [
          (limit, [1, 2, 0, 4, 1, .nan, 2, 3]), (half, [1, 2, 0.5, 4, 1, .nan, 2, 3]),
          (pattern, [0, 2, 0, 4, 0, .nan, 0, 3]),
        ]
      ),
    ]
    for (value, outcomes) in expected {
      for (pruning, kept) in outcomes {
        var row = Row(
          what: "\(value)", shape: [2, 4], values: [1, 2, 0.5, 4, 1, value, 2, 3],
          scheme: sparse(pruning), outcome: .stored(kept))
        table += row.both
        row.operation = "gather"
        if pruning == pattern {
          row.outcome = .left("is a table, which is not made \(pruning)")
        }
        table += row.both
      }
    }
    table +=
      Row(
        what: "one element", shape: [1, 1], values: [3.5], scheme: sparse(limit),
        outcome: .stored([3.5])
      ).both
    table +=
      Row(
        what: "one element", shape: [1, 1], values: [-3.5], scheme: sparse(half),
        outcome: .stored([0])
      ).both
    for pruning in [pattern, blocks] {
      table +=
        Row(
          what: "one element", shape: [1, 1], values: [3.5], scheme: sparse(pruning),
          outcome: fewBlocks(pruning)
        ).both
    }
    let odd: [Float] = [1, 2, 0.25, 4, -1, 0.5, -2, 3, 0, -0.5, 6, 7, 8, -0.25, 9]
    let rest: [Float] = [1, 2, 0, 4, -1, 0, -2, 3, 0, 0, 6, 7, 8, 0, 9]
    table +=
      Row(
        what: "an odd count", shape: [3, 5], values: odd, scheme: sparse(limit),
        outcome: .stored(rest)
      ).both
    // The median, 2, is dropped with everything below it.
    table +=
      Row(
        what: "an odd count", shape: [3, 5], values: odd, scheme: sparse(half),
        outcome: .stored([0, 0, 0, 4, 0, 0, 0, 3, 0, 0, 6, 7, 8, 0, 9])
      ).both
    for (dtype, tiny) in [(DType.float16, Float(0x1p-24)), (.float32, 0x1p-149)] {
      let small = [tiny, 2 * tiny, -3 * tiny, 7 * tiny]
      // The median is 2.5 times the smallest number, which is rounded to 3 times.
      for (pruning, kept) in [
        (limit, [0, 0, 0, 0]), (half, [0, 0, 0, 7 * tiny]),
        (pattern, [0, 2 * tiny, 0, 7 * tiny]),
        (.threshold(0, minimumSparsity: 0), small),
      ] {
        table.append(
          Row(
            what: "denormals", shape: [1, 4], dtype: dtype, values: small,
            scheme: sparse(pruning), outcome: .stored(kept)))
      }
    }
    // As if a zero followed the last channel.
    table +=
      Row(
        what: "what does not divide", shape: [1, 5], values: [1, 2, 4, 3, 5],
        scheme: sparse(pattern), outcome: .stored([0, 2, 4, 0, 5])
      ).both
    table +=
      Row(
        what: "what does not divide", shape: [5, 1], values: [1, 1, 4, 3, 2],
        scheme: sparse(blocks), outcome: .stored([0, 0, 4, 3, 0])
      ).both
    table +=
      Row(
        what: "what does not divide", shape: [3, 2], values: [1, 1, 4, 3, 2, 1],
        scheme: sparse(blocks), outcome: fewBlocks(blocks)
      ).both
    return table
  }()

  /// Pruning before the others.
  static let joint: [Row] = {
    guard let int8 = try? QuantizationScheme(.int8, .perTensor),
      let int4 = try? QuantizationScheme(.int4, .perChannel),
      let uint4 = try? QuantizationScheme(.uint4, .perChannel),
      let least = try? QuantizationScheme(.int4, .perChannel, fit: .error),
      let blocks = try? QuantizationScheme(.int4, .block(2)),
      let kmeans = try? PaletteScheme(bits: 3),
      let unique = try? PaletteScheme(bits: 3, mode: .unique),
      let uniform = try? PaletteScheme(bits: 3, mode: .uniform),
      let groups = try? PaletteScheme(bits: 3, granularity: .outputGroups(2)),
      let tables = try? PaletteScheme(bits: 3, tableDType: .int8)
    else { return [] }
    let scales: [CompressionScheme.Values] = [
      .linear(int8), .linear(int4), .linear(uint4), .linear(least), .linear(blocks),
    ]
    let palettes: [CompressionScheme.Values] = [
      .palette(kmeans), .palette(unique), .palette(uniform), .palette(groups), .palette(tables),
    ]
    func both(_ values: CompressionScheme.Values) -> CompressionScheme {
      CompressionScheme(pruning: limit, values)
    }
    var table: [Row] = []
    for values in scales + palettes {
      let kind = palettes.contains(values) ? "palette" : "scale"
      table += notFinite(both(values), kind) + empty(both(values))
      let zeros = [Float](repeating: 0, count: 8)
      table +=
        Row(
          what: "all zeros", shape: [2, 4], values: zeros, scheme: both(values),
          outcome: .stored(zeros)
        ).both
      let note: String? =
        values == scales[4]
        ? "quantized per channel: its 1 input channels do not divide into blocks of 2"
        : values == palettes[3]
          ? "palettized per tensor: its 1 output channels do not divide into groups of 2 output "
            + "channels" : nil
      table +=
        Row(
          what: "one element", shape: [1, 1], values: [0.5], scheme: both(values),
          outcome: .stored([0], note: note)
        ).both
    }
    // 15 elements, of which 9 are kept. Every row reaches 7 of the codes of int4.
    let odd: [Float] = [1, 2, 0.25, 7, -1, 0.5, -7, 3, 0, -0.5, 6, 7, 1, -0.25, 2]
    let rest: [Float] = [1, 2, 0, 7, -1, 0, -7, 3, 0, 0, 6, 7, 1, 0, 2]
    for values in [scales[1], scales[2], scales[3], palettes[0], palettes[1]] {
      table +=
        Row(
          what: "an odd count", shape: [3, 5], values: odd, scheme: both(values),
          outcome: .stored(rest)
        ).both
      table +=
        Row(
          what: "one element", shape: [1, 1], values: [-3.5], scheme: both(values),
          outcome: .stored([-3.5])
        ).both
    }
    for (dtype, tiny) in [(DType.float16, Float(0x1p-24)), (.float32, 0x1p-149)] {
      let small = [tiny, 2 * tiny, 0, 7 * tiny]
      for values in [scales[1], scales[2], scales[3], palettes[0], palettes[1]] {
        table.append(
          Row(
            what: "denormals", shape: [1, 4], dtype: dtype, values: small,
            scheme: CompressionScheme(pruning: .threshold(0, minimumSparsity: 0), values),
            outcome: .stored(small)))
      }
    }
    for (values, note) in [
      (scales[4], "quantized per channel: its 5 input channels do not divide into blocks of 2"),
      (
        palettes[3],
        "palettized per tensor: its 3 output channels do not divide into groups of 2 output channels"
      ),
    ] {
      table +=
        Row(
          what: "what does not divide", shape: [3, 5], values: odd, scheme: both(values),
          outcome: .stored(rest, note: note)
        ).both
    }
    return table
  }()
}
