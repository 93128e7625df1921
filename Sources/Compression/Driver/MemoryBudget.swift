// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// What is remembered only to save work.
protocol Forgetting: AnyObject, Sendable {
  func forget()
}

/// Bounds what memories of one kind hold together, by making the oldest forget.
final class MemoryBudget: Sendable {
  private struct Entry {
    weak var memory: (any Forgetting)?
    let identity: ObjectIdentifier
    let bytes: Int
  }

  private let limit: Int
  private let entries = Mutex<[Entry]>([])

  init(limit: Int) { self.limit = limit }

  /// Whether `memory` may hold `bytes`; older ones forget if that is needed.
  func admit(_ memory: any Forgetting, bytes: Int) -> Bool {
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
