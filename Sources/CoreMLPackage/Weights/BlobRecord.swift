// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Tensors

/// The 64 bytes before each blob of a weight file (MIL blob storage, version 2), little endian:
/// sentinel u32, dtype u32, size u64, offset of the data u64, padding in bits u64, zeros.
struct BlobRecord: Hashable {
  /// Records and data start at multiples of this; the file begins with a header of this size.
  static let alignment = 64
  static let size = 64
  private static let sentinel: UInt32 = 0xDEAD_BEEF

  var dtype: DType
  /// Bytes of the packed elements.
  var byteCount: Int
  /// Where the data starts in the file.
  var dataOffset: Int
  /// Unused high bits of the last byte; only where elements are narrower than a byte.
  var paddingBits: Int

  static func paddingBits(_ dtype: DType, count: Int) -> Int {
    dtype.isSubByte ? (8 - (count & 7) * dtype.bitWidth % 8) % 8 : 0
  }

  static func aligned(_ offset: Int) -> Int { (offset + alignment - 1) & ~(alignment - 1) }

  /// The encoded record. C1: the dtype has a code.
  func bytes() throws -> [UInt8] {
    guard let code = dtype.blobCode else {
      throw Diagnostic.error(.internalError, "a weight file cannot hold \(dtype.rawValue)")
    }
    var bytes = [UInt8](repeating: 0, count: Self.size)
    bytes.withUnsafeMutableBytes { raw in
      raw.storeBytes(of: Self.sentinel.littleEndian, toByteOffset: 0, as: UInt32.self)
      raw.storeBytes(of: code.littleEndian, toByteOffset: 4, as: UInt32.self)
      raw.storeBytes(of: UInt64(byteCount).littleEndian, toByteOffset: 8, as: UInt64.self)
      raw.storeBytes(of: UInt64(dataOffset).littleEndian, toByteOffset: 16, as: UInt64.self)
      raw.storeBytes(of: UInt64(paddingBits).littleEndian, toByteOffset: 24, as: UInt64.self)
    }
    return bytes
  }

  /// The first 64 bytes of a file with `count` blobs: count u32, version u32, zeros.
  static func header(count: Int) throws -> [UInt8] {
    guard let count = UInt32(exactly: count) else {
      throw Diagnostic.error(.notRepresentable, "a weight file holds at most \(UInt32.max) blobs")
    }
    var bytes = [UInt8](repeating: 0, count: alignment)
    bytes.withUnsafeMutableBytes { raw in
      raw.storeBytes(of: count.littleEndian, toByteOffset: 0, as: UInt32.self)
      raw.storeBytes(of: UInt32(2).littleEndian, toByteOffset: 4, as: UInt32.self)
    }
    return bytes
  }
}

extension BlobRecord {
  /// Reads the record at `offset` of `file`. Throws `.malformed` without a place: the caller knows
  /// the operation.
  init(at offset: UInt64, of file: SourceFile) throws {
    guard let start = Int(exactly: offset), start >= Self.alignment,
      start <= file.size - Self.size
    else { throw Diagnostic.outside(offset, file.size) }
    guard start.isMultiple(of: Self.alignment) else { throw Diagnostic.unaligned(start) }
    let bytes = try file.bytes(start..<(start + Self.size))
    let (sentinel, code, size, data, padding) = bytes.withUnsafeBytes { raw in
      (
        UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: 0, as: UInt32.self)),
        UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: 4, as: UInt32.self)),
        UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
        UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: 16, as: UInt64.self)),
        UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: 24, as: UInt64.self))
      )
    }
    guard sentinel == Self.sentinel else { throw Diagnostic.noRecord(start, sentinel) }
    guard let dtype = DType(blobCode: code) else { throw Diagnostic.badCode(start, code) }
    guard size <= UInt64(file.size), data <= UInt64(file.size) - size else {
      throw Diagnostic.dataOutside(start, size, data, file.size)
    }
    guard data >= start + Self.size, data.isMultiple(of: UInt64(Self.alignment)) else {
      throw Diagnostic.misplaced(start, data)
    }
    self.dtype = dtype
    byteCount = Int(size)
    dataOffset = Int(data)
    // Older writers left garbage there, except that sub-byte types came with the field.
    paddingBits = dtype.isSubByte ? Int(clamping: padding) : 0
  }

  /// Throws unless the record describes `count` elements of `dtype`.
  func check(_ type: DType, count: Int) throws {
    guard dtype == type else { throw Diagnostic.otherDType(dtype, type) }
    let expected = type.byteCount(count)
    guard byteCount == expected else {
      throw Diagnostic.otherSize(byteCount, count, type, expected)
    }
    let padding = Self.paddingBits(type, count: count)
    guard paddingBits == padding else { throw Diagnostic.otherPadding(paddingBits, padding) }
  }
}

extension Diagnostic {
  fileprivate static func outside(_ offset: UInt64, _ size: Int) -> Diagnostic {
    .error(
      .malformed, "the weight at offset \(offset) lies outside the weight file of \(size) bytes")
  }

  fileprivate static func unaligned(_ offset: Int) -> Diagnostic {
    .error(
      .malformed,
      "the weight is said to be at offset \(offset), but records lie at multiples of "
        + "\(BlobRecord.alignment)")
  }

  fileprivate static func misplaced(_ offset: Int, _ data: UInt64) -> Diagnostic {
    .error(
      .malformed,
      "the weight record at offset \(offset) has its data at offset \(data), which is not a "
        + "multiple of \(BlobRecord.alignment) after it")
  }

  fileprivate static func noRecord(_ offset: Int, _ found: UInt32) -> Diagnostic {
    .error(
      .malformed,
      "no weight record at offset \(offset): found 0x\(String(found, radix: 16)) where 0xdeadbeef "
        + "belongs")
  }

  fileprivate static func badCode(_ offset: Int, _ code: UInt32) -> Diagnostic {
    .error(
      .malformed, "the weight record at offset \(offset) has dtype code \(code) (known: 1 to 17)")
  }

  fileprivate static func dataOutside(
    _ offset: Int, _ size: UInt64, _ data: UInt64, _ fileSize: Int
  ) -> Diagnostic {
    .error(
      .malformed,
      "the weight record at offset \(offset) has \(size) bytes of data at offset \(data), outside "
        + "the weight file of \(fileSize) bytes")
  }

  fileprivate static func otherDType(_ found: DType, _ declared: DType) -> Diagnostic {
    .error(
      .malformed,
      "the weight is declared \(declared.rawValue) but its record says \(found.rawValue)")
  }

  fileprivate static func otherSize(
    _ found: Int, _ count: Int, _ dtype: DType, _ expected: Int?
  ) -> Diagnostic {
    .error(
      .malformed,
      "the weight's record has \(found) bytes but \(count) elements of \(dtype.rawValue) take "
        + "\(expected.map(String.init) ?? "more than can be addressed")")
  }

  fileprivate static func otherPadding(_ found: Int, _ expected: Int) -> Diagnostic {
    .error(
      .malformed, "the weight's record has \(found) bits of padding (expected: \(expected))")
  }
}
