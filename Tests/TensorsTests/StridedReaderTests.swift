// SPDX-License-Identifier: Apache-2.0
import Synchronization
import Testing

@testable import Tensors

/// A storage of numbered elements that counts how it is read.
private final class Storage: Sendable {
  struct Use {
    var reads = 0
    var elements = 0
    var longest = 0
  }

  let elements: [UInt32]
  private let state = Mutex(Use())

  init(_ count: Int) { elements = (0..<UInt32(count)).map { $0 &* 2_654_435_761 } }

  var use: Use { state.withLock { $0 } }

  func read(_ range: Range<Int>, _ buffer: UnsafeMutableRawBufferPointer) {
    state.withLock {
      $0.reads += 1
      $0.elements += range.count
      $0.longest = max($0.longest, range.count)
    }
    elements[range].withUnsafeBytes { buffer.copyMemory(from: $0) }
  }

  func reader(_ layout: StridedLayout, panelBytes: Int) -> StridedReader {
    StridedReader(layout, elementSize: 4, panelBytes: panelBytes) { self.read($0, $1) }
  }

  /// What the layout shows, element by element.
  func shown(_ layout: StridedLayout) -> [UInt32] {
    var result: [UInt32] = []
    var index = [Int](repeating: 0, count: layout.shape.count)
    for _ in 0..<layout.count {
      result.append(
        elements[layout.offset + zip(index, layout.strides).reduce(0) { $0 + $1.0 * $1.1 }])
      for axis in index.indices.reversed() {
        index[axis] += 1
        if index[axis] < layout.shape[axis] { break }
        index[axis] = 0
      }
    }
    return result
  }
}

extension StridedReader {
  fileprivate func elements(_ range: Range<Int>) throws -> [UInt32] {
    var result = [UInt32](repeating: 0, count: range.count)
    try result.withUnsafeMutableBytes { try read(range, into: $0) }
    return result
  }
}

@Suite struct StridedReaderTests {
  private static let layouts: [(name: String, layout: StridedLayout)] = [
    ("transposed", .init(shape: [30, 50], strides: [1, 30])),
    ("transposed, apart", .init(offset: 7, shape: [5, 20], strides: [2, 3000])),
    ("four axes", .init(shape: [4, 3, 5, 6], strides: [1, 24, 4, 72])),
    ("outer axes kept", .init(shape: [6, 7, 8], strides: [56, 1, 7])),
    ("every other column", .init(shape: [40, 25], strides: [50, 2])),
    ("a window", .init(offset: 131, shape: [20, 10], strides: [50, 1])),
    ("backwards", .init(offset: 1499, shape: [30, 50], strides: [-50, -1])),
    ("backwards and transposed", .init(offset: 1499, shape: [50, 30], strides: [-1, -50])),
    ("repeated rows", .init(shape: [9, 31], strides: [0, 1])),
    ("repeated columns", .init(shape: [31, 9], strides: [1, 0])),
    ("one element again and again", .init(offset: 3, shape: [11, 3], strides: [0, 0])),
    ("overlapping windows", .init(shape: [40, 8], strides: [3, 1])),
    ("elements far apart", .init(shape: [3, 2, 2], strides: [20000, 9000, 2000])),
    ("one column", .init(offset: 5, shape: [60, 1], strides: [1000, 1])),
    ("prime extents", .init(shape: [7, 11, 13], strides: [1, 7, 77])),
    (
      "more axes than the kernel takes",
      .init(
        shape: [Int](repeating: 2, count: 12) + [1, 1, 2, 2, 1, 2, 2, 1, 2],
        strides: (0..<12).map { 1 << $0 } + [5, 6, 1 << 12, 1 << 13, 9, 0, 0, 4, 0])
    ),
  ]

  @Test(arguments: layouts.indices, [256, 4096, 1 << 20])
  func readsWhatTheLayoutShows(_ index: Int, panelBytes: Int) throws {
    let (name, layout) = Self.layouts[index]
    let storage = Storage(60000)
    let reader = storage.reader(layout, panelBytes: panelBytes)
    let expected = storage.shown(layout)
    #expect(try reader.elements(0..<layout.count) == expected, "\(name)")
    for step in [1, 7, 64] where layout.count / step < 300 {
      for start in stride(from: 0, to: layout.count, by: step) {
        let range = start..<min(start + step, layout.count)
        #expect(try reader.elements(range) == Array(expected[range]), "\(name) \(range)")
      }
    }
  }

