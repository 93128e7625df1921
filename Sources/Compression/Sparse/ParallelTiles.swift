// SPDX-License-Identifier: Apache-2.0
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
    return try ParallelItems.map(count: workers) { worker in
      let run = tiles.count * worker / workers..<tiles.count * (worker + 1) / workers
      return try body(Array(tiles[run]))
    }
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
