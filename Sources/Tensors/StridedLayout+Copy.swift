// SPDX-License-Identifier: Apache-2.0

extension StridedLayout {
  /// Copies the elements of `range`, `size` bytes each, from a storage whose first byte is element
  /// `origin`, to `buffer` in row-major order.
  func copy(
    _ range: Range<Int>, size: Int, from storage: [UInt8], origin: Int,
    to buffer: UnsafeMutableRawBufferPointer
  ) {
    storage.withUnsafeBytes { raw in
      switch size {
      case 1: copy(range, as: UInt8.self, from: raw, origin: origin, to: buffer)
      case 2: copy(range, as: UInt16.self, from: raw, origin: origin, to: buffer)
      case 4: copy(range, as: UInt32.self, from: raw, origin: origin, to: buffer)
      default: copy(range, as: UInt64.self, from: raw, origin: origin, to: buffer)
      }
    }
  }

  private func copy<Word: FixedWidthInteger>(
    _ range: Range<Int>, as: Word.Type, from raw: UnsafeRawBufferPointer, origin: Int,
    to buffer: UnsafeMutableRawBufferPointer
  ) {
    let size = MemoryLayout<Word>.size
    var target = 0
    forEachRun(in: range) { position, count, stride in
      for k in 0..<count {
        let word = raw.loadUnaligned(
          fromByteOffset: (position - origin + k * stride) * size, as: Word.self)
        buffer.storeBytes(of: word, toByteOffset: target, as: Word.self)
        target += size
      }
    }
  }
}
