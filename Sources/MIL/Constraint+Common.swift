// SPDX-License-Identifier: Apache-2.0

extension Constraint {
  /// `-rank(operand) <= axis < rank(operand)`.
  package static func axis(_ name: String, within operand: String) -> Constraint {
    Constraint("-rank(\(operand)) <= \(name) < rank(\(operand))") { op in
      _ = try op.axis(name, rank: op.rank(operand))
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
}
