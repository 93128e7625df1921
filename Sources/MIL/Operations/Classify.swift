// SPDX-License-Identifier: Apache-2.0
import Tensors

extension OpSpec {
  /// The most probable of `classes`, and the probability of each.
  ///
  /// C1: `classes` are strings or int64 numbers. C2: there is a class for each probability.
  static let classify = OpSpec(
    "classify",
    operands: [
      .tensor("probabilities", .float32),
      Operand("classes", kind: .list, types: .any, isConstant: true),
    ],
    constraints: [
      Constraint("classes are strings or int64") { op in _ = try op.classType() },
      Constraint("count(classes) = count(probabilities)") { op in
        guard case .list(let classes)? = op.constant("classes")?.payload,
          let count = try op.type(of: "probabilities").count, count != classes.count
        else { return }
        throw op.fault(
          "'classes' has \(classes.count) elements but 'probabilities' has \(count)",
          .shapeMismatch)
      },
    ],
    results: { op in
      let label = try op.classType()
      return [label, .dictionary(label, .scalar(.float64))]
    })
}

extension OpContext {
  /// The type of one class.
  fileprivate func classType() throws -> ValueType {
    guard case .list(let element, _) = try valueType(of: "classes"),
      let type = element.tensor, type.rank == 0, [.string, .int64].contains(type.dtype)
    else {
      throw fault(
        "'classes' is \(try valueType(of: "classes")), not a list of string or int64",
        .typeMismatch)
    }
    return element
  }
}
