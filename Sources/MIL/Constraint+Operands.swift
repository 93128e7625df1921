// SPDX-License-Identifier: Apache-2.0

extension Constraint {
  /// `name` has rank 1.
  package static func vector(_ name: String) -> Constraint {
    Constraint("rank(\(name)) = 1") { op in
      if op.has(name) { _ = try op.length(name) }
    }
  }

  /// `name` has rank 1 and an element for every axis of `operand`.
  package static func onePerAxis(_ name: String, of operand: String) -> Constraint {
    Constraint("length(\(name)) = rank(\(operand))") { op in
      try op.requireOnePerAxis(name, of: operand)
    }
  }

  /// Every element of the constant `name` is at least `least`.
  package static func atLeast(_ least: Int, _ name: String) -> Constraint {
    Constraint("\(name) >= \(least)") { op in
      if let values = try op.intsIfKnown(name) { try op.requireAtLeast(least, name, values) }
    }
  }

  /// The arguments of `name` are tensors of one dtype, and there is at least one.
  package static func sameDTypes(_ name: String) -> Constraint {
    Constraint("\(name) not empty, of one dtype") { op in
      let types = try op.tensorTypes(of: name)
      guard let first = types.first else { throw op.fault("'\(name)' is empty") }
      if let other = types.first(where: { $0.dtype != first.dtype }) {
        throw op.fault(
          "'\(name)' mixes \(first.dtype.rawValue) and \(other.dtype.rawValue)", .typeMismatch)
      }
    }
  }
}
