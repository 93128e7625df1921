// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// The panels of strided weights that were gathered last, of all weights together.
package final class PanelCache: Sendable {
  struct Key: Hashable {
    let reader: Int
    let start: Int
  }

  /// A panel that one thread gathers while others that want it wait.
  private final class Panel: Sendable {
    private let content = Mutex<[UInt8]?>(nil)

    func bytes(_ gather: () throws -> [UInt8]) throws -> [UInt8] {
      try content.withLock { content in
        if let content { return content }
        let fresh = try gather()
        content = fresh
        return fresh
      }
    }
  }

  private struct State {
    var panels: [Key: (panel: Panel, used: Int)] = [:]
    var clock = 0
  }

  private let state = Mutex(State())
  private let room: Int

  package static let shared = PanelCache(room: Processors.count + 2)

  /// Bytes of a panel: all that are kept together take 64 MiB.
  package static let panelBytes = min(8 << 20, (64 << 20) / (Processors.count + 2))

  private static let numbers = Atomic(0)

  static func nextNumber() -> Int { numbers.add(1, ordering: .relaxed).newValue }

  /// Keeps `room` panels.
  init(room: Int) { self.room = room }

  /// The panel, gathered if it is not there. Throws what `gather` throws.
  func bytes(_ key: Key, _ gather: () throws -> [UInt8]) throws -> [UInt8] {
    let panel = state.withLock { state in
      state.clock += 1
      let panel = state.panels[key]?.panel ?? Panel()
      state.panels[key] = (panel, state.clock)
      while state.panels.count > room,
        let oldest = state.panels.min(by: { $0.value.used < $1.value.used })
      {
        state.panels[oldest.key] = nil
      }
      return panel
    }
    return try panel.bytes(gather)
  }

  /// Forgets all panels.
  package func removeAll() {
    state.withLock { $0.panels.removeAll() }
  }
}
