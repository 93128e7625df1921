// SPDX-License-Identifier: Apache-2.0
import Tensors

extension OpSpec {
  /// `x` under the shape put together from `ref_tensors[i].shape[begins[i]..<ends[i]]`, to the end
  /// where `end_masks[i]` is set.
  ///
  /// C1: the four lists have one length. C2: `begins` and `ends` hold int32 constants, `end_masks`
  /// bool ones. C3: the number of elements stays the same.
  static let reshapeLike = OpSpec(
    "reshape_like", since: .iOS16, operands: reshapeLikeOperands,
    domains: [.T: .numbersAndBool],
    revisions: [
      Signature(since: .iOS17, operands: reshapeLikeOperands, domains: [.T: .runtime])
    ],
    constraints: [
      Constraint("lists of one length") { op in
        let count = op.types(of: "ref_tensors").count
        for name in ["begins", "ends", "end_masks"] where op.types(of: name).count != count {
          throw op.fault(
            "'\(name)' has \(op.types(of: name).count) elements but 'ref_tensors' \(count)",
            .shapeMismatch)
        }
      },
      Constraint("begins, ends: int32 constants; end_masks: bool constants") { op in
        for name in ["begins", "ends"] { _ = try op.scalars(name, .int32) }
        _ = try op.scalars("end_masks", .bool)
      },
      Constraint("product(shape(y)) = product(shape(x))") { op in
        let (before, after) = (try op.shape("x"), try op.borrowedShape())
        guard op.mayEqual(op.product(before), op.product(after)) else {
          throw op.fault(
            "cannot turn \(op.describe(before)) into \(op.describe(after))", .shapeMismatch)
        }
      },
    ],
    results: { op in [.tensor(try op.dtype("x"), try op.borrowedShape())] })

  private static let reshapeLikeOperands: [Operand] = [
    .tensor("x", .T), .variadic("ref_tensors"), .variadic("begins"), .variadic("ends"),
    .variadic("end_masks"),
  ]
}

extension OpContext {
  /// The constants of a variadic operand, which are scalars of `dtype`.
  fileprivate func scalars(_ name: String, _ dtype: DType) throws -> [Int] {
    try constants(of: name).map { constant in
      guard let data = try constant?.smallTensor(), data.dtype == dtype, data.count == 1 else {
        throw fault("'\(name)' must hold \(dtype.rawValue) constants", .unsupportedArgument)
      }
      return data.ints[0]
    }
  }

  /// The shape put together from the reference tensors, with Python's rules for slices.
  fileprivate func borrowedShape() throws -> [Dim] {
    let references = try tensorTypes(of: "ref_tensors").map(\.shape)
    let (begins, ends) = (try scalars("begins", .int32), try scalars("ends", .int32))
    let toEnd = try scalars("end_masks", .bool)
    return references.indices.flatMap { index -> [Dim] in
      let shape = references[index]
      let wrap = { (value: Int) in
        min(max(value < 0 ? value + shape.count : value, 0), shape.count)
      }
      let first = wrap(begins[index])
      let last = toEnd[index] != 0 ? shape.count : wrap(ends[index])
      return first < last ? Array(shape[first..<last]) : []
    }
  }
}
