// SPDX-License-Identifier: Apache-2.0
import CKernels
import Diagnostics
import Synchronization

/// Reads a linear storage through a strided layout in bounded memory.
///
/// The elements are cut, in row-major order, into panels of some megabytes. A panel is gathered
/// with reads as long as the layout allows, and kept for the readers that follow: transposing a
/// weight reads its storage once, however small the pieces in which the result is asked for.
package final class StridedReader: Sendable {
  /// Fills a buffer with elements of the storage.
  package typealias Read = @Sendable (Range<Int>, UnsafeMutableRawBufferPointer) throws -> Void

  package let layout: StridedLayout
  /// Bytes of an element: 1, 2, 4 or 8.
  private let size: Int
  private let read: Read
  private let panels: Panels
  private let number: Int

  /// C1: every element of the layout lies in the storage that `read` gives access to.
  package init(
    _ layout: StridedLayout, elementSize size: Int, panelBytes: Int = PanelCache.panelBytes,
    read: @escaping Read
  ) {
    self.layout = layout
    self.size = size
    self.read = read
    panels = Panels(shape: layout.shape, limit: max(8, panelBytes / size))
    number = PanelCache.nextNumber()
  }

  /// Elements that are best asked for at once, from a multiple of it, if panels are all alike.
  package var grain: Int? { panels.grain }

  /// Writes the elements of `range`, in row-major order, to `buffer`.
  package func read(_ range: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws {
    var position = range.lowerBound
    while position < range.upperBound {
      let panel = panels.panel(holding: position)
      let bytes = try PanelCache.shared.bytes(.init(reader: number, start: panel.lowerBound)) {
        try gathered(panel)
      }
      let end = min(panel.upperBound, range.upperBound)
      let part = (position - panel.lowerBound) * size..<(end - panel.lowerBound) * size
      bytes.withUnsafeBytes { raw in
        UnsafeMutableRawBufferPointer(rebasing: buffer[((position - range.lowerBound) * size)...])
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: raw[part]))
      }
      position = end
    }
  }

  /// The elements of a panel.
  private func gathered(_ panel: Range<Int>) throws -> [UInt8] {
    let box = panels.box(panel, of: layout)
    var scratch = Scratch(bytes: 0)
    return try [UInt8](unsafeUninitializedCapacity: panel.count * size) { buffer, count in
      try fill(UnsafeMutableRawBufferPointer(buffer), box, &scratch)
      count = panel.count * size
    }
  }

  private func fill(
    _ target: UnsafeMutableRawBufferPointer, _ box: StridedBox, _ scratch: inout Scratch
  ) throws {
    let gather = StridedGather(box, elementSize: size)
    guard gather.fits else {
      for half in box.halves() { try fill(target, half, &scratch) }
      return
    }
    scratch.grow(to: gather.byteCount)
    try gather.forEachPiece { storage, place in
      let bytes = storage.count * size
      try read(
        storage, UnsafeMutableRawBufferPointer(rebasing: scratch.buffer[place..<place + bytes]))
    }
    gather.copy(from: scratch.buffer, to: target)
  }
}

/// How the row-major order of a shape is cut into boxes of consecutive elements.
struct Panels: Sendable {
  /// Elements of one step along the axis that is cut.
  private let inner: Int
  /// Extent of that axis.
  private let extent: Int
  /// Steps in a panel.
  private let steps: Int
  private let axis: Int

  /// Panels of at most `limit` elements, where one step is not more.
  init(shape: [Int], limit: Int) {
    var inner = shape.reduce(1, *)
    var axis = 0
    while axis < shape.count {
      inner /= max(1, shape[axis])
      if inner <= limit { break }
      axis += 1
    }
    self.axis = axis
    self.inner = max(1, inner)
    extent = axis < shape.count ? max(1, shape[axis]) : 1
    let fitting = max(1, min(extent, limit / self.inner))
    // A multiple of 8, so that what is packed to less than a byte begins with one.
    steps = fitting >= 8 && fitting < extent ? fitting & ~7 : fitting
  }

  var grain: Int? { axis == 0 && steps * inner % 8 == 0 ? steps * inner : nil }

  /// The elements of the panel in which `position` is.
  func panel(holding position: Int) -> Range<Int> {
    let block = extent * inner
    let outer = position / block * block
    let first = (position - outer) / inner / steps * steps
    return outer + first * inner..<outer + min(first + steps, extent) * inner
  }

  /// Where the elements of a panel lie in the storage.
  func box(_ panel: Range<Int>, of layout: StridedLayout) -> StridedBox {
    var offset = layout.offset
    var rest = panel.lowerBound / inner
    for k in stride(from: min(axis, layout.shape.count - 1), through: 0, by: -1) {
      offset += rest % layout.shape[k] * layout.strides[k]
      rest /= layout.shape[k]
    }
    let kept = layout.shape.indices.dropFirst(axis)
    var shape = kept.map { layout.shape[$0] }
    if !shape.isEmpty { shape[0] = panel.count / inner }
    let targets = rowMajorStrides(shape)
    let axes = zip(kept, shape.indices).map { source, k in
      StridedBox.Axis(extent: shape[k], source: layout.strides[source], target: targets[k])
    }
    return StridedBox(source: offset, target: 0, axes: axes.filter { $0.extent != 1 })
  }
}

/// Memory that is used again and again, with the alignment of any element.
private struct Scratch: ~Copyable {
  private(set) var buffer: UnsafeMutableRawBufferPointer

  init(bytes: Int) { buffer = .allocate(byteCount: bytes, alignment: 64) }

  deinit { buffer.deallocate() }

  /// Makes room for this many bytes, whose values are undefined.
  mutating func grow(to bytes: Int) {
    guard buffer.count < bytes else { return }
    buffer.deallocate()
    buffer = .allocate(byteCount: bytes, alignment: 64)
  }
}
