// SPDX-License-Identifier: Apache-2.0
package import Compression

extension QuantizationSettings {
  /// Which elements of a weight become zeros, of which none is stored.
  public enum Pruning: Hashable, Sendable {
    /// The channels of a weight that are looked at together.
    public enum Axis: String, Hashable, Sendable, CaseIterable {
      case output, input
    }

    /// This share (0 to 1) of all elements, the smallest first.
    case share(Double)
    /// This share of the blocks of `size` consecutive channels, those of the smallest norm first.
    case blocks(share: Double, size: Int, axis: Axis = .output)
    /// Elements of at most this magnitude. A weight less than `minimumShare` of which is zero then
    /// is left as it is.
    case threshold(Double, minimumShare: Double = 0.5)
    /// The `zeros` smallest of each `group` consecutive channels.
    case pattern(zeros: Int, group: Int, axis: Axis = .input)
  }
}

extension QuantizationSettings.Pruning {
  /// `2:4`: two zeros of four elements. nil for what is no pattern.
  package init?(pattern text: String) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let zeros = parts[0], let group = parts[1], group > 0,
      (0...group).contains(zeros)
    else { return nil }
    self = .pattern(zeros: zeros, group: group)
  }

  /// The same in the words of the compressor. Throws `.usage` for what is impossible.
  package func scheme() throws -> PruningScheme {
    let scheme: PruningScheme =
      switch self {
      case .share(let share): .magnitude(sparsity: share)
      case .blocks(let share, let size, let axis):
        .blocks(size, axis.scheme, sparsity: share)
      case .threshold(let limit, let share): .threshold(limit, minimumSparsity: share)
      case .pattern(let zeros, let group, let axis):
        .pattern(zeros: zeros, group: group, axis.scheme)
      }
    try scheme.validate()
    return scheme
  }
}

extension QuantizationSettings.Pruning.Axis {
  fileprivate var scheme: PruningScheme.Axis { self == .output ? .output : .input }
}

extension Double {
  /// A share of 0 to 1 as a fraction (`0.5`) or in percent (`50%`); nil for anything else.
  package init?(share text: String) {
    let isPercent = text.hasSuffix("%")
    guard let number = Double(isPercent ? String(text.dropLast()) : text),
      (0...(isPercent ? 100 : 1)).contains(number)
    else { return nil }
    self = isPercent ? number / 100 : number
  }
}
