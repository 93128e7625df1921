// SPDX-License-Identifier: Apache-2.0
import Tensors

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension Kernel {
  /// Functions of pairs of elements, with broadcasting. Integer arithmetic wraps; division of an
  /// integer by zero gives zero, as on the hardware that runs Core ML.
  static let elementwiseBinary: [Kernel] = [
    arithmetic("add", { $0 + $1 }) { $0 &+ $1 },
    arithmetic("sub", { $0 - $1 }) { $0 &- $1 },
    arithmetic("mul", { $0 * $1 }) { $0 &* $1 },
    arithmetic("real_div", { $0 / $1 }) { quotient($0, $1) },
    arithmetic("floor_div", { ($0 / $1).rounded(.down) }) { flooredQuotient($0, $1) },
    arithmetic("mod", { floatModulus($0, $1) }) { $0 &- flooredQuotient($0, $1) &* $1 },
    arithmetic("maximum", { $0 > $1 || $0.isNaN ? $0 : $1 }) { max($0, $1) },
    arithmetic("minimum", { $0 < $1 || $0.isNaN ? $0 : $1 }) { min($0, $1) },
    arithmetic("pow", { powf($0, $1) }) { power($0, $1) },
    comparison("equal", { $0 == $1 }) { $0 == $1 },
    comparison("not_equal", { $0 != $1 }) { $0 != $1 },
    comparison("less", { $0 < $1 }) { $0 < $1 },
    comparison("less_equal", { $0 <= $1 }) { $0 <= $1 },
    comparison("greater", { $0 > $1 }) { $0 > $1 },
    comparison("greater_equal", { $0 >= $1 }) { $0 >= $1 },
    comparison("logical_and", { $0 != 0 && $1 != 0 }) { $0 != 0 && $1 != 0 },
    comparison("logical_or", { $0 != 0 || $1 != 0 }) { $0 != 0 || $1 != 0 },
    comparison("logical_xor", { ($0 != 0) != ($1 != 0) }) { ($0 != 0) != ($1 != 0) },
  ]

  @inline(__always)
  private static func arithmetic(
    _ name: String, _ f: @escaping @Sendable (Float, Float) -> Float,
    _ g: @escaping @Sendable (Int32, Int32) -> Int32
  ) -> Kernel {
    Kernel(name) { call in
      let pair = try call.pair()
      if pair.x.isFloat {
        return try call.zip(pair, as: Float.self, to: pair.x.dtype, result: Float.self, f)
      }
      return try call.zip(pair, as: Int32.self, to: pair.x.dtype, result: Int32.self, g)
    }
  }

  @inline(__always)
  private static func comparison(
    _ name: String, _ f: @escaping @Sendable (Float, Float) -> Bool,
    _ g: @escaping @Sendable (Int32, Int32) -> Bool
  ) -> Kernel {
    Kernel(name, moves: true) { call in
      let pair = try call.pair()
      if pair.x.isFloat {
        return try call.zip(pair, as: Float.self, to: .bool, result: Int32.self) {
          f($0, $1) ? 1 : 0
        }
      }
      return try call.zip(pair, as: Int32.self, to: .bool, result: Int32.self) { g($0, $1) ? 1 : 0 }
    }
  }

  static func quotient(_ x: Int32, _ y: Int32) -> Int32 {
    y == 0 ? 0 : x.dividedReportingOverflow(by: y).partialValue
  }

  static func flooredQuotient(_ x: Int32, _ y: Int32) -> Int32 {
    let q = quotient(x, y)
    return y != 0 && (x < 0) != (y < 0) && q &* y != x ? q - 1 : q
  }

  /// The remainder with the sign of the divisor.
  static func floatModulus(_ x: Float, _ y: Float) -> Float {
    let remainder = fmodf(x, y)
    return remainder != 0 && (remainder < 0) != (y < 0) ? remainder + y : remainder
  }

  /// `x` to the `y`th power, wrapping; a negative power of anything but 1 and -1 is 0.
  static func power(_ x: Int32, _ y: Int32) -> Int32 {
    if y < 0 { return x == 1 ? 1 : x == -1 ? (y & 1 == 0 ? 1 : -1) : 0 }
    var (result, base, exponent): (Int32, Int32, Int32) = (1, x, y)
    while exponent > 0 {
      if exponent & 1 == 1 { result = result &* base }
      base = base &* base
      exponent >>= 1
    }
    return result
  }
}
