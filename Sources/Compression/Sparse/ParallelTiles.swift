// SPDX-License-Identifier: Apache-2.0
import Dispatch
import Synchronization
import Tensors

/// Work on consecutive pieces of a weight, on all cores.
enum ParallelTiles {
  /// The results of `body` for consecutive runs of tiles, one run per core at most, in order.
  /// Throws the error of the first run that has one.
  static func map<Result: Sendable>(
    count: Int, tile: Int, _ body: @Sendable ([Range<Int>]) throws -> Result
  ) throws -> [Result] {
    let tiles = stride(from: 0, to: count, by: tile).map { $0..<min($0 + tile, count) }
    let workers = min(tiles.count, Processors.count)
    if workers == 0 { return [] }
    let results = Mutex<[Swift.Result<Result, any Error>?]>(Array(repeating: nil, count: workers))
    DispatchQueue.concurrentPerform(iterations: workers) { worker in
      let run = tiles.count * worker / workers..<tiles.count * (worker + 1) / workers
      let result = Swift.Result { try body(Array(tiles[run])) }
      results.withLock { $0[worker] = result }
    }
    return try results.withLock { try $0.compactMap { try $0?.get() } }
  }
}

/// Work on things that differ in size, on all cores.
enum ParallelItems {
  /// The results of `body` for 0 to `count - 1`, in order. Throws the error of the first that has
  /// one; then not all are done.
  static func map<Result: Sendable>(
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

/// A value computed when it is first asked for.
final class Lazily<Value: Sendable>: Sendable {
  private let known = Mutex<Value?>(nil)

  /// The value; others who ask wait while `compute` runs. A failure is not remembered.
  func value(_ compute: () throws -> Value) throws -> Value {
    try known.withLock { known in
      if let value = known { return value }
      let value = try compute()
      known = value
      return value
    }
  }
}
