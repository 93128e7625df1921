// SPDX-License-Identifier: Apache-2.0
import Tensors

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension Kernel {
  /// Random numbers. The sequence depends on the seed alone (0 where there is none), so that equal
  /// programs give equal results; it is not the sequence that Core ML draws.
  static let random: [Kernel] = [
    Kernel("random_uniform", isPure: false) { call in
      let (low, high) = (try call.double("low", default: 0), try call.double("high", default: 1))
      return try call.drawn("low", "high") { low + (high - low) * $0.uniform() }
    },
    Kernel("random_normal", isPure: false) { call in
      let mean = try call.double("mean", default: 0)
      let deviation = try call.double("stddev", default: 1)
      return try call.drawn("mean", "stddev") { mean + deviation * $0.normal() }
    },
    Kernel("random_bernoulli", isPure: false) { call in
      let probability = try call.double("prob", default: 0.5)
      return try call.drawn("prob", "prob") { $0.uniform() < probability ? 1 : 0 }
    },
    Kernel("random_categorical", isPure: false) { call in
      let x = try call.floatTensor("x")
      let isLogits = try call.string("mode", default: "logits") == "logits"
      let size = try call.int("size", default: 1)
      guard let classes = x.shape.last, classes > 0, size >= 0 else {
        throw call.fault("x of shape \(x.shape) has no classes")
      }
      var source = try RandomSource(call)
      let y = try call.make(x.dtype, x.shape.dropLast() + [size])
      for row in 0..<x.count / classes {
        let lane = (0..<classes).map { Double(x.floats[row * classes + $0]) }
        let peak = lane.max() ?? 0
        let weights = isLogits ? lane.map { exp($0 - peak) } : lane
        let total = weights.reduce(0, +)
        for k in 0..<size {
          var rest = source.uniform() * total
          let chosen = weights.firstIndex {
            rest -= $0
            return rest < 0
          }
          y.floats[row * size + k] = Float(chosen ?? classes - 1)
        }
      }
      return y
    },
  ]
}

/// SplitMix64.
struct RandomSource {
  private var state: UInt64

  init(_ call: KernelCall) throws {
    state = UInt64(bitPattern: Int64(try call.int("seed", default: 0)))
  }

  private mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// In `[0, 1)`.
  mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// With mean 0 and deviation 1.
  mutating func normal() -> Double {
    let radius = (-2 * log(1 - uniform())).squareRoot()
    return radius * cos(2 * .pi * uniform())
  }
}

extension KernelCall {
  /// A tensor of `shape`, of the dtype of the first parameter that is given.
  fileprivate func drawn(
    _ first: String, _ second: String, _ draw: (inout RandomSource) -> Double
  ) throws -> Tensor {
    let dtype = try (optionalTensor(first) ?? optionalTensor(second))?.dtype ?? .float32
    var source = try RandomSource(self)
    let y = try make(dtype, ints("shape"))
    guard y.isFloat else { throw fault("'\(first)' is \(dtype.rawValue), not a float") }
    for i in 0..<y.count { y.floats[i] = Float(draw(&source)) }
    return y
  }
}
