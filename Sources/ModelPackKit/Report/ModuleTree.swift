// SPDX-License-Identifier: Apache-2.0

/// Weights by module, as their names tell: `layers_0_attention_q_proj_weight` lies in `layers`,
/// there in `layers 0`, there in `attention`. Modules of one part are one with it.
struct ModuleTree {
  private(set) var label: String
  /// Of all weights in it.
  private(set) var bytes: Int
  /// Largest first.
  private(set) var children: [ModuleTree]
  /// The place of the weight, for a leaf.
  let weight: Int?

  init(_ weights: [(name: String, bytes: Int)]) {
    let entries = weights.enumerated().map { place, weight in
      Entry(words: Self.words(weight.name)[...], bytes: weight.bytes, weight: place)
    }
    self.init(entries, label: "", word: "")
  }

  private struct Entry {
    var words: ArraySlice<String>
    let bytes: Int
    let weight: Int
  }

  /// The words of a name, without what tools append to it.
  private static func words(_ name: String) -> [String] {
    var words = name.split { !($0.isLetter || $0.isNumber) }.map(String.init)
    for ending in [["quantized"], ["palettized"], ["to", "fp16"], ["to", "fp32"], ["weight"]]
    where words.count > ending.count && words.suffix(ending.count).elementsEqual(ending) {
      words.removeLast(ending.count)
    }
    // Deeper modules than these are not told apart.
    if words.count > 12 { words[11...] = [words[11...].joined(separator: "_")] }
    return words.isEmpty ? [name] : words
  }

  /// The first number in the label.
  private var number: Int {
    label.split { !$0.isNumber }.first.flatMap { Int($0) } ?? -1
  }

  private init(leaf entry: Entry, label: String) {
    self.label = label
    bytes = entry.bytes
    children = []
    weight = entry.weight
  }

  /// `word` is the last word before those of the entries.
  private init(_ entries: [Entry], label: String, word: String) {
    self.label = label
    bytes = entries.reduce(0) { $0 + $1.bytes }
    weight = nil
    var groups: [(word: String, entries: [Entry])] = []
    var places: [String: Int] = [:]
    for entry in entries {
      let first = entry.words.first ?? ""
      let place = places[first] ?? groups.count
      if place == groups.count {
        groups.append((first, []))
        places[first] = place
      }
      groups[place].entries.append(entry)
    }
    children = groups.map { Self.child($0.entries, after: word) }
      .sorted { a, b in
        // Equal ones as people count.
        (b.bytes, a.number, a.label) < (a.bytes, b.number, b.label)
      }
  }

  /// The node of entries that share their first word, and perhaps more.
  private static func child(_ entries: [Entry], after word: String) -> ModuleTree {
    var shared: [String] = []
    var entries = entries
    while let next = entries[0].words.first,
      shared.isEmpty || entries.allSatisfy({ $0.words.first == next })
    {
      shared.append(next)
      for index in entries.indices { entries[index].words = entries[index].words.dropFirst() }
    }
    // A number alone says little.
    let isNumber = shared.first?.allSatisfy(\.isNumber) ?? false
    let label =
      shared.isEmpty
      ? word : (isNumber && !word.isEmpty ? word + " " : "") + shared.joined(separator: "_")
    if entries.count == 1 { return ModuleTree(leaf: entries[0], label: label) }
    if entries.allSatisfy(\.words.isEmpty) {
      // Weights of one name, in several functions.
      var node = ModuleTree([], label: label, word: word)
      node.children = entries.map { ModuleTree(leaf: $0, label: label) }
        .sorted { $1.bytes < $0.bytes }
      node.bytes = entries.reduce(0) { $0 + $1.bytes }
      return node
    }
    return ModuleTree(entries, label: label, word: shared.last ?? word)
  }
}
