// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// The tables of a weight that are known so far: what reading the indices found out serves reading
/// the tables. May forget at any time.
final class PaletteMemory: Sendable {
  private let count: Int
  private let bytes: Int
  /// Empty when forgotten.
  private let known = Mutex<[PaletteTable?]>([])

  /// For `count` tables of `size` numbers.
  init(count: Int, size: Int) {
    self.count = count
    // Entries and cuts, and what arrays take besides.
    bytes = count * (8 * size + 128)
  }

  deinit { PaletteBudget.shared.remove(ObjectIdentifier(self)) }

  func recall(_ group: Int) -> PaletteTable? {
    known.withLock { $0.isEmpty ? nil : $0[group] }
  }

  func remember(_ table: PaletteTable, of group: Int) {
    guard PaletteBudget.shared.admit(self, bytes: bytes) else { return }
    known.withLock { known in
      if known.isEmpty { known = Array(repeating: nil, count: count) }
      known[group] = table
    }
  }

  func forget() { known.withLock { $0 = [] } }
}

/// Bounds what all memories hold together, by making the oldest forget.
private final class PaletteBudget: Sendable {
  static let shared = PaletteBudget(limit: 48 << 20)

  private struct Entry {
    weak var memory: PaletteMemory?
    let identity: ObjectIdentifier
    let bytes: Int
  }

  private let limit: Int
  private let entries = Mutex<[Entry]>([])

  init(limit: Int) { self.limit = limit }

  /// Whether `memory` may hold `bytes`; older ones forget if that is needed.
  func admit(_ memory: PaletteMemory, bytes: Int) -> Bool {
    guard bytes <= limit else { return false }
    let identity = ObjectIdentifier(memory)
    let evicted = entries.withLock { entries -> [Entry] in
      if entries.contains(where: { $0.identity == identity }) { return [] }
      entries.append(Entry(memory: memory, identity: identity, bytes: bytes))
      var total = entries.reduce(0) { $0 + $1.bytes }
      var evicted: [Entry] = []
      while total > limit {
        evicted.append(entries.removeFirst())
        total -= evicted[evicted.count - 1].bytes
      }
      return evicted
    }
    for entry in evicted { entry.memory?.forget() }
    return true
  }

  func remove(_ identity: ObjectIdentifier) {
    entries.withLock { $0.removeAll { $0.identity == identity } }
  }
}
