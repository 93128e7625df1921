// SPDX-License-Identifier: Apache-2.0

/// A MIL operation set: the operations and signatures that an OS generation brought.
///
/// Named after the iOS release; the string in a program is `CoreML5` to `CoreML9`.
package enum Opset: Int, Hashable, Sendable, CaseIterable, Comparable {
  case iOS15 = 5
  case iOS16, iOS17, iOS18, iOS26

  /// The spelling in a program (`CoreML8`).
  package var identifier: String { "CoreML\(rawValue)" }
  /// `Model.specificationVersion` that first carries this opset.
  package var specificationVersion: Int { rawValue + 1 }

  package init?(identifier: String) {
    guard let match = Opset.allCases.first(where: { $0.identifier == identifier }) else {
      return nil
    }
    self = match
  }

  package init?(specificationVersion: Int) {
    self.init(rawValue: specificationVersion - 1)
  }

  package static func < (a: Opset, b: Opset) -> Bool { a.rawValue < b.rawValue }
}
