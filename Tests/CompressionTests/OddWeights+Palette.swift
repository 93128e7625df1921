// SPDX-License-Identifier: Apache-2.0
import Compression
import Tensors

extension OddWeightsTests {
  /// A palette of 2 bits.
  private static func palette(
    _ mode: PaletteScheme.Mode = .kmeans, _ granularity: PaletteScheme.Granularity = .perTensor,
    cluster: Int = 1, scaled: Bool = false, int8: Bool = false
  ) -> CompressionScheme? {
    (try? PaletteScheme(
      bits: 2, mode: mode, granularity: granularity, clusterSize: cluster, hasChannelScale: scaled,
      tableDType: int8 ? .int8 : nil)).map { .palette($0) }
  }

  /// Numbers that tables of every mode hold exactly.
  private static let even: [Float] = [-1, 0, 1, 2]

  static let palettes: [Row] = {
    guard let kmeans = palette(), let uniform = palette(.uniform), let unique = palette(.unique),
      let given = palette(.table(even)), let rows = palette(.kmeans, .outputGroups(1)),
      let columns = palette(.kmeans, .inputGroups(1)), let vectors = palette(cluster: 2),
      let scaled = palette(scaled: true), let int8 = palette(int8: true),
      let pairs = palette(.kmeans, .outputGroups(2))
    else { return [] }
    let single = [kmeans, uniform, unique, given, rows, columns, scaled, int8]
    var table: [Row] = []
    for scheme in single + [vectors, pairs] {
      table += notFinite(scheme, "palette") + empty(scheme)
      let zeros = [Float](repeating: 0, count: 8)
      table +=
        Row(
          what: "all zeros", shape: [2, 4], values: zeros, scheme: scheme, outcome: .stored(zeros)
        ).both
    }
    for scheme in [kmeans, uniform, unique, rows, columns, scaled] {
      for value in [Float(3.5), -3.5] {
        table +=
          Row(
            what: "one element", shape: [1, 1], values: [value], scheme: scheme,
            outcome: .stored([value])
          ).both
      }
    }
    table +=
      Row(
        what: "one element", shape: [1, 1], values: [3.5], scheme: given, outcome: .stored([2])
      ).both
    table +=
      Row(
        what: "one element", shape: [1, 1], values: [-63.5], scheme: int8,
        outcome: .stored([-63.5])
      ).both
    table +=
      Row(
        what: "one element", shape: [1, 1], values: [3.5], scheme: vectors,
        outcome: .left("its 1 output channels do not divide into vectors of 2")
      ).both
    // 15 indices of 2 bits end in the middle of a byte. Every column reaches 2.
    let odd: [Float] = [-1, 0, 1, 2, 2, 2, 2, 0, 1, -1, 1, -1, 2, 0, 0]
    for scheme in [kmeans, uniform, unique, given, rows, columns, scaled] {
      table +=
        Row(
          what: "an odd count", shape: [3, 5], values: odd, scheme: scheme, outcome: .stored(odd)
        ).both
    }
    let codes = odd.map { $0 == 2 ? 127 : 32 * $0 }
    table +=
      Row(
        what: "an odd count", shape: [3, 5], values: codes, scheme: int8, outcome: .stored(codes)
      ).both
    for (dtype, tiny) in [(DType.float16, Float(0x1p-24)), (.float32, 0x1p-149)] {
      let small = [tiny, 2 * tiny, -3 * tiny, 7 * tiny]
      for scheme in [kmeans, unique, rows, columns, scaled] {
        table.append(
          Row(
            what: "denormals", shape: [1, 4], dtype: dtype, values: small, scheme: scheme,
            outcome: .stored(small)))
      }
      // The table is -3, 1/3, 11/3 and 7, rounded to what there is; 2 is nearer to none of 0 and 4.
      table.append(
        Row(
          what: "denormals", shape: [1, 4], dtype: dtype, values: small, scheme: uniform,
          outcome: .stored([0, 0, -3 * tiny, 7 * tiny])))
      table.append(
        Row(
          what: "denormals", shape: [1, 4], dtype: dtype, values: small, scheme: given,
          outcome: .stored([0, 0, 0, 0])))
      // Squares of the smallest float32 are zero, and vectors that far apart are one.
      table.append(
        Row(
          what: "denormals", shape: [2, 2], dtype: dtype, values: small, scheme: vectors,
          outcome: .stored(
            dtype == .float16 ? small : [Float](repeating: 2 * tiny, count: 4))))
      // A 127th of the largest would be zero; the smallest number is taken for the scale.
      table.append(
        Row(
          what: "denormals", shape: [1, 4], dtype: dtype, values: small, scheme: int8,
          outcome: .stored(small)))
    }
    for (scheme, what) in [(pairs, "groups of 2 output channels"), (vectors, "vectors of 2")] {
      let reason = "its 3 output channels do not divide into \(what)"
      var row = Row(
        what: "what does not divide", shape: [3, 5], values: odd, scheme: scheme,
        outcome: scheme == vectors
          ? .left(reason) : .stored(odd, note: "palettized per tensor: \(reason)"))
      table += row.both
      row.refusesIndivisible = true
      row.outcome = .refused(
        .unsupportedArgument, "weight 'w' of shape [3, 5]: \(reason)",
        fix: "choose a size that divides it, or let such weights be treated otherwise")
      table += row.both
    }
    for (dtype, count) in [(DType.float16, "5"), (.float32, "more than 4")] {
      table.append(
        Row(
          what: "too many values", shape: [1, 5], dtype: dtype, values: [1, 2, 3, 4, 5],
          scheme: unique,
          outcome: .left(
            "weight 'w' holds \(count) distinct values, and a table of 2 bits holds 4")))
    }
    return table
  }()
}
