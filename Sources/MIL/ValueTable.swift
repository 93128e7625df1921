// SPDX-License-Identifier: Apache-2.0

/// The identity of an SSA value within its function.
package struct ValueID: Hashable, Sendable, Comparable {
  package let index: Int

  package init(index: Int) { self.index = index }
  package static func < (a: ValueID, b: ValueID) -> Bool { a.index < b.index }
}

/// What is known of an SSA value.
package struct ValueInfo: Sendable {
  package var name: String
  package var type: ValueType
  /// The payload, for the output of a `const`: the one place it is kept.
  package var constant: Constant?
  /// For small integer tensors computed from shapes: the elements as expressions.
  package var dims: [Dim]?
  /// The declaration as a reader found it, where the type does not say all of it.
  package var preserved = Preserved()
  /// Whether the value is computed by `constexpr_*` operations from constants.
  var constexpr = false

  package init(name: String, type: ValueType, constant: Constant? = nil, dims: [Dim]? = nil) {
    self.name = name
    self.type = type
    self.constant = constant
    self.dims = dims
  }
}

/// The values of a function, by identity. Names are unique where they can be seen.
package struct ValueTable: Sendable {
  private var infos: [ValueInfo] = []
  private var taken: Set<String> = []

  package init() {}

  package var count: Int { infos.count }

  package subscript(id: ValueID) -> ValueInfo {
    get { infos[id.index] }
    set { infos[id.index] = newValue }
  }

  /// Adds a value; a name in use gets a number after it.
  package mutating func add(_ info: ValueInfo) -> ValueID {
    var info = info
    info.name = unique(info.name)
    infos.append(info)
    return ValueID(index: infos.count - 1)
  }

  /// Adds a value under a name that another value out of its sight may have too, as blocks that
  /// exclude each other do.
  package mutating func addKeepingName(_ info: ValueInfo) -> ValueID {
    taken.insert(info.name)
    infos.append(info)
    return ValueID(index: infos.count - 1)
  }

  /// Gives a value another name. Another value that has it gets a number after its own.
  package mutating func rename(_ id: ValueID, to name: String) {
    if infos[id.index].name == name { return }
    taken.remove(infos[id.index].name)
    if !taken.insert(name).inserted, let holder = infos.firstIndex(where: { $0.name == name }) {
      infos[holder].name = unique(name)
    }
    infos[id.index].name = name
  }

  package func isTaken(_ name: String) -> Bool { taken.contains(name) }

  private var counters: [String: Int] = [:]

  private mutating func unique(_ name: String) -> String {
    if taken.insert(name).inserted { return name }
    var counter = counters[name] ?? 0
    var candidate: String
    repeat {
      candidate = "\(name)_\(counter)"
      counter += 1
    } while !taken.insert(candidate).inserted
    counters[name] = counter
    return candidate
  }
}
