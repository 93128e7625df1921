// SPDX-License-Identifier: Apache-2.0
import CKernels
import Tensors

/// Writes elements that come in pieces of any length, a byte each or more, packing narrower ones.
struct PackedWriter {
  private let bits: Int
  private let buffer: UnsafeMutableRawBufferPointer
  private var filled = 0
  /// Fewer than 8 elements that wait for a whole group.
  private var rest: [UInt8] = []

  init(_ dtype: DType, _ buffer: UnsafeMutableRawBufferPointer) {
    bits = dtype.bitWidth
    self.buffer = buffer
  }

  mutating func append(_ elements: UnsafeRawPointer, _ count: Int) {
    guard let base = buffer.baseAddress, count > 0 else { return }
    if bits >= 8 {
      (base + filled).copyMemory(from: elements, byteCount: count * bits / 8)
      filled += count * bits / 8
      return
    }
    let codes = UnsafeBufferPointer(
      start: elements.assumingMemoryBound(to: UInt8.self), count: count)
    let head = rest.isEmpty ? 0 : min(count, 8 - rest.count)
    rest += codes[..<head]
    if rest.count == 8 { finish() }
    let whole = (count - head) / 8 * 8
    pack(UnsafeBufferPointer(rebasing: codes[head..<head + whole]))
    rest += codes[(head + whole)...]
  }

  /// Codes of less than a byte, or of one.
  mutating func append(_ codes: UnsafeBufferPointer<UInt8>) {
    if let start = codes.baseAddress { append(start, codes.count) }
  }

  /// Packs what is left; unused bits of the last byte are 0.
  mutating func finish() {
    rest.withUnsafeBufferPointer { pack($0) }
    rest.removeAll(keepingCapacity: true)
  }

  private mutating func pack(_ codes: UnsafeBufferPointer<UInt8>) {
    guard !codes.isEmpty, let base = buffer.baseAddress else { return }
    let target = (base + filled).assumingMemoryBound(to: UInt8.self)
    mpk_pack_bits(codes.baseAddress, codes.count, UInt32(bits), target)
    filled += mpk_packed_size(codes.count, UInt32(bits))
  }
}

extension WeightSource {
  /// Reads elements, narrower ones into a byte each (as bits, without their sign). `range` starts at
  /// a multiple of 8 for those.
  func readBytes(_ range: Range<Int>, into target: UnsafeMutableRawPointer) throws {
    if range.isEmpty { return }
    let size = dtype.byteCount(range.count) ?? 0
    if !dtype.isSubByte {
      return try read(range, into: UnsafeMutableRawBufferPointer(start: target, count: size))
    }
    try withUnsafeTemporaryAllocation(byteCount: size, alignment: 64) { packed in
      try read(range, into: packed)
      mpk_unpack_bits(
        packed.baseAddress, range.count, UInt32(dtype.bitWidth),
        target.assumingMemoryBound(to: UInt8.self))
    }
  }
}
