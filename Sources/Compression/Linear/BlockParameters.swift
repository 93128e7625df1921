// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Scales and zero points of consecutive blocks.
struct BlockParameters {
  var scales: [Float]
  var zeros: [Float]

  init(count: Int) {
    scales = [Float](repeating: .nan, count: count)
    zeros = scales
  }
}

/// The parameters of a weight that are known so far: what reading the codes found out serves
/// reading the scales. May forget at any time.
final class ParameterMemory: Sendable {
  private let count: Int
  /// Empty when forgotten; a scale that is not known is NaN.
  private let known = Mutex(BlockParameters(count: 0))

  init(count: Int) {
    self.count = count
  }

  deinit { ParameterBudget.shared.remove(ObjectIdentifier(self)) }

  /// The parameters of `blocks`, if all of them are known.
  func recall(_ blocks: Range<Int>) -> BlockParameters? {
    known.withLock { known in
      guard !known.scales.isEmpty else { return nil }
      var found = BlockParameters(count: 0)
      found.scales = Array(known.scales[blocks])
      found.zeros = Array(known.zeros[blocks])
      return found.scales.contains { $0.isNaN } ? nil : found
    }
  }

  func remember(_ parameters: BlockParameters, at first: Int) {
    let bytes = 2 * MemoryLayout<Float>.stride * count
    guard ParameterBudget.shared.admit(self, bytes: bytes) else { return }
    known.withLock { known in
      if known.scales.isEmpty { known = BlockParameters(count: count) }
      let blocks = first..<(first + parameters.scales.count)
      known.scales.replaceSubrange(blocks, with: parameters.scales)
      known.zeros.replaceSubrange(blocks, with: parameters.zeros)
    }
  }

  func forget() {
    known.withLock { $0 = BlockParameters(count: 0) }
  }
}

/// Bounds what all memories hold together, by making the oldest forget.
private final class ParameterBudget: Sendable {
  static let shared = ParameterBudget(limit: 96 << 20)

  private struct Entry {
    weak var memory: ParameterMemory?
    let identity: ObjectIdentifier
    let bytes: Int
  }

  private let limit: Int
  private let entries = Mutex<[Entry]>([])

  init(limit: Int) {
    self.limit = limit
  }

  /// Whether `memory` may hold `bytes`; older ones forget if that is needed.
  func admit(_ memory: ParameterMemory, bytes: Int) -> Bool {
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
