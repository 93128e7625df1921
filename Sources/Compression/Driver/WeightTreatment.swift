// SPDX-License-Identifier: Apache-2.0

/// What the options say of one weight.
enum WeightTreatment {
  /// It stays as it is, for this reason.
  case leave(String)
  /// It is compressed: as a rule says, or, where `isCommon`, as all weights of which no rule speaks.
  case compress(CompressionScheme, isCommon: Bool)
}

extension CompressionOptions {
  func treatment(of weight: Weight) -> WeightTreatment {
    if !include.isEmpty && !weight.matches(include) {
      return .leave("not among the included names")
    }
    if weight.matches(exclude) { return .leave("excluded") }
    let rule = rules.last { $0.fits(weight) }
    guard let scheme = rule.map(\.scheme) ?? self.scheme else {
      return .leave("excluded by the settings")
    }
    let minimum = rule?.minElements ?? minElements
    if weight.source.count <= minimum { return .leave("has no more than \(minimum) elements") }
    return .compress(scheme, isCommon: rule == nil)
  }
}

extension CompressionOptions.Rule {
  fileprivate func fits(_ weight: Weight) -> Bool {
    (weights.isEmpty || weights.contains(weight.name))
      && (names.isEmpty || weight.matches(names))
      && (operations.isEmpty || weight.operations.contains { operations.contains($0) })
  }
}

extension Weight {
  fileprivate func matches(_ patterns: [NamePattern]) -> Bool {
    patterns.contains { pattern in names.contains { pattern.matches($0) } }
  }
}
