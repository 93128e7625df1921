// SPDX-License-Identifier: Apache-2.0
import CKernels
import Diagnostics
import Tensors

/// A source whose elements are computed a tile at a time from what a package stores.
protocol DecodedSource: WeightSource {
  /// Writes the elements of `range`, which may begin anywhere and is at most `Decoding.tile` long,
  /// to `target`; sub-byte types take a byte each, signed ones in two's complement.
  func decode(_ range: Range<Int>, into target: UnsafeMutableRawPointer) throws
}

enum Decoding {
  /// Elements that are worked on at a time.
  static let tile = 1 << 15

  /// Calls `body` with consecutive parts of `range` of at most a tile.
  static func forEachTile(
    in range: Range<Int>, _ body: (Range<Int>) throws -> Void
  ) rethrows {
    for start in stride(from: range.lowerBound, to: range.upperBound, by: tile) {
      try body(start..<min(start + tile, range.upperBound))
    }
  }

  /// Gives `body` memory for `count` elements.
  static func withScratch<Element: BitwiseCopyable, Result>(
    _ type: Element.Type, _ count: Int,
    _ body: (UnsafeMutablePointer<Element>) throws -> Result
  ) throws -> Result {
    try withUnsafeTemporaryAllocation(of: type, capacity: max(count, 1)) { buffer in
      guard let start = buffer.baseAddress else {
        throw Diagnostic.error(.internalError, "no memory for \(count) elements")
      }
      return try body(start)
    }
  }
}

extension DecodedSource {
  package func read(_ range: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws {
    guard let base = buffer.baseAddress else { return }
    try Decoding.forEachTile(in: range) { part in
      let offset = part.lowerBound - range.lowerBound
      let target = base + (dtype.byteCount(offset) ?? 0)
      guard dtype.isSubByte else { return try decode(part, into: target) }
      try Decoding.withScratch(UInt8.self, part.count) { codes in
        try decode(part, into: codes)
        mpk_pack_bits(
          codes, part.count, UInt32(dtype.bitWidth), target.assumingMemoryBound(to: UInt8.self))
      }
    }
  }
}

extension DType {
  /// Bytes of one element that is not packed.
  var unpackedSize: Int { max(1, bitWidth / 8) }
}

extension WeightSource {
  /// Writes the elements of `range`, which may begin anywhere, to `target`; sub-byte types take a
  /// byte each, signed ones in two's complement.
  func readUnpacked(_ range: Range<Int>, into target: UnsafeMutableRawPointer) throws {
    if range.isEmpty { return }
    if let decoded = self as? any DecodedSource { return try decoded.decode(range, into: target) }
    guard dtype.isSubByte else {
      return try read(
        range,
        into: UnsafeMutableRawBufferPointer(
          start: target, count: dtype.byteCount(range.count) ?? 0))
    }
    // From the last element that starts a byte.
    let covered = (range.lowerBound & ~7)..<range.upperBound
    try Decoding.withScratch(UInt8.self, dtype.byteCount(covered.count) ?? 0) { packed in
      let bytes = UnsafeMutableRawBufferPointer(
        start: packed, count: dtype.byteCount(covered.count) ?? 0)
      try read(covered, into: bytes)
      if covered == range { return unpack(packed, range.count, into: target) }
      try Decoding.withScratch(UInt8.self, covered.count) { codes in
        unpack(packed, covered.count, into: codes)
        let skipped = range.lowerBound - covered.lowerBound
        target.copyMemory(from: codes + skipped, byteCount: range.count)
      }
    }
  }

  private func unpack(
    _ packed: UnsafePointer<UInt8>, _ count: Int, into target: UnsafeMutableRawPointer
  ) {
    let bits = UInt32(dtype.bitWidth)
    if dtype.isSignedInteger {
      mpk_unpack_signed_bits(packed, count, bits, target.assumingMemoryBound(to: Int8.self))
    } else {
      mpk_unpack_bits(packed, count, bits, target.assumingMemoryBound(to: UInt8.self))
    }
  }

  /// Writes the elements of `range`, which may begin anywhere, as float32.
  ///
  /// Throws `.unsupportedType` for what weights are not made of.
  package func readFloats(_ range: Range<Int>, into target: UnsafeMutablePointer<Float>) throws {
    if dtype == .float32 { return try readUnpacked(range, into: target) }
    switch dtype {
    case .float16:
      try Decoding.withScratch(UInt16.self, range.count) { halves in
        try readUnpacked(range, into: halves)
        mpk_f16_to_f32(halves, target, range.count)
      }
    case .int4, .int8:
      try Decoding.withScratch(Int8.self, range.count) { codes in
        try readUnpacked(range, into: codes)
        mpk_i8_to_f32(codes, target, range.count)
      }
    case .bool, .uint1, .uint2, .uint3, .uint4, .uint6, .uint8:
      try Decoding.withScratch(UInt8.self, range.count) { codes in
        try readUnpacked(range, into: codes)
        mpk_u8_to_f32(codes, target, range.count)
      }
    case .int16:
      try Decoding.withScratch(Int16.self, range.count) { words in
        try readUnpacked(range, into: words)
        mpk_i16_to_f32(words, target, range.count)
      }
    case .uint16:
      try Decoding.withScratch(UInt16.self, range.count) { words in
        try readUnpacked(range, into: words)
        mpk_u16_to_f32(words, target, range.count)
      }
    case .int32:
      try Decoding.withScratch(Int32.self, range.count) { words in
        try readUnpacked(range, into: words)
        mpk_i32_to_f32(words, target, range.count)
      }
    default:
      throw Diagnostic.error(.unsupportedType, "a weight of \(dtype.rawValue) has no float values")
    }
  }
}
