// SPDX-License-Identifier: Apache-2.0

/// Every operation modelpack knows, by name.
package struct Catalogue: Sendable {
  package let specs: [String: OpSpec]

  package init(_ specs: [OpSpec]) {
    self.specs = Dictionary(specs.map { ($0.name, $0) }) { first, _ in first }
  }

  package subscript(name: String) -> OpSpec? { specs[name] }

  /// The operations of the ML Program opsets, CoreML5 to CoreML9.
  package static let standard = Catalogue(OpSpec.all)
}
