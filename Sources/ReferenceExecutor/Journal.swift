// SPDX-License-Identifier: Apache-2.0

/// What a running prediction overwrote in the storage of states, so that a failure can be undone.
final class Journal {
  private var entries: [(memory: Memory, position: Int, words: [UInt32])] = []

  /// Notes the words of `regions` (position, count), which are about to be overwritten.
  func note(_ memory: Memory, _ regions: [(Int, Int)]) {
    let words = memory.base.bindMemory(to: UInt32.self, capacity: memory.count)
    for (position, count) in regions {
      let old = UnsafeBufferPointer(start: words + position, count: count)
      entries.append((memory, position, Array(old)))
    }
  }

  /// Puts everything back, the newest first.
  func undo() {
    for (memory, position, old) in entries.reversed() {
      let words = memory.base.bindMemory(to: UInt32.self, capacity: memory.count)
      for (i, word) in old.enumerated() { words[position + i] = word }
    }
    entries.removeAll()
  }
}
