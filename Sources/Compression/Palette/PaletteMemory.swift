// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// The tables of a weight that are known so far: what reading the indices found out serves reading
/// the tables. May forget at any time.
final class PaletteMemory: Forgetting {
  private static let budget = MemoryBudget(limit: 48 << 20)

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

  deinit { Self.budget.remove(ObjectIdentifier(self)) }

  func recall(_ group: Int) -> PaletteTable? {
    known.withLock { $0.isEmpty ? nil : $0[group] }
  }

  func remember(_ table: PaletteTable, of group: Int) {
    guard Self.budget.admit(self, bytes: bytes) else { return }
    known.withLock { known in
      if known.isEmpty { known = Array(repeating: nil, count: count) }
      known[group] = table
    }
  }

  func forget() { known.withLock { $0 = [] } }
}
