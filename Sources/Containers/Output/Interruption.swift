// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What is being written by this process, and its removal when the user interrupts.
package enum Interruption {
  private struct State {
    var folders: [Int: String] = [:]
    var next = 0
    var stopped = false
  }

  private static let state = Mutex(State())

  /// From now on SIGINT, SIGTERM and SIGHUP remove what is in flight, run `last` and end the
  /// process with status 130. To be called once, before any other thread exists.
  package static func removeOutputOnSignal(_ last: @escaping @Sendable () -> Void = {}) {
    var signals = handled()
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    let box = Unmanaged.passRetained(Last(last)).toOpaque()
    #if canImport(Glibc)
      var thread = pthread_t()
    #else
      var thread: pthread_t?
    #endif
    pthread_create(&thread, nil, { argument in Interruption.wait(argument) }, box)
  }

  private final class Last: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  private static func handled() -> sigset_t {
    var signals = sigset_t()
    sigemptyset(&signals)
    for signal in [SIGINT, SIGTERM, SIGHUP] { sigaddset(&signals, signal) }
    return signals
  }

  private static func wait(_ argument: UnsafeMutableRawPointer?) -> Never {
    var signals = handled()
    var signal: Int32 = 0
    while sigwait(&signals, &signal) != 0 {}
    removeAll()
    if let argument { Unmanaged<Last>.fromOpaque(argument).takeUnretainedValue().run() }
    _exit(130)
  }

  /// Removes every output in flight. A `commit()` that is running finishes first, later ones throw
  /// `.interrupted`.
  static func removeAll() {
    state.withLock { state in
      state.stopped = true
      // Again, because other threads may still be adding files.
      for path in state.folders.values {
        for _ in 0..<3 { FileTree.remove(path) }
      }
    }
  }

  static func nextNumber() -> Int {
    state.withLock { state in
      state.next += 1
      return state.next
    }
  }

  static func register(_ path: String, _ number: Int) {
    state.withLock { $0.folders[number] = path }
  }

  static func unregister(_ number: Int) -> Bool {
    state.withLock { $0.folders.removeValue(forKey: number) != nil }
  }

  static func whileRegistered(
    _ number: Int, _ output: String, _ body: () throws(Diagnostic) -> Void
  ) throws(Diagnostic) {
    let result = state.withLock { state in
      Result { () throws(Diagnostic) in
        if state.stopped { throw .error(.interrupted, at: Location(file: output), "interrupted") }
        guard state.folders[number] != nil else {
          throw .error(.internalError, at: Location(file: output), "committed twice")
        }
        try body()
      }
    }
    try result.get()
  }
}
