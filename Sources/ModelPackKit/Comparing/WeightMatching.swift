// SPDX-License-Identifier: Apache-2.0
import Compression
import MIL
import Tensors

/// Finds the weights that two programs of one model have in common: by name; what is then left by
/// the operation and operand that use it; then by the place among such uses.
struct WeightMatching {
  private(set) var pairs: [(first: StoredWeight, second: StoredWeight)] = []
  private(set) var onlyInFirst: [StoredWeight] = []
  private(set) var onlyInSecond: [StoredWeight] = []

  init(_ first: Program, _ second: Program) {
    // The only function of a model is the same whatever it is called.
    let isSingle = first.functions.count == 1 && second.functions.count == 1
    onlyInFirst = Self.weights(first)
    onlyInSecond = Self.weights(second)
    func place(_ function: String) -> String { isSingle ? "" : function }
    match { weight in [place(weight.function) + "\n" + weight.name] }
    match { weight in
      weight.uses.map { "\(place($0.function))\n\($0.operation)\n\($0.operand)" }
    }
    matchByPlace(place)
    let order = Dictionary(
      Self.weights(first).enumerated().map { ([$1.function, $1.name], $0) },
      uniquingKeysWith: { a, _ in a })
    pairs.sort { a, b in
      (order[[a.first.function, a.first.name]] ?? 0)
        < (order[[b.first.function, b.first.name]] ?? 0)
    }
  }

  /// Weights whose elements are floats.
  private static func weights(_ program: Program) -> [StoredWeight] {
    WeightInventory(program).weights.filter { $0.dtype == .float16 || $0.dtype == .float32 }
  }

  /// Pairs what is left where it shares a key that is unique on both sides.
  private mutating func match(_ keys: (StoredWeight) -> [String]) {
    var places: [String: Int?] = [:]
    for (place, weight) in onlyInSecond.enumerated() {
      for key in Set(keys(weight)) {
        // A key of two weights names neither.
        places[key] = places[key] == nil ? .some(place) : .some(nil)
      }
    }
    var taken: Set<Int> = []
    var rest: [StoredWeight] = []
    for weight in onlyInFirst {
      let found = keys(weight).lazy.compactMap { places[$0] ?? nil }.first {
        !taken.contains($0)
      }
      guard let found else {
        rest.append(weight)
        continue
      }
      taken.insert(found)
      pairs.append((weight, onlyInSecond[found]))
    }
    onlyInFirst = rest
    onlyInSecond = onlyInSecond.indices.filter { !taken.contains($0) }.map { onlyInSecond[$0] }
  }

  /// Pairs what is left by operation, operand and shape, in order of use.
  private mutating func matchByPlace(_ function: (String) -> String) {
    func numbered(_ weights: [StoredWeight]) -> [(weight: StoredWeight, key: String)] {
      var counts: [String: Int] = [:]
      return weights.map { weight in
        let use = weight.uses.first
        let kind =
          "\(function(weight.function)) \(use?.type ?? "") \(use?.operand ?? "") \(weight.shape)"
        counts[kind, default: 0] += 1
        return (weight, "\(kind) \(counts[kind] ?? 0)")
      }
    }
    let keys = Dictionary(
      (numbered(onlyInFirst) + numbered(onlyInSecond)).map { ($0.weight.placeKey, $0.key) },
      uniquingKeysWith: { a, _ in a })
    match { weight in weight.uses.isEmpty ? [] : [keys[weight.placeKey] ?? ""] }
  }
}

extension StoredWeight {
  /// Tells weights of two programs apart.
  fileprivate var placeKey: String { "\(function)\n\(name)\n\(expression.key)" }
}
