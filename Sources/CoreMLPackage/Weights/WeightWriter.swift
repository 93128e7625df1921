// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Dispatch
import Synchronization
import Tensors

/// Called with the bytes of weights written so far and in all; from any thread, one call at a time.
package typealias WriteProgress = @Sendable (_ done: Int, _ total: Int) -> Void

/// Writes a weight file: every tile of every weight is evaluated on some core and put at its
/// offset, so that memory stays at one tile per core.
struct WeightWriter {
  private let layout: WeightLayout
  private let file: OutputFile
  private let tiles: [Tile]
  private let progress: WriteProgress?

  private struct Tile: Sendable {
    let blob: Int
    let range: Range<Int>
    let byteCount: Int
    let offset: Int
  }

  private struct State {
    var next = 0
    var done = 0
    var failure: (tile: Int, error: any Error)?
    var hashes: [ContentHash]
  }

  /// Bytes of a tile: what the caches of a core hold.
  private static let tileSize = 1 << 19

  /// Writes the file at `path`, which must not exist, and gives a hash of all weights.
  /// `output` is the path that errors name.
  static func write(
    _ layout: WeightLayout, to path: String, output: String, progress: WriteProgress?
  ) throws -> ContentHash {
    let file = try OutputFile(creating: path, for: output)
    try file.reserve(layout.fileSize)
    try file.write(BlobRecord.header(count: layout.blobs.count), at: 0)
    for blob in layout.blobs { try file.write(blob.record.bytes(), at: blob.offset) }
    let writer = WeightWriter(
      layout: layout, file: file, tiles: tiles(layout), progress: progress)
    let hash = try writer.run()
    try file.close()
    return hash
  }

  private static func tiles(_ layout: WeightLayout) -> [Tile] {
    layout.blobs.enumerated().flatMap { index, blob -> [Tile] in
      let (source, count) = (blob.source, blob.source.count)
      let step = tileLength(source)
      return stride(from: 0, to: count, by: step).map { start in
        let range = start..<min(start + step, count)
        return Tile(
          blob: index, range: range, byteCount: source.dtype.byteCount(range.count) ?? 0,
          offset: blob.dataOffset + start / 8 * source.dtype.bitWidth
            + start % 8 * source.dtype.bitWidth / 8)
      }
    }
  }

  /// Elements of a tile: whole rows where rows are short, and a multiple of 8, so that a tile of
  /// sub-byte elements starts with a byte.
  private static func tileLength(_ source: any WeightSource) -> Int {
    if let grain = source.grain, grain % 8 == 0 { return grain }
    let length = max(8, tileSize * 8 / max(source.dtype.bitWidth, 1) & ~7)
    guard let row = source.shape.last, row > 0, row * 8 <= length else { return length }
    return length / (row * 8) * (row * 8)
  }

  private func run() throws -> ContentHash {
    let empty = ContentHash.of([])
    let state = Mutex(State(hashes: Array(repeating: empty, count: tiles.count)))
    let largest = tiles.map(\.byteCount).max() ?? 0
    let workers = min(tiles.count, Processors.count)
    if workers > 0 {
      let order = order(lag: 2 * workers)
      DispatchQueue.concurrentPerform(iterations: workers) { _ in
        work(state, order, largest: largest, ahead: workers)
      }
    }
    PanelCache.shared.removeAll()
    let end = state.withLock { $0 }
    if let failure = end.failure { throw failure.error }
    var hasher = ContentHasher()
    for hash in end.hashes { hasher.update(hash) }
    return hasher.hash
  }

  /// The order in which tiles are evaluated: that of the file, but for scales and tables, which come
  /// `lag` tiles later than the codes and indices before them. Who evaluates those finds them out;
  /// at the same time somebody else would have to do it again.
  private func order(lag: Int) -> [Int] {
    let late = parameterBlobs()
    var order: [Int] = []
    order.reserveCapacity(tiles.count)
    var waiting: [(tile: Int, place: Int)] = []
    for (index, tile) in tiles.enumerated() {
      while let first = waiting.first, first.place <= order.count {
        order.append(waiting.removeFirst().tile)
      }
      if late.contains(tile.blob) {
        waiting.append((index, order.count + lag))
      } else {
        order.append(index)
      }
    }
    return order + waiting.map(\.tile)
  }

  /// Blobs that follow from the same weight as a larger one before them.
  private func parameterBlobs() -> Set<Int> {
    var found: Set<Int> = []
    var last: (key: String, byteCount: Int)?
    for (index, blob) in layout.blobs.enumerated() {
      guard let key = blob.source.derivation?.base.key else { continue }
      if let last, last.key == key, blob.byteCount < last.byteCount {
        found.insert(index)
      } else {
        last = (key, blob.byteCount)
      }
    }
    return found
  }

  /// Takes tiles until none is left or one of them failed.
  private func work(
    _ state: borrowing Mutex<State>, _ order: [Int], largest: Int, ahead: Int
  ) {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: largest, alignment: 64)
    defer { buffer.deallocate() }
    while let place = take(state) {
      let index = order[place]
      do {
        if place + ahead < tiles.count { announce(tiles[order[place + ahead]]) }
        let hash = try write(tiles[index], buffer)
        state.withLock { state in
          state.hashes[index] = hash
          state.done += tiles[index].byteCount
          progress?(state.done, layout.dataSize)
        }
      } catch {
        state.withLock { state in
          // The first one, whichever thread was faster.
          if state.failure.map({ index < $0.tile }) ?? true { state.failure = (index, error) }
        }
      }
    }
  }

  private func take(_ state: borrowing Mutex<State>) -> Int? {
    state.withLock { state in
      guard state.failure == nil, state.next < tiles.count else { return nil }
      state.next += 1
      return state.next - 1
    }
  }

  private func announce(_ tile: Tile) {
    layout.blobs[tile.blob].source.announce(tile.range)
  }

  /// Evaluates a tile in `buffer`, puts it in its place and has the disk begin with it.
  private func write(_ tile: Tile, _ buffer: UnsafeMutableRawBufferPointer) throws -> ContentHash {
    let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<tile.byteCount])
    try layout.blobs[tile.blob].source.read(tile.range, into: part)
    let hash = ContentHash.of(UnsafeRawBufferPointer(part))
    try file.write(UnsafeRawBufferPointer(part), at: tile.offset)
    file.startWriteback(at: tile.offset, count: tile.byteCount)
    return hash
  }
}
