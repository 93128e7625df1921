// SPDX-License-Identifier: Apache-2.0

/// Which block every element of a tensor lies in, where each axis is cut into equal parts.
///
/// Axes that make one even division are merged: a weight `[out, in]` with blocks `[out, in / 32]`
/// is one axis with blocks of 32.
struct BlockGrid: Sendable {
  /// Elements and blocks of the merged axes; at least one axis.
  private let extents: [Int]
  private let blocks: [Int]
  /// Consecutive elements of a block along the last axis.
  let inner: Int
  let blockCount: Int

  /// `nil` if the blocks do not divide the shape.
  init?(shape: [Int], blocks: [Int]) {
    guard shape.count == blocks.count else { return nil }
    var merged: (extents: [Int], blocks: [Int]) = ([1], [1])
    for (extent, parts) in zip(shape, blocks) {
      guard extent >= 0, parts > 0 || extent == 0, extent == 0 || extent % parts == 0 else {
        return nil
      }
      let last = merged.extents.count - 1
      if merged.extents[last] == merged.blocks[last] || parts == 1 {
        merged.extents[last] *= extent
        merged.blocks[last] *= parts
      } else {
        merged.extents.append(extent)
        merged.blocks.append(parts)
      }
    }
    (extents, self.blocks) = merged
    inner = max(1, extents[extents.count - 1] / max(1, self.blocks[extents.count - 1]))
    blockCount = self.blocks.reduce(1, *)
  }

  /// The elements of `range` in runs along the last axis: the first element, how many, the block of
  /// the first and its place in that block along the last axis.
  func forEachRun(
    in range: Range<Int>,
    _ body: (_ start: Int, _ count: Int, _ block: Int, _ phase: Int) throws -> Void
  ) rethrows {
    let last = extents[extents.count - 1]
    var position = range.lowerBound
    while position < range.upperBound {
      let (row, column) = position.quotientAndRemainder(dividingBy: last)
      let count = min(last - column, range.upperBound - position)
      try body(position, count, firstBlock(ofRow: row) + column / inner, column % inner)
      position += count
    }
  }

  private func firstBlock(ofRow row: Int) -> Int {
    var (rest, block, step) = (row, 0, blocks[blocks.count - 1])
    for axis in extents.indices.dropLast().reversed() {
      let size = extents[axis] / blocks[axis]
      block += rest % extents[axis] / size * step
      rest /= extents[axis]
      step *= blocks[axis]
    }
    return block
  }

  /// A range that holds the blocks of all elements of `range`, which is not empty.
  func blocks(of range: Range<Int>) -> Range<Int> {
    let first = coordinates(range.lowerBound)
    let last = coordinates(range.upperBound - 1)
    var (low, high) = (0, 0)
    var isFree = false
    for axis in extents.indices {
      let size = extents[axis] / blocks[axis]
      // Past the first axis along which the ends differ, everything may occur.
      low = low * blocks[axis] + (isFree ? 0 : first[axis] / size)
      high = high * blocks[axis] + (isFree ? blocks[axis] - 1 : last[axis] / size)
      if first[axis] != last[axis] { isFree = true }
    }
    return low..<(high + 1)
  }

  private func coordinates(_ position: Int) -> [Int] {
    var rest = position
    var coordinates = extents
    for axis in extents.indices.reversed() {
      coordinates[axis] = rest % extents[axis]
      rest /= extents[axis]
    }
    return coordinates
  }
}
