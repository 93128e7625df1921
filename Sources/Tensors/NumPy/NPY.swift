// SPDX-License-Identifier: Apache-2.0
import Containers
import Diagnostics

/// Arrays as NumPy's `save` writes them.
package enum NPY {
  /// The array in `bytes`, which hold nothing else. Other byte orders and column-major arrays are
  /// brought to ours.
  ///
  /// Throws `.malformed` when the header is wrong, the elements are not numbers, or there are more
  /// or fewer of them than the shape says.
  package static func decode(_ bytes: [UInt8]) throws -> TensorData {
    let header = try NPYHeader(bytes)
    guard let size = header.byteCount else {
      throw Diagnostic.npy("has the shape \(header.shape), whose size is beyond all memory")
    }
    let found = bytes.count - header.dataOffset
    guard found == size else {
      throw Diagnostic.npy(
        "is \(header.dtype.rawValue) of shape \(header.shape), which takes \(size) bytes, but has "
          + "\(found)")
    }
    var elements = Array(bytes[header.dataOffset...])
    let width = header.dtype.bitWidth / 8
    if header.isBigEndian { swapBytes(of: &elements, width: width) }
    if header.isFortran, header.shape.count > 1 {
      elements = rowMajor(elements, header.shape, width: width)
    }
    if header.dtype == .bool { for i in elements.indices where elements[i] > 1 { elements[i] = 1 } }
    return try TensorData(dtype: header.dtype, shape: header.shape, bytes: elements)
  }

  /// The array in the file at `path`.
  package static func read(_ path: String) throws -> TensorData {
    let bytes = try FileContent.read(path, limit: 1 << 40)
    do {
      return try decode(bytes)
    } catch let diagnostic as Diagnostic {
      throw diagnostic.inFile(path)
    }
  }

  /// The array as a file: format version 1.0, row-major, little-endian.
  ///
  /// Throws `.unsupportedType` for types that NumPy has no name for.
  package static func encode(_ data: TensorData) throws -> [UInt8] {
    guard let descr = descr(data.dtype) else {
      throw Diagnostic.error(
        .unsupportedType, "an .npy file cannot hold \(data.dtype.rawValue) elements")
    }
    return header(descr, data.shape) + data.bytes
  }

  /// An array of strings, each of as many characters as the longest one.
  package static func encode(_ strings: [String], shape: [Int]) -> [UInt8] {
    let scalars = strings.map { Array($0.unicodeScalars) }
    let width = max(1, scalars.map(\.count).max() ?? 1)
    var bytes = header("<U\(width)", shape)
    for string in scalars {
      for place in 0..<width {
        let code = place < string.count ? string[place].value : 0
        for shift in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: code >> shift)) }
      }
    }
    return bytes
  }

  private static func header(_ descr: String, _ shape: [Int]) -> [UInt8] {
    let extents = shape.map(String.init).joined(separator: ", ")
    var text =
      "{'descr': '\(descr)', 'fortran_order': False, "
      + "'shape': (\(extents)\(shape.count == 1 ? "," : "")), }"
    let unpadded = 10 + text.utf8.count + 1
    text += String(repeating: " ", count: (64 - unpadded % 64) % 64) + "\n"
    let length = text.utf8.count
    return NPYHeader.magic + [1, 0, UInt8(length & 0xff), UInt8(length >> 8 & 0xff)] + text.utf8
  }

  private static func descr(_ dtype: DType) -> String? {
    switch dtype {
    case .bool: "|b1"
    case .int8: "|i1"
    case .uint8: "|u1"
    case .int16, .int32, .int64: "<i\(dtype.bitWidth / 8)"
    case .uint16, .uint32, .uint64: "<u\(dtype.bitWidth / 8)"
    case .float16, .float32, .float64: "<f\(dtype.bitWidth / 8)"
    default: nil
    }
  }

  private static func swapBytes(of elements: inout [UInt8], width: Int) {
    for start in stride(from: 0, to: elements.count, by: width) {
      elements[start..<(start + width)].reverse()
    }
  }

  private static func rowMajor(_ elements: [UInt8], _ shape: [Int], width: Int) -> [UInt8] {
    let strides = Array(rowMajorStrides(shape.reversed()).reversed())
    let layout = StridedLayout(shape: shape, strides: strides)
    return [UInt8](unsafeUninitializedCapacity: elements.count) { buffer, count in
      layout.copy(
        0..<layout.count, size: width, from: elements, origin: 0,
        to: UnsafeMutableRawBufferPointer(buffer))
      count = elements.count
    }
  }
}
