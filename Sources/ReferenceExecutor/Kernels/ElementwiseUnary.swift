// SPDX-License-Identifier: Apache-2.0
import Tensors

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension Kernel {
  /// Scalar functions of each element, computed in float32.
  static let elementwiseUnary: [Kernel] = [
    float("acos") { acosf($0) },
    float("asin") { asinf($0) },
    float("atan") { atanf($0) },
    float("atanh") { atanhf($0) },
    float("ceil") { $0.rounded(.up) },
    float("cos") { cosf($0) },
    float("cosh") { coshf($0) },
    float("erf") { erff($0) },
    float("exp") { expf($0) },
    float("floor") { $0.rounded(.down) },
    float("round") { $0.rounded(.toNearestOrEven) },
    float("sin") { sinf($0) },
    float("sinh") { sinhf($0) },
    float("sqrt") { $0.squareRoot() },
    float("tan") { tanf($0) },
    float("tanh") { tanhf($0) },
    number("abs", { $0.magnitude }) { $0 < 0 ? 0 &- $0 : $0 },
    number("exp2", { exp2f($0) }) { $0 < 0 ? 0 : $0 > 31 ? 0 : 1 << $0 },
    number("sign", { $0 > 0 ? 1 : $0 < 0 ? -1 : $0 }) { $0.signum() },
    number("square", { $0 * $0 }) { $0 &* $0 },
    Kernel("clip") { call in
      let (low, high) = (try call.float("alpha"), try call.float("beta"))
      return try call.mapFloats { $0 < low ? low : $0 > high ? high : $0 }
    },
    Kernel("inverse") { call in
      let epsilon = try call.float("epsilon", default: 1e-4)
      return try call.mapFloats { 1 / ($0 + epsilon) }
    },
    Kernel("log") { call in
      let epsilon = try call.float("epsilon", default: 1e-45)
      return try call.mapFloats { logf($0 + epsilon) }
    },
    Kernel("rsqrt") { call in
      let epsilon = try call.float("epsilon", default: 1e-12)
      return try call.mapFloats { 1 / ($0 + epsilon).squareRoot() }
    },
    Kernel("threshold") { call in
      if try call.tensor("x").isFloat {
        let low = try call.float("alpha")
        return try call.mapFloats { $0 < low ? low : $0 }
      }
      let low = Int32(clamping: try call.int("alpha"))
      return try call.mapInts { max($0, low) }
    },
    Kernel("logical_not", moves: true) { call in try call.mapInts { $0 == 0 ? 1 : 0 } },
  ]

  @inline(__always)
  static func float(_ name: String, _ f: @escaping @Sendable (Float) -> Float) -> Kernel {
    Kernel(name) { call in try call.mapFloats("x", f) }
  }

  @inline(__always)
  private static func number(
    _ name: String, _ f: @escaping @Sendable (Float) -> Float,
    _ g: @escaping @Sendable (Int32) -> Int32
  ) -> Kernel {
    Kernel(name) { call in
      try call.tensor("x").isFloat ? call.mapFloats("x", f) : call.mapInts("x", g)
    }
  }
}
