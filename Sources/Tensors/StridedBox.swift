// SPDX-License-Identifier: Apache-2.0
import CKernels

/// A box of elements that lie strided in a storage and go strided to a target.
struct StridedBox {
  /// Strides are in elements.
  struct Axis {
    var extent: Int
    var source: Int
    var target: Int
  }

  /// Where the first element lies, and goes.
  var source: Int
  var target: Int
  var axes: [Axis]

  /// The box in two parts, cut across the axis along which the storage is walked slowest.
  func halves() -> [StridedBox] {
    let widest = axes.indices.max { abs(axes[$0].source) < abs(axes[$1].source) }
    guard let axis = widest, axes[axis].extent > 1 else { return [] }
    let cut = axes[axis].extent / 2
    var (first, second) = (self, self)
    first.axes[axis].extent = cut
    second.axes[axis].extent -= cut
    second.source += cut * axes[axis].source
    second.target += cut * axes[axis].target
    return [first, second].map { half in
      var half = half
      half.axes.removeAll { $0.extent == 1 }
      return half
    }
  }
}

/// How the storage of a box is read: in pieces one after the other, each a run of elements with
/// what little lies between them.
struct StridedGather {
  private let box: StridedBox
  private let size: Int
  /// The lowest position that is read.
  private let low: Int
  /// The axes between pieces, slowest first, with how often and how far they step.
  private let outer: [(extent: Int, stride: Int)]
  /// Elements of a piece.
  private let run: Int
  /// For each axis of the box, elements of the scratch memory from one step to the next.
  private let scratch: [Int]
  private let pieces: Int

  /// Gaps of up to this many bytes are read along: it costs less than another read.
  private static let gap = 4096
  private static let limit = 1 << 20

  init(_ box: StridedBox, elementSize size: Int) {
    self.box = box
    self.size = size
    let order = box.axes.indices.filter { box.axes[$0].source != 0 }
      .sorted { abs(box.axes[$0].source) > abs(box.axes[$1].source) }
    var low = box.source
    for axis in box.axes where axis.source < 0 { low += (axis.extent - 1) * axis.source }
    self.low = low
    var run = 1
    var joined = order.count
    var scratch = [Int](repeating: 0, count: box.axes.count)
    while joined > 0 {
      let axis = box.axes[order[joined - 1]]
      let step = abs(axis.source)
      let grown = run + (axis.extent - 1) * step
      if (step - run) * size > Self.gap || grown * size > Self.limit { break }
      run = grown
      scratch[order[joined - 1]] = axis.source
      joined -= 1
    }
    var place = run
    for k in order[..<joined].reversed() {
      scratch[k] = box.axes[k].source < 0 ? -place : place
      place *= box.axes[k].extent
    }
    outer = order[..<joined].map { (box.axes[$0].extent, abs(box.axes[$0].source)) }
    pieces = outer.reduce(1) { $0 * $1.extent }
    self.run = run
    self.scratch = scratch
  }

  /// Bytes of scratch memory.
  var byteCount: Int { pieces * run * size }

  /// Whether it needs little enough memory; a box of which this is false can be halved.
  var fits: Bool {
    box.axes.count <= Int(MPK_MAX_RANK) && (pieces == 1 || pieces <= Self.limit / (run * size))
  }

  /// Gives the positions of each piece in the storage, and its byte offset in the scratch memory.
  func forEachPiece(_ body: (Range<Int>, _ place: Int) throws -> Void) rethrows {
    var index = [Int](repeating: 0, count: outer.count)
    var position = low
    for piece in 0..<pieces {
      try body(position..<position + run, piece * run * size)
      for k in outer.indices.reversed() {
        position += outer[k].stride
        index[k] += 1
        if index[k] < outer[k].extent { break }
        position -= outer[k].stride * outer[k].extent
        index[k] = 0
      }
    }
  }

  /// Puts the elements of the box where they go.
  func copy(from pieces: UnsafeMutableRawBufferPointer, to target: UnsafeMutableRawBufferPointer) {
    guard let from = pieces.baseAddress, let to = target.baseAddress else { return }
    var first = 0
    for (axis, stride) in zip(box.axes, scratch) where stride < 0 {
      first -= (axis.extent - 1) * stride
    }
    // The rank and the element size are within what the kernel takes.
    _ = mpk_copy_strided(
      from + first * size, scratch.map { Int64($0 * size) }, to + box.target * size,
      box.axes.map { Int64($0.target * size) }, box.axes.map { Int64($0.extent) },
      UInt32(box.axes.count), size)
  }
}
