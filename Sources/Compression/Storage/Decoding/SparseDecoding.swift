// SPDX-License-Identifier: Apache-2.0
import CKernels
import Diagnostics
import Synchronization
import Tensors

/// Where the ones of a mask are: how many come before every so many elements, counted once.
final class MaskIndex: Sendable {
  let mask: any WeightSource
  private static let step = Decoding.tile
  /// Ones before element `i * step`, and those of all at the end; `nil` until it is needed.
  private let counts = Mutex<[Int]?>(nil)

  init(_ mask: any WeightSource) {
    self.mask = mask
  }

  /// How many ones there are.
  func total() throws -> Int { try known().last ?? 0 }

  /// How many ones come before `position`.
  func ones(before position: Int) throws -> Int {
    let counts = try known()
    let tile = min(position / Self.step, counts.count - 1)
    let rest = (tile * Self.step)..<position
    return rest.isEmpty ? counts[tile] : counts[tile] + (try ones(in: rest))
  }

  /// The tile (its first element, and how many ones come before it) that holds one `number`.
  func tile(ofOne number: Int) throws -> (start: Int, before: Int) {
    let counts = try known()
    var (low, high) = (0, counts.count - 1)
    while high - low > 1 {
      let middle = (low + high) / 2
      if counts[middle] <= number { low = middle } else { high = middle }
    }
    return (low * Self.step, counts[low])
  }

  private func known() throws -> [Int] {
    try counts.withLock { counts in
      if let counts { return counts }
      var found = [0]
      var sum = 0
      try Decoding.forEachTile(in: 0..<mask.count) { part in
        sum += try ones(in: part)
        found.append(sum)
      }
      counts = found
      return found
    }
  }

  private func ones(in range: Range<Int>) throws -> Int {
    try Decoding.withScratch(UInt8.self, range.count) { bits in
      try mask.readUnpacked(range, into: bits)
      return range.count - Int(mpk_count_bytes(bits, range.count, 0, 0))
    }
  }
}

/// Values where a mask is 1, zeros elsewhere: `constexpr_sparse_to_dense`.
final class SpreadSource: DecodedSource {
  private let values: any WeightSource
  private let index: MaskIndex
  let shape: [Int]
  let key: String

  var dtype: DType { values.dtype }

  /// C1: `values` has an element for each one of the mask; found out when the source is read.
  init(_ values: any WeightSource, _ index: MaskIndex, shape: [Int]) {
    self.values = values
    self.index = index
    self.shape = shape
    key = "spread(\(values.key),\(index.mask.key),\(shape))"
  }

  func decode(_ range: Range<Int>, into target: UnsafeMutableRawPointer) throws {
    let total = try index.total()
    guard total == values.count else {
      throw Diagnostic.error(
        .malformed, "\(values.count) values do not fit a mask with \(total) ones")
    }
    try Decoding.withScratch(UInt8.self, range.count) { bits in
      try index.mask.readUnpacked(range, into: bits)
      let ones = range.count - Int(mpk_count_bytes(bits, range.count, 0, 0))
      let first = try index.ones(before: range.lowerBound)
      let size = dtype.unpackedSize
      try Decoding.withScratch(UInt64.self, (ones * size + 7) / 8) { present in
        try values.readUnpacked(first..<(first + ones), into: present)
        _ = mpk_spread(bits, range.count, present, size, target)
      }
    }
  }
}

/// The elements of a dense tensor where a mask is 1, as a vector: what operations on sparse values
/// give.
final class CollectedSource: DecodedSource {
  let dense: any WeightSource
  let index: MaskIndex
  let shape: [Int]

  var dtype: DType { dense.dtype }
  var key: String { "collected(\(dense.key),\(index.mask.key))" }

  /// C1: `dense` has the shape of the mask, which has `count` ones; the latter is found out when
  /// the source is read.
  init(_ dense: any WeightSource, _ index: MaskIndex, count: Int) {
    self.dense = dense
    self.index = index
    shape = [count]
  }

