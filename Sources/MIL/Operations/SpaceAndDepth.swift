// SPDX-License-Identifier: Apache-2.0
import Tensors

extension OpSpec {
  /// Operations between the channels and the plane of `x`, [n, C, H, W].
  ///
  /// C1: `rank(x) = 4`. C2: the factor is at least 1. C3: the extents that are divided are multiples
  /// of the factor (of its square for channels).
  static let spaceAndDepth: [OpSpec] = [
    toSpace("depth_to_space", factor: "block_size", .int32),
    toSpace("pixel_shuffle", factor: "upscale_factor", .int32),
    toDepth("pixel_unshuffle", since: .iOS16, factor: "downscale_factor", .uint32),
    toDepth("space_to_depth", factor: "block_size", .int32),
  ]

  /// [n, C, H, W] to [n, C / f², H * f, W * f].
  private static func toSpace(_ name: String, factor: String, _ dtype: DType) -> OpSpec {
    OpSpec(
      name, operands: [.tensor("x", .T), .constant(factor, dtype)], domains: [.T: .floats],
      constraints: [.rank("x", 4), .atLeast(1, factor), .multiples([1], of: factor, power: 2)],
      results: { op in
        let (x, f) = (try op.type(of: "x"), Dim.fixed(try op.int(factor)))
        let s = x.shape
        return [.tensor(x.dtype, [s[0], .floorDiv(s[1], f * f), s[2] * f, s[3] * f])]
      })
  }

  /// [n, C, H, W] to [n, C * f², H / f, W / f].
  private static func toDepth(
    _ name: String, since: Opset = .iOS15, factor: String, _ dtype: DType
  ) -> OpSpec {
    OpSpec(
      name, since: since, operands: [.tensor("x", .T), .constant(factor, dtype)],
      domains: [.T: .floats],
      constraints: [.rank("x", 4), .atLeast(1, factor), .multiples([2, 3], of: factor, power: 1)],
      results: { op in
        let (x, f) = (try op.type(of: "x"), Dim.fixed(try op.int(factor)))
        let s = x.shape
        return [.tensor(x.dtype, [s[0], s[1] * f * f, .floorDiv(s[2], f), .floorDiv(s[3], f)])]
      })
  }
}

extension Constraint {
  /// The extents of `axes` of x are multiples of the constant `factor`, or of its square.
  fileprivate static func multiples(_ axes: [Int], of factor: String, power: Int) -> Constraint {
    Constraint("extents of x are multiples of \(factor)^\(power)") { op in
      let (x, single) = (try op.shape("x"), Dim.fixed(try op.int(factor)))
      let whole = power == 2 ? single * single : single
      for axis in axes {
        guard let rest = Dim.mod(x[axis], whole).fixed, rest != 0 else { continue }
        throw op.fault(
          "axis \(axis) of 'x' has extent \(x[axis]), not a multiple of \(whole)", .shapeMismatch)
      }
    }
  }
}
