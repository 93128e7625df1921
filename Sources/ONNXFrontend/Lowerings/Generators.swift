// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension ONNXLowering {
  /// Windows of signal processing, whose size must be known.
  static let windows: [ONNXLowering] = [
    window("BlackmanWindow") { 0.42 - 0.5 * cos($0) + 0.08 * cos(2 * $0) },
    window("HammingWindow") { 25.0 / 46 - 21.0 / 46 * cos($0) },
    window("HannWindow") { 0.5 - 0.5 * cos($0) },
  ]

  private static func window(
    _ source: String, _ shape: @escaping @Sendable (Double) -> Double
  ) -> ONNXLowering {
    ONNXLowering(
      source, since: 17, "size", attributes: "output_datatype periodic",
      result: .by { try $0.elementType("output_datatype") ?? .float32 }
    ) { node, build in
      guard let size = try node.constantInts("size")?.first, (0...(1 << 24)).contains(size) else {
        throw node.notConstant("size")
      }
      let period = Double(try node.flag("periodic", default: true) ? size : size - 1)
      let values = (0..<size).map { shape(2 * .pi * Double($0) / max(period, 1)) }
      let dtype = try node.elementType("output_datatype") ?? .float32
      return .constant(.numbers(try TensorData(values, as: dtype.runtime ?? .float32)))
    }
  }

  /// Random tensors. A seed makes them the same in every run; the numbers are Core ML's own.
  static let random: [ONNXLowering] = [
    drawn("RandomNormal", "", "mean scale", draw: normal),
    drawn("RandomNormalLike", "input", "mean scale", draw: normal),
    drawn("RandomUniform", "", "low high", draw: uniform),
    drawn("RandomUniformLike", "input", "low high", draw: uniform),
    ONNXLowering(
      "Bernoulli", since: 15, "input", attributes: "dtype seed",
      result: .by { try $0.elementType("dtype") ?? $0.dtype("input") }
    ) { node, build in
      let p = try node.value("input")
      let draws = try build.mil.random_uniform(
        shape: .dims(node.shape("input")), low: build.scalar(0, like: p),
        high: build.scalar(1, like: p), seed: node.seed())
      let dtype = try node.elementType("dtype") ?? node.dtype("input")
      return try build.cast(build.mil.less(x: draws, y: p), to: dtype.runtime ?? .float32)
    },
  ]

  private static func drawn(
    _ source: String, _ inputs: String, _ parameters: String,
    draw: @escaping @Sendable (NodeCall, FunctionBuilder, [Dim], DType) throws -> Value
  ) -> ONNXLowering {
    ONNXLowering(
      source, inputs, attributes: "dtype seed shape " + parameters,
      result: .by { try $0.randomType() }
    ) { node, build in
      let shape: [Dim]
      if inputs.isEmpty {
        guard let given = try node.ints("shape") else {
          throw node.fault(.malformed, "attribute 'shape' is missing")
        }
        shape = given.map { .fixed($0) }
      } else {
        shape = try node.shape("input")
      }
      return try draw(node, build, shape, node.randomType().runtime ?? .float32)
    }
  }

  private static let normal: @Sendable (NodeCall, FunctionBuilder, [Dim], DType) throws -> Value = {
    node, build, shape, dtype in
    try build.mil.random_normal(
      shape: .dims(shape), mean: build.scalar(node.float("mean", default: 0), dtype),
      stddev: build.scalar(node.float("scale", default: 1), dtype), seed: node.seed())
  }

  private static let uniform: @Sendable (NodeCall, FunctionBuilder, [Dim], DType) throws -> Value =
    { node, build, shape, dtype in
      try build.mil.random_uniform(
        shape: .dims(shape), low: build.scalar(node.float("low", default: 0), dtype),
        high: build.scalar(node.float("high", default: 1), dtype), seed: node.seed())
    }
}

extension NodeCall {
  fileprivate func randomType() throws -> DType {
    try elementType("dtype") ?? (row.inputs.isEmpty ? .float32 : dtype("input"))
  }

  /// The seed, a float in ONNX; `nil` where every run is to be different.
  fileprivate func seed() throws -> Value? {
    try optionalFloat("seed").map { .int(Int(Int32(saturating: $0))) }
  }
}