  func decode(_ range: Range<Int>, into target: UnsafeMutableRawPointer) throws {
    let total = try index.total()
    guard total == count else {
      throw Diagnostic.error(.malformed, "\(count) values do not fit a mask with \(total) ones")
    }
    let size = dtype.unpackedSize
    var (start, before) = try index.tile(ofOne: range.lowerBound)
    var filled = 0
    while filled < range.count {
      let part = start..<min(start + Decoding.tile, dense.count)
      if part.isEmpty { return }
      try collect(part) { found, count in
        let wanted = (range.lowerBound + filled - before)..<min(count, range.upperBound - before)
        if !wanted.isEmpty {
          (target + filled * size).copyMemory(
            from: found + wanted.lowerBound * size, byteCount: wanted.count * size)
          filled += wanted.count
        }
        before += count
      }
      start = part.upperBound
    }
  }

  /// Gives `body` the elements of `range` that the mask has.
  private func collect(
    _ range: Range<Int>, _ body: (UnsafeRawPointer, Int) throws -> Void
  ) throws {
    let size = dtype.unpackedSize
    let words = (range.count * size + 7) / 8
    try Decoding.withScratch(UInt64.self, 2 * words) { memory in
      try Decoding.withScratch(UInt8.self, range.count) { bits in
        try index.mask.readUnpacked(range, into: bits)
        try dense.readUnpacked(range, into: memory)
        let count = mpk_collect(bits, range.count, memory, size, memory + words)
        try body(memory + words, count)
      }
    }
  }
}

/// A dense tensor with zeros where a mask is 0: collecting and spreading by one mask.
final class MaskedSource: DecodedSource {
  private let dense: any WeightSource
  private let mask: any WeightSource

  var dtype: DType { dense.dtype }
  var shape: [Int] { dense.shape }
  var key: String { "masked(\(dense.key),\(mask.key))" }

  init(_ dense: any WeightSource, mask: any WeightSource) {
    self.dense = dense
    self.mask = mask
  }

  func decode(_ range: Range<Int>, into target: UnsafeMutableRawPointer) throws {
    try dense.readUnpacked(range, into: target)
    try Decoding.withScratch(UInt8.self, range.count) { bits in
      try mask.readUnpacked(range, into: bits)
      mpk_keep(bits, range.count, dtype.unpackedSize, target)
    }
  }
}

/// A mask with every element repeated along an axis: that of vectors.
final class RepeatedMask: DecodedSource {
  private let mask: any WeightSource
  private let size: Int
  private let inner: Int
  let shape: [Int]

  var dtype: DType { mask.dtype }
  var key: String { "repeated(\(mask.key),\(size),\(inner))" }

  init(_ mask: any WeightSource, size: Int, axis: Int, shape: [Int]) {
    self.mask = mask
    self.size = size
    self.shape = shape
    inner = mask.shape.dropFirst(axis + 1).reduce(1, *)
  }

  func decode(_ range: Range<Int>, into target: UnsafeMutableRawPointer) throws {
    if range.isEmpty { return }
    let bits = target.assumingMemoryBound(to: UInt8.self)
    var position = range.lowerBound
    while position < range.upperBound {
      let (row, column) = position.quotientAndRemainder(dividingBy: inner)
      let place = position - range.lowerBound
      if inner == 1 {
        // One element of the mask for each `size`.
        let first = row / size
        let last = (range.upperBound - 1) / size
        try Decoding.withScratch(UInt8.self, last - first + 1) { found in
          try mask.readUnpacked(first..<(last + 1), into: found)
          for k in 0..<range.count { bits[k] = found[(range.lowerBound + k) / size - first] }
        }
        return
      }
      let count = min(inner - column, range.upperBound - position)
      let first = row / size * inner + column
      try mask.readUnpacked(first..<(first + count), into: bits + place)
      position += count
    }
  }
}
