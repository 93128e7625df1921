// SPDX-License-Identifier: Apache-2.0

extension Constraint {
  /// `-rank(operand) <= axis < rank(operand)`.
  package static func axis(_ name: String, within operand: String) -> Constraint {
    Constraint("-rank(\(operand)) <= \(name) < rank(\(operand))") { op in
      _ = try op.axis(name, rank: op.rank(operand))
    }
  }

  /// Every axis lies in `-rank(operand)..<rank(operand)` and none is named twice.
  package static func axes(_ name: String, within operand: String) -> Constraint {
    Constraint("-rank(\(operand)) <= \(name)[i] < rank(\(operand)), all different") { op in
      let axes = try op.axes(name, rank: op.rank(operand))
      for (axis, next) in zip(axes, axes.dropFirst()) where axis == next {
        throw op.fault("'\(name)' names axis \(axis) twice")
      }
    }
  }

  /// `rank(operand)` lies in `ranks`.
  package static func rank(_ operand: String, in ranks: ClosedRange<Int>) -> Constraint {
    Constraint("rank(\(operand)) in \(ranks)") { op in
      let rank = try op.rank(operand)
      guard ranks.contains(rank) else {
        throw op.fault("'\(operand)' has rank \(rank), not one of \(ranks)", .shapeMismatch)
      }
    }
  }

  /// `rank(operand) == rank`, where the operand is present.
  package static func rank(_ operand: String, _ rank: Int) -> Constraint {
    Constraint("rank(\(operand)) == \(rank)") { op in
      guard op.has(operand) else { return }
      let found = try op.rank(operand)
      guard found == rank else {
        throw op.fault("'\(operand)' has rank \(found), not \(rank)", .shapeMismatch)
      }
    }
  }

  /// `rank(operand) >= rank`.
  package static func rank(_ operand: String, atLeast rank: Int) -> Constraint {
    Constraint("rank(\(operand)) >= \(rank)") { op in
      let found = try op.rank(operand)
      guard found >= rank else {
        throw op.fault("'\(operand)' has rank \(found), not \(rank) or more", .shapeMismatch)
      }
    }
  }

  /// A string operand, where present, is one of `allowed`.
  package static func choice(_ name: String, _ allowed: [String]) -> Constraint {
    Constraint("\(name) in {\(allowed.joined(separator: ", "))}") { op in
      guard op.has(name) else { return }
      let found = try op.string(name)
      guard allowed.contains(found) else {
        let names = allowed.joined(separator: ", ")
        throw op.fault("'\(name)' is '\(found)', not one of \(names)", .unsupportedArgument)
      }
    }
  }

  /// The operand, where present, holds one element.
  package static func single(_ name: String) -> Constraint {
    Constraint("count(\(name)) == 1") { op in
      guard op.has(name) else { return }
      let type = try op.type(of: name)
      guard type.count == 1 else {
        throw op.fault("'\(name)' must be one number, not \(type)", .shapeMismatch)
      }
    }
  }

  /// An integer operand is at least `minimum`.
  package static func int(_ name: String, atLeast minimum: Int) -> Constraint {
    Constraint("\(name) >= \(minimum)") { op in
      let found = try op.int(name)
      guard found >= minimum else {
        throw op.fault("'\(name)' is \(found), less than \(minimum)")
      }
    }
  }

  /// Each named operand, where present, is a vector with one element for each channel of `operand`.
  package static func perChannel(_ names: String..., of operand: String) -> Constraint {
    Constraint("shape(\(names.joined(separator: ", "))) == [\(operand).shape[1]]") { op in
      let shape = try op.shape(operand)
      guard shape.count > 1 else {
        throw op.fault("'\(operand)' has rank \(shape.count) and no channels", .shapeMismatch)
      }
      for name in names { try op.requireShape(name, [shape[1]]) }
    }
  }
}
