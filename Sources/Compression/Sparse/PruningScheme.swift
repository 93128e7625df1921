// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// Which elements of a weight become zero. Ties and rounding are in `docs/formats/sparse.md`.
package enum PruningScheme: Hashable, Sendable {
  /// The channel axis along which elements are grouped.
  package enum Axis: String, Hashable, Sendable, CaseIterable {
    case output, input
  }

  /// Those of a magnitude of at most this; weights less of which (0 to 1) is zero then are left.
  case threshold(Double, minimumSparsity: Double)
  /// This share (0 to 1) of all, the smallest first.
  case magnitude(sparsity: Double)
  /// This share of the blocks of this many channels, those of the smallest norm first.
  case blocks(Int, Axis, sparsity: Double)
  /// Of every `group` consecutive channels the `zeros` smallest.
  case pattern(zeros: Int, group: Int, Axis)
  /// The zeros that a weight is stored without already.
  case stored
}

extension PruningScheme {
  /// The share of zeros that coremltools asks for when a threshold is given.
  package static let usualMinimumSparsity = 0.5

  /// Channels that are looked at together; `nil` where elements are looked at alone.
  var group: Int? {
    switch self {
    case .blocks(let size, _, _): size
    case .pattern(_, let group, _): group
    case .threshold, .magnitude, .stored: nil
    }
  }

  /// Throws `.usage` for what no weight can be pruned to.
  package func validate() throws {
    switch self {
    case .threshold(let limit, let share):
      guard limit >= 0 else {
        throw Diagnostic.error(
          .usage, "a threshold of \(limit) is impossible", fix: "use 0 or more, such as 0.001")
      }
      try Self.check(share)
    case .magnitude(let share): try Self.check(share)
    case .blocks(let size, _, let share):
      guard size > 1 else {
        throw Diagnostic.error(
          .usage, "blocks of \(size) channels are impossible",
          fix: "use 2 or more; without blocks, elements are pruned one by one")
      }
      try Self.check(share)
    case .pattern(let zeros, let group, _):
      guard group > 0, (0...group).contains(zeros) else {
        throw Diagnostic.error(
          .usage, "\(zeros) zeros of \(group) elements are impossible",
          fix: "use N:M with N from 0 to M, such as 2:4")
      }
    case .stored: break
    }
  }

  private static func check(_ share: Double) throws {
    guard (0...1).contains(share) else {
      throw Diagnostic.error(
        .usage, "a share of \(share) zeros is impossible", fix: "use 0 to 1, such as 0.5")
    }
  }
}

extension PruningScheme: CustomStringConvertible {
  /// `sparse 50 %`; `sparse 50 % in blocks of 4 output channels`; `sparse 2:4 along input channels`.
  package var description: String {
    switch self {
    case .threshold(let limit, _): "sparse up to \(limit)"
    case .magnitude(let share): "sparse \(Self.percent(share))"
    case .blocks(let size, let axis, let share):
      "sparse \(Self.percent(share)) in blocks of \(size) \(axis) channels"
    case .pattern(let zeros, let group, let axis): "sparse \(zeros):\(group) along \(axis) channels"
    case .stored: "sparse"
    }
  }

  static func percent(_ share: Double) -> String {
    let tenths = (share * 1000).rounded() / 10
    return tenths == tenths.rounded() ? "\(Int(tenths)) %" : "\(tenths) %"
  }
}
