// SPDX-License-Identifier: Apache-2.0
import ModelPackKit
import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A line of progress on the terminal, shown once something has taken a second.
final class Progress: Sendable {
  private struct State {
    var next: Double
    var isShown = false
  }

  private let isWanted: Bool
  private let state: Mutex<State>

  init(_ options: CommonOptions) {
    isWanted = Console.isTerminal && !options.quiet && !options.json
    state = Mutex(State(next: Self.now() + 1))
  }

  /// Shows how many bytes of `stage` are done, at most ten times a second.
  func show(_ stage: String, _ done: Int, of total: Int) {
    guard isWanted else { return }
    state.withLock { state in
      let now = Self.now()
      guard now >= state.next else { return }
      state.next = now + 0.1
      state.isShown = true
      let share = total > 0 ? min(1, Double(done) / Double(total)) : 0
      let filled = Int(share * 30)
      let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 30 - filled)
      Console.write(
        "\r\u{1B}[K\(stage) \(bar) \(Int(share * 100)) %, \(Format.megabytes(done)) of "
          + Format.megabytes(total))
    }
  }

  func finish() {
    state.withLock { state in
      if state.isShown { Console.clearLine() }
      state.isShown = false
    }
  }

  private static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