  /// Larger than the memory of a read: it is cut. How often the storage is read depends on the cache,
  /// which tests share.
  @Test func aLargeTransposeIsReadInBoundedPieces() throws {
    let layout = StridedLayout(shape: [1500, 2000], strides: [1, 1500])
    let storage = Storage(layout.count)
    let reader = storage.reader(layout, panelBytes: 1 << 21)
    let expected = storage.shown(layout)
    for start in stride(from: 0, to: layout.count, by: 1 << 15) {
      let range = start..<min(start + 1 << 15, layout.count)
      #expect(try reader.elements(range).elementsEqual(expected[range]))
    }
    let use = storage.use
    #expect(use.longest * 4 <= 1 << 20)
  }

  @Test func aPanelIsAWholeNumberOfStepsFromAMultipleOfItself() throws {
    let transposed = StridedLayout(shape: [1500, 2000], strides: [1, 1500])
    let grain = try #require(Storage(1).reader(transposed, panelBytes: 1 << 20).grain)
    #expect(grain == 128 * 2000)
    // Cut along an inner axis, panels at the end of an outer step are shorter.
    let wide = StridedLayout(shape: [3, 2000, 1000], strides: [1, 3, 6000])
    #expect(Storage(1).reader(wide, panelBytes: 1 << 20).grain == nil)
  }

  @Test func aFailedReadIsThrownAndNotRemembered() throws {
    struct Failure: Error {}
    let fails = Mutex(true)
    let layout = StridedLayout(shape: [4, 4], strides: [1, 4])
    let reader = StridedReader(layout, elementSize: 4, panelBytes: 1024) { range, buffer in
      if fails.withLock({ $0 }) { throw Failure() }
      buffer.copyBytes(from: range.flatMap { [UInt8($0), 0, 0, 0] })
    }
    #expect(throws: Failure.self) { try reader.elements(0..<16) }
    fails.withLock { $0 = false }
    #expect(try reader.elements(0..<6) == [0, 4, 8, 12, 1, 5])
  }
}

@Suite struct ViewSourceTests {
  /// A source that makes no views itself.
  private final class Plain: WeightSource {
    let shape: [Int]
    let dtype: DType
    var key: String { "plain(\(shape))" }

    init(_ dtype: DType, _ shape: [Int]) { (self.dtype, self.shape) = (dtype, shape) }

    func read(_ range: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws {
      for (place, element) in range.enumerated() {
        buffer.storeBytes(
          of: UInt16(truncatingIfNeeded: element), toByteOffset: 2 * place, as: UInt16.self)
      }
    }
  }

  private func elements(_ source: any WeightSource) throws -> [UInt16] {
    try source.materialized().bytes.withUnsafeBytes { Array($0.bindMemory(to: UInt16.self)) }
  }

  /// 3 × 4 stays in memory, 300 × 400 is evaluated where it is read.
  @Test(arguments: [1, 100])
  func viewsOfASourceThatMakesNone(scale: Int) throws {
    let (rows, columns) = (3 * scale, 4 * scale)
    let plain = Plain(.uint16, [rows, columns])
    let transposed = try WeightView.permute(plain, [1, 0])
    #expect(transposed.shape == [columns, rows])
    let expected = (0..<columns).flatMap { c in
      (0..<rows).map { UInt16(truncatingIfNeeded: $0 * columns + c) }
    }
    #expect(try elements(transposed) == expected)
    let flat = try WeightView.reshape(transposed, [rows * columns])
    #expect(try elements(flat) == expected)
    let part = try WeightView.slice(flat, starts: [1], shape: [rows], steps: [columns])
    #expect(try elements(part) == (0..<rows).map { expected[1 + $0 * columns] })
    let again = try WeightView.permute(WeightView.reshape(flat, [2, rows * columns / 2]), [1, 0])
    #expect(
      try elements(again).prefix(3) == [expected[0], expected[rows * columns / 2], expected[1]])
    #expect(flat.key != transposed.key && part.key != flat.key)
  }
}
