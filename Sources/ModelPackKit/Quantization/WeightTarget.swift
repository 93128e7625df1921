// SPDX-License-Identifier: Apache-2.0
package import Compression

/// What compressed weights may take in all; how each is compressed is then chosen, with the least
/// squared error.
public struct WeightTarget: Hashable, Sendable {
  public enum Limit: Hashable, Sendable {
    /// Bits per element of the weights for which a choice is made, scales and tables included.
    case bits(Double)
    /// Bytes of the package, all of it.
    case size(Int)
  }

  public enum Family: String, Hashable, Sendable, CaseIterable {
    /// int4 and int8 with scales.
    case linear
    /// Indices into tables.
    case palette
  }

  public var limit: Limit
  /// What is chosen from.
  public var families = Set(Family.allCases)
  /// Path of the file of settings that holds what was chosen, to be reviewed and used again.
  public var chosen: String

  public init(_ limit: Limit, chosen: String) {
    self.limit = limit
    self.chosen = chosen
  }
}

extension WeightTarget.Limit {
  /// Bytes: `600MB`, `1.5 GiB`, `800000`. nil for anything else.
  public init?(size text: String) {
    let units = [
      "": 1.0, "B": 1, "KB": 1e3, "MB": 1e6, "GB": 1e9, "KIB": 0x1p10, "MIB": 0x1p20, "GIB": 0x1p30,
    ]
    let digits = text.prefix { "0123456789.".contains($0) }
    let unit = text.dropFirst(digits.count).drop { $0 == " " }.uppercased()
    guard let number = Double(digits), let factor = units[unit], number * factor < 0x1p60
    else { return nil }
    self = .size(Int(number * factor))
  }
}

extension WeightTarget {
  package var budgetFamilies: Set<WeightBudget.Family> {
    Set(families.map { $0 == .linear ? .linear : .palette })
  }
}
