// SPDX-License-Identifier: Apache-2.0
import Compression
import Tensors

extension OddWeightsTests {
  private static func scheme(
    _ dtype: DType, _ granularity: QuantizationScheme.Granularity,
    _ fit: QuantizationScheme.Fit, _ mode: QuantizationScheme.Mode = .symmetric
  ) -> CompressionScheme? {
    (try? QuantizationScheme(dtype, granularity, mode, fit: fit)).map { .linear($0) }
  }

  /// Linear quantization.
  static let linear: [Row] = QuantizationScheme.Fit.allCases.flatMap { fit -> [Row] in
    guard let int4 = scheme(.int4, .perChannel, fit), let blocks = scheme(.int4, .block(4), fit),
      let uint4 = scheme(.uint4, .perChannel, fit), let int8 = scheme(.int8, .perTensor, fit),
      let asymmetric = scheme(.uint4, .perChannel, fit, .asymmetric)
    else { return [] }
    let all = [int4, blocks, uint4, int8, asymmetric]
    let tiny: Float = 0x1p-24
    var rows: [Row] = []
    for scheme in all {
      rows += notFinite(scheme, "scale") + empty(scheme)
      // Unsigned symmetric codes of zeros are 0, which lies below their zero point.
      let zero: Float = scheme == uint4 ? -0.0 : 0
      rows +=
        Row(
          what: "all zeros", shape: [2, 4], values: [Float](repeating: 0, count: 8),
          scheme: scheme, outcome: .stored([Float](repeating: zero, count: 8))
        ).both
    }
    let others = [
      Row(
        what: "one element", shape: [1, 1], values: [3.5], scheme: int4, outcome: .stored([3.5])),
      Row(
        what: "one element", shape: [1, 1], values: [-3.5], scheme: int4,
        outcome: .stored([-3.5])),
      Row(
        what: "one element", shape: [1, 1], values: [7.5], scheme: asymmetric,
        outcome: .stored([7.5])),
      Row(
        what: "an odd count", shape: [3, 5],
        values: [3.5, -3.5, 1.5, 0, 0.5, 7, 1, 2, -3, 0, -14, 2, 4, 6, 8], scheme: int4,
        outcome: .stored([3.5, -3.5, 1.5, 0, 0.5, 7, 1, 2, -3, 0, -14, 2, 4, 6, 8])),
      Row(
        what: "denormals", shape: [1, 4], values: [tiny, 2 * tiny, -3 * tiny, 7 * tiny],
        scheme: int4, outcome: .stored([tiny, 2 * tiny, -3 * tiny, 7 * tiny])),
      // Their scale by extremes is less than half the smallest float16: everything becomes zero.
      Row(
        what: "the smallest denormals", shape: [1, 4], values: [tiny, 0, -tiny, tiny],
        scheme: int4,
        outcome: .stored(fit == .minMax ? [0, 0, -0.0, 0] : [tiny, 0, -tiny, tiny])),
      Row(
        what: "denormals", shape: [1, 4], dtype: .float32,
        values: [0x1p-149, -0x1p-148, 0, 7 * 0x1p-149], scheme: int4,
        outcome: .stored([0x1p-149, -0x1p-148, 0, 7 * 0x1p-149])),
      Row(
        what: "large numbers", shape: [1, 4], values: [57344, -49152, 8192, 0], scheme: int4,
        outcome: .stored([57344, -49152, 8192, 0])),
      Row(
        what: "what does not divide", shape: [2, 5],
        values: [7, -7, 1, 2, 3, 14, 2, 4, -6, 0], scheme: blocks,
        outcome: .stored(
          [7, -7, 1, 2, 3, 14, 2, 4, -6, 0],
          note: "quantized per channel: its 5 input channels do not divide into blocks of 4")),
      Row(
        what: "what does not divide", shape: [2, 5],
        values: [7, -7, 1, 2, 3, 14, 2, 4, -6, 0], scheme: blocks, refusesIndivisible: true,
        outcome: .refused(
          .unsupportedArgument,
          "weight 'w' of shape [2, 5]: its 5 input channels do not divide into blocks of 4",
          fix: "choose a block size that divides it, or let such weights be quantized per channel")
      ),
    ]
    return rows
      + others.flatMap { row in
        // Some numbers are too small for float16 and some too large.
        row.what.contains("denormals") || row.what == "large numbers" ? [row] : row.both
      }
  }
}
