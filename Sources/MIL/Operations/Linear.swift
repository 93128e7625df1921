// SPDX-License-Identifier: Apache-2.0
import Tensors

extension OpSpec {
  /// `y = x * transpose(weight) + bias` for `x[..., I]`, `weight[O, I]`, `bias[O]`; gives
  /// `y[..., O]`.
  ///
  /// C1: `rank(x) >= 1`. C2: `rank(weight) == 2`. C3: the last extents of `x` and `weight` agree.
  /// C4: `bias` has `O` elements.
  static let linear = OpSpec(
    "linear",
    operands: [.tensor("x", .T), .constant("weight", .T), .optionalConstant("bias", .T)],
    domains: [.T: .numbers],
    revisions: [
      Signature(
        since: .iOS17,
        operands: [.tensor("x", .T), .constant("weight", .U), .optionalConstant("bias", .U)],
        domains: [.T: .numbers, .U: .numbers])
    ],
    constraints: [
      .rank("x", atLeast: 1), .rank("weight", 2),
      Constraint("x.shape[-1] == weight.shape[1]") { op in
        let (x, weight) = (try op.shape("x"), try op.shape("weight"))
        guard op.mayEqual(x[x.count - 1], weight[1]) else {
          throw op.fault(
            "the last extent of 'x' is \(x[x.count - 1]) but 'weight' has shape "
              + op.describe(weight), .shapeMismatch)
        }
      },
      Constraint("shape(bias) == [weight.shape[0]]") { op in
        try op.requireShape("bias", [op.shape("weight")[0]])
      },
    ]
  ) { op in
    let x = try op.type(of: "x")
    return [.tensor(x.dtype, x.shape.dropLast() + [try op.shape("weight")[0]])]
  }
}
