// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension ONNXLowering {
  /// Normalizations that are compositions of a few operations.
  static let normalization: [ONNXLowering] = [
    lpNormalization, lrn, meanVarianceNormalization, rmsNormalization,
  ]

  private static let lpNormalization = ONNXLowering(
    "LpNormalization", "input", attributes: "axis p"
  ) { node, build in
    let x = try node.value("input")
    let axis = try build.axis(node.int("axis", default: -1), rank: node.rank("input"), node)
    let p = try node.int("p", default: 2)
    guard p == 1 || p == 2 else {
      throw node.fault(.unsupportedArgument, "attribute 'p' is \(p), not 1 or 2")
    }
    let norm = try build.emit(
      p == 1 ? "reduce_l1_norm" : "reduce_l2_norm",
      ["x": x, "axes": .ints([axis]), "keep_dims": true])[0]
    // All zeros stay zeros.
    let isZero = try build.mil.equal(x: norm, y: .float(0))
    let divisor = try build.mil.select(
      cond: isZero, a: build.scalar(1, like: norm), b: norm)
    return try build.mil.real_div(x: x, y: divisor)
  }

  private static let lrn = ONNXLowering("LRN", "X", attributes: "alpha beta bias size") {
    node, build in
    let size = try node.int("size")
    guard size % 2 == 1, try node.rank("X") == 4 || node.rank("X") == 3 else {
      throw node.fault(
        .unsupportedArgument,
        "attribute 'size' is \(size) on a tensor of rank \(try node.rank("X")); "
          + "Core ML has odd sizes on rank 3 and 4")
    }
    return try build.mil.local_response_norm(
      x: node.value("X"), size: .int(size), alpha: .float(node.float("alpha", default: 1e-4)),
      beta: .float(node.float("beta", default: 0.75)), k: .float(node.float("bias", default: 1)))
  }

  /// `(x - mean) / (deviation + 1e-9)`
  private static let meanVarianceNormalization = ONNXLowering(
    "MeanVarianceNormalization", since: 9, "X", attributes: "axes"
  ) { node, build in
    let x = try node.value("X")
    let axes = try build.axes(node.ints("axes") ?? [0, 2, 3], rank: node.rank("X"), node)
    let mean = try build.mil.reduce_mean(x: x, axes: .ints(axes), keep_dims: true)
    let centred = try build.mil.sub(x: x, y: mean)
    let variance = try build.mil.reduce_mean(
      x: build.mil.square(x: centred), axes: .ints(axes), keep_dims: true)
    let deviation = try build.mil.add(x: build.mil.sqrt(x: variance), y: .float(1e-9))
    return try build.mil.real_div(x: centred, y: deviation)
  }

  /// `x / sqrt(mean(x^2) + epsilon) * scale`
  private static let rmsNormalization = ONNXLowering(
    "RMSNormalization", since: 23, "X scale", attributes: "axis epsilon stash_type"
  ) { node, build in
    let (x, rank) = (try node.value("X"), try node.rank("X"))
    let axis = try build.axis(node.int("axis", default: -1), rank: rank, node)
    let mean = try build.mil.reduce_mean(
      x: build.mil.square(x: x), axes: .ints(Array(axis..<rank)), keep_dims: true)
    let factor = try build.mil.rsqrt(
      x: mean, epsilon: .float(node.float("epsilon", default: 1e-5)))
    return try build.mil.mul(x: build.mil.mul(x: x, y: factor), y: node.value("scale"))
  }
}
