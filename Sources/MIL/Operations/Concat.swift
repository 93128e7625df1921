// SPDX-License-Identifier: Apache-2.0
import Tensors

extension OpSpec {
  /// `values` one behind the other along `axis`; with `interleave`, element by element.
  ///
  /// C1: there are values, of one dtype. C2: they have one rank. C3: `-rank <= axis < rank`.
  /// C4: extents agree but along `axis`, and along it too with `interleave`.
  static let concat = OpSpec(
    "concat",
    operands: [
      .variadic("values"), .constant("axis", .int32),
      .optionalConstant("interleave", .bool, default: false),
    ],
    constraints: [
      .sameDTypes("values"), .sameRanks("values"),
      Constraint("-rank <= axis < rank") { op in _ = try op.joinedAxis() },
      Constraint("extents agree but along axis") { op in _ = try op.concatenated() },
    ],
    results: { op in [.tensor(try op.concatenated())] })
}

extension OpContext {
  /// `axis` of `concat`; scalars are joined like tensors of one element.
  fileprivate func joinedAxis() throws -> Int {
    try axis("axis", rank: max(1, tensorTypes(of: "values").first?.rank ?? 1))
  }

  fileprivate func concatenated() throws -> TensorType {
    let types = try tensorTypes(of: "values")
    let axis = try joinedAxis()
    let isInterleaved = try bool("interleave")
    let shapes = types.map { $0.shape.isEmpty ? [.fixed(1)] : $0.shape }
    guard var shape = shapes.first else { throw fault("'values' is empty") }
    for other in shapes.dropFirst() {
      for (index, (a, b)) in zip(shape, other).enumerated() where index != axis || isInterleaved {
        guard mayEqual(a, b) else {
          throw fault(
            "'values' of shapes \(describe(shapes[0])) and \(describe(other)) differ along axis "
              + "\(index)", .shapeMismatch)
        }
        shape[index] = unified(a, b)
      }
    }
    shape[axis] = shapes.reduce(0) { $0 + $1[axis] }
    return TensorType(types[0].dtype, shape)
  }
}

extension Constraint {
  /// The arguments of `name` have one rank.
  static func sameRanks(_ name: String) -> Constraint {
    Constraint("\(name) of one rank") { op in
      let ranks = try op.tensorTypes(of: name).map(\.rank)
      if let first = ranks.first, let other = ranks.first(where: { $0 != first }) {
        throw op.fault("'\(name)' mixes ranks \(first) and \(other)", .shapeMismatch)
      }
    }
  }
}
