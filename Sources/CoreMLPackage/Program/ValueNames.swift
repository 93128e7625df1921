// SPDX-License-Identifier: Apache-2.0
import MIL

/// The names under which the values of a function are written: their own, made into identifiers
/// where they are none.
struct ValueNames {
  private let function: Function
  private var replaced: [ValueID: String] = [:]

  init(_ function: Function) {
    self.function = function
    let ids = (0..<function.values.count).map { ValueID(index: $0) }
    let invalid = ids.filter { !Identifier.isLegal(function.values[$0].name) }
    if invalid.isEmpty { return }
    var taken = Set(ids.lazy.map { function.values[$0].name })
    for id in invalid {
      let base = Self.sanitized(function.values[id].name)
      var name = base
      var number = 0
      while !taken.insert(name).inserted {
        name = "\(base)_\(number)"
        number += 1
      }
      replaced[id] = name
    }
  }

  subscript(id: ValueID) -> String { replaced[id] ?? function.values[id].name }

  static func sanitized(_ name: String) -> String {
    Identifier.isLegal(name) ? name : Identifier.sanitized(name)
  }
}
