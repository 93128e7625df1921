// SPDX-License-Identifier: Apache-2.0
import CKernels
import Tensors

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A row of elements that is reduced to one.
typealias Lane<Element> = UnsafeBufferPointer<Element>

extension Kernel {
  /// Reductions over axes. Sums of floats are taken in double precision, of int32 they wrap.
  static let reductions: [Kernel] = [
    reduction(
      "reduce_sum", { Float(sum($0)) }
    ) { $0.reduce(0, &+) },
    reduction(
      "reduce_mean", { Float(sum($0) / Double($0.count)) }
    ) {
      Int32(truncatingIfNeeded: $0.reduce(0) { $0 + Int($1) } / max($0.count, 1))
    },
    reduction("reduce_max", { extreme($0) { $0 > $1 } }) { $0.max() ?? .min },
    reduction("reduce_min", { extreme($0) { $0 < $1 } }) { $0.min() ?? .max },
    reduction("reduce_prod", { Float($0.reduce(1.0) { $0 * Double($1) }) }) { $0.reduce(1, &*) },
    reduction("reduce_l1_norm", { Float($0.reduce(0.0) { $0 + Double($1.magnitude) }) }) {
      $0.reduce(0) { $0 &+ ($1 < 0 ? 0 &- $1 : $1) }
    },
    reduction("reduce_l2_norm", { Float(squares($0).squareRoot()) }) {
      Int32(saturating: $0.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot())
    },
    reduction("reduce_sum_square", { Float(squares($0)) }) { $0.reduce(0) { $0 &+ $1 &* $1 } },
    reduction("reduce_log_sum", { Float(log(sum($0))) }) {
      Int32(saturating: log($0.reduce(0.0) { $0 + Double($1) }))
    },
    reduction("reduce_log_sum_exp", { logSumExp($0) }) {
      Int32(saturating: log($0.reduce(0.0) { $0 + exp(Double($1)) }))
    },
    position("reduce_argmax", { $0 > $1 }) { $0 > $1 },
    position("reduce_argmin", { $0 < $1 }) { $0 < $1 },
  ]

  private static func reduction(
    _ name: String, _ f: @escaping @Sendable (Lane<Float>) -> Float,
    _ g: @escaping @Sendable (Lane<Int32>) -> Int32
  ) -> Kernel {
    Kernel(name) { call in
      let x = try call.tensor("x")
      let axes = try call.axes("axes", rank: x.rank)
      let shape = try call.reducedShape(x.shape, axes, default: false)
      let rows = try call.rows(x, along: axes)
      let y = try call.make(x.dtype, shape)
      if x.isFloat {
        for row in 0..<rows.count { y.floats[row] = f(rows.floats(row)) }
      } else {
        for row in 0..<rows.count { y.ints[row] = g(rows.ints(row)) }
      }
      return y
    }
  }

  /// The position of the first extreme element along an axis; that of the first NaN if there is one.
  private static func position(
    _ name: String, _ f: @escaping @Sendable (Float, Float) -> Bool,
    _ g: @escaping @Sendable (Int32, Int32) -> Bool
  ) -> Kernel {
    Kernel(name, moves: true) { call in
      let x = try call.tensor("x")
      let axis = try call.axis("axis", default: -1, rank: x.rank)
      let dtype = DType(mil: try call.string("output_dtype", default: "int32")) ?? .int32
      let rows = try call.rows(x, along: [axis])
      guard rows.length > 0 || rows.count == 0 else { throw call.fault("an axis of extent 0") }
      let y = try call.make(dtype, try call.reducedShape(x.shape, [axis], default: false))
      for row in 0..<rows.count {
        let found =
          x.isFloat
          ? first(rows.floats(row)) { f($0, $1) || ($0.isNaN && !$1.isNaN) }
          : first(rows.ints(row), g)
        y.ints[row] = dtype.wrapped(Int32(clamping: found))
      }
      return y
    }
  }

  private static func first<Element>(
    _ lane: Lane<Element>, _ isBetter: (Element, Element) -> Bool
  ) -> Int {
    var best = 0
    for i in lane.indices where isBetter(lane[i], lane[best]) { best = i }
    return best
  }

  private static func sum(_ lane: Lane<Float>) -> Double { mpk_sum(lane.baseAddress, lane.count) }

  private static func squares(_ lane: Lane<Float>) -> Double {
    lane.reduce(0.0) { $0 + Double($1) * Double($1) }
  }

  /// The extreme element; NaN if there is one.
  private static func extreme(_ lane: Lane<Float>, _ isBetter: (Float, Float) -> Bool) -> Float {
    guard var best = lane.first else { return isBetter(1, 0) ? -.infinity : .infinity }
    for value in lane where isBetter(value, best) || value.isNaN { best = value }
    return best
  }

  private static func logSumExp(_ lane: Lane<Float>) -> Float {
    let peak = lane.max() ?? -.infinity
    guard peak.isFinite else { return peak }
    return Float(Double(peak) + log(lane.reduce(0.0) { $0 + exp(Double($1) - Double(peak)) }))
  }
}

extension KernelCall {
  /// `shape` without `axes`, or with extent 1 there if `keep_dims`.
  func reducedShape(_ shape: [Int], _ axes: [Int], default keep: Bool) throws -> [Int] {
    let keep = try bool("keep_dims", default: keep)
    return shape.indices.compactMap { axes.contains($0) ? (keep ? 1 : nil) : shape[$0] }
  }
}

extension Rows {
  func floats(_ row: Int) -> Lane<Float> {
    Lane(rebasing: UnsafeBufferPointer(tensor.floats)[row * length..<(row + 1) * length])
  }

  func ints(_ row: Int) -> Lane<Int32> {
    Lane(rebasing: UnsafeBufferPointer(tensor.ints)[row * length..<(row + 1) * length])
  }
}
