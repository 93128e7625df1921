// SPDX-License-Identifier: Apache-2.0
import Tensors

extension OpSpec {
  /// The product of the matrices in the last two axes, transposed first where asked; the other
  /// axes broadcast. An `x` of rank 1 is a row.
  ///
  /// C1: `rank(x) >= 1`, and 2 or more if `transpose_x`. C2: `rank(y) >= 2`. C3: the inner
  /// extents agree. C4: the batch extents broadcast. C5: the dtypes are equal unless exactly one
  /// operand is a constant (iOS 17 and later); `y` then has the other's dtype.
  static let matmul = OpSpec(
    "matmul", operands: [.tensor("x", .T), .tensor("y", .T)] + transposes,
    domains: [.T: .numbers],
    revisions: [
      Signature(
        since: .iOS17, operands: [.tensor("x", .T), .tensor("y", .U)] + transposes,
        domains: [.T: .numbers, .U: .numbers])
    ],
    constraints: [
      .rank("x", atLeast: 1), .rank("y", atLeast: 2),
      Constraint("rank(x) >= 2 where transpose_x") { op in
        if try op.bool("transpose_x"), try op.rank("x") == 1 {
          throw op.fault("'transpose_x' is set but 'x' has rank 1", .shapeMismatch)
        }
      },
      Constraint("dtype(x) == dtype(y) unless one of them is a constant") { op in
        let (x, y) = (try op.dtype("x"), try op.dtype("y"))
        guard x == y || op.isConstant("x") != op.isConstant("y") else {
          throw op.fault("'x' is \(x.rawValue) but 'y' is \(y.rawValue)", .typeMismatch)
        }
      },
    ]
  ) { op in
    var (x, y) = (try op.shape("x"), try op.shape("y"))
    if try op.bool("transpose_x") { x.swapAt(x.count - 1, x.count - 2) }
    if try op.bool("transpose_y") { y.swapAt(y.count - 1, y.count - 2) }
    guard op.mayEqual(x[x.count - 1], y[y.count - 2]) else {
      throw op.fault(
        "the inner extents of 'x' and 'y' differ: \(op.describe(x)) times \(op.describe(y))",
        .shapeMismatch)
    }
    let rows = x.dropLast().suffix(1)
    let batch = try op.broadcast(Array(x.dropLast(2)), Array(y.dropLast(2)))
    let dtype = try op.dtype(op.isConstant("x") && !op.isConstant("y") ? "y" : "x")
    return [.tensor(dtype, batch + rows + y.suffix(1))]
  }

  private static let transposes: [Operand] = [
    .optionalConstant("transpose_x", .bool, default: false),
    .optionalConstant("transpose_y", .bool, default: false),
  ]
}
