// SPDX-License-Identifier: Apache-2.0
import Dispatch
import Synchronization

/// Work on things that differ in size, on all cores.
package enum ParallelItems {
  /// The results of `body` for 0 to `count - 1`, in order. Throws the error of the first that has
  /// one; then not all are done.
  package static func map<Result: Sendable>(
    count: Int, _ body: @Sendable (Int) throws -> Result
  ) throws -> [Result] {
    let results = Mutex<[Swift.Result<Result, any Error>?]>(Array(repeating: nil, count: count))
    let next = Atomic(0)
    let failed = Atomic(false)
    DispatchQueue.concurrentPerform(iterations: min(count, Processors.count)) { _ in
      while !failed.load(ordering: .relaxed) {
        let index = next.add(1, ordering: .relaxed).oldValue
        guard index < count else { return }
        let result = Swift.Result { try body(index) }
        if case .failure = result { failed.store(true, ordering: .relaxed) }
        results.withLock { $0[index] = result }
      }
    }
    return try results.withLock { try $0.compactMap { try $0?.get() } }
  }
}
