// SPDX-License-Identifier: Apache-2.0

/// Which elements of a weight become zero.
package enum PruningScheme: Hashable, Sendable {
  /// Those of a magnitude of at most this, where they are at least this share (0 to 1) of all.
  case threshold(Float, minimumSparsity: Double)
  /// This share (0 to 1) of all, the smallest first.
  case magnitude(sparsity: Double)
  /// This share of the blocks of this many output channels, those of the smallest norm first.
  case blocks(Int, sparsity: Double)
  /// Of every `group` consecutive input channels all but the `kept` largest.
  case pattern(kept: Int, group: Int)
}

extension PruningScheme: CustomStringConvertible {
  package var description: String {
    switch self {
    case .threshold(let limit, _): "sparse below \(limit)"
    case .magnitude(let share): "sparse \(Self.percent(share))"
    case .blocks(let size, let share): "sparse \(Self.percent(share)) in blocks of \(size)"
    case .pattern(let kept, let group): "sparse \(kept):\(group)"
    }
  }

  private static func percent(_ share: Double) -> String {
    let tenths = (share * 1000).rounded() / 10
    return tenths == tenths.rounded() ? "\(Int(tenths)) %" : "\(tenths) %"
  }
}
