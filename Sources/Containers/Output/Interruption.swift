// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Where `wake` writes. A plain global without an initializer to run, because a signal handler reads
/// it; set once, before the handler is installed.
private nonisolated(unsafe) var wakeDescriptor: Int32 = -1

/// The signal handler: passes the number of the signal to the listening thread.
private let wake: @convention(c) (Int32) -> Void = { number in
  let saved = errno
  var byte = UInt8(truncatingIfNeeded: number)
  write(wakeDescriptor, &byte, 1)
  errno = saved
}

/// Waits for a signal on a thread of its own, where anything may be called.
private final class Listener: Sendable {
  private let descriptor: Int32
  private let last: @Sendable () -> Void

  init(_ descriptor: Int32, _ last: @escaping @Sendable () -> Void) {
    self.descriptor = descriptor
    self.last = last
  }

  func run() {
    var number: UInt8 = 0
    while read(descriptor, &number, 1) < 0 && errno == EINTR {}
    Interruption.removeAll()
    last()
    _exit(128 + Int32(number))
  }
}

/// What is being written by this process, and its removal when the user interrupts.
package enum Interruption {
  private struct State {
    var folders: [Int: String] = [:]
    var next = 0
    var stopped = false
  }

  private static let state = Mutex(State())

  /// From now on SIGINT and SIGTERM remove what is in flight, run `last` and end the process with
  /// status 130 (SIGTERM: 143). To be called once.
  package static func removeOutputOnSignal(_ last: @escaping @Sendable () -> Void = {}) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { return }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    wakeDescriptor = ends[1]
    let listener = Unmanaged.passRetained(Listener(ends[0], last)).toOpaque()
    #if canImport(Glibc)
      var thread = pthread_t()
    #else
      var thread: pthread_t?
    #endif
    let started = pthread_create(
      &thread, nil,
      { argument in
        if let argument { Unmanaged<Listener>.fromOpaque(argument).takeUnretainedValue().run() }
        return nil
      }, listener)
    guard started == 0 else { return }
    for number in [SIGINT, SIGTERM] { signal(number, wake) }
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
