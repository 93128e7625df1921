// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// What the header of an `.npy` file declares.
///
/// Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html, versions 1 to 3.
struct NPYHeader {
  var dtype: DType
  var isBigEndian: Bool
  /// Elements in column-major order.
  var isFortran: Bool
  var shape: [Int]
  /// Where the elements begin.
  var dataOffset: Int

  static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
  /// Longer headers than this belong to structured types, which are refused anyway.
  private static let lengthLimit = 1 << 16

  /// Reads the header at the start of `bytes`. Throws `.malformed`, and `.unsupportedType` for
  /// element types that are not plain numbers.
  init(_ bytes: [UInt8]) throws {
    guard bytes.starts(with: Self.magic) else {
      let start = bytes.prefix(6).map { String($0, radix: 16) }.joined(separator: " ")
      throw Diagnostic.npy("is not an .npy file (begins with \(start.isEmpty ? "nothing" : start))")
    }
    guard bytes.count >= 10 else { throw Diagnostic.npy("ends inside its header") }
    let lengthSize: Int
    switch bytes[6] {
    case 1: lengthSize = 2
    case 2, 3: lengthSize = 4
    default:
      throw Diagnostic.npy("has format version \(bytes[6]).\(bytes[7]) (readable: 1.0, 2.0, 3.0)")
    }
    guard bytes.count >= 8 + lengthSize else { throw Diagnostic.npy("ends inside its header") }
    let length = bytes[8..<(8 + lengthSize)].reversed().reduce(0) { $0 << 8 | Int($1) }
    guard length <= Self.lengthLimit else {
      throw Diagnostic.npy("has a header of \(length) bytes (at most \(Self.lengthLimit) expected)")
    }
    dataOffset = 8 + lengthSize + length
    guard bytes.count >= dataOffset else {
      throw Diagnostic.npy(
        "ends inside its header of \(length) bytes (\(bytes.count - 8 - lengthSize) are there)")
    }
    var literal = PythonLiteral(bytes[(8 + lengthSize)..<dataOffset])
    let fields = try literal.dictionary()
    for key in ["descr", "fortran_order", "shape"] where fields[key] == nil {
      throw Diagnostic.npy("has a header without '\(key)'")
    }
    for key in fields.keys.sorted() where !["descr", "fortran_order", "shape"].contains(key) {
      throw Diagnostic.npy("has a header with the unknown key '\(key)'")
    }
    (dtype, isBigEndian) = try Self.element(fields["descr"])
    isFortran = try Self.order(fields["fortran_order"])
    shape = try Self.shape(fields["shape"])
  }

  /// Bytes that the elements take; `nil` when that does not fit an `Int`.
  var byteCount: Int? { elementCount(shape).flatMap(dtype.byteCount) }
}

extension NPYHeader {
  private static let codes: [String: DType] = [
    "b1": .bool, "i1": .int8, "i2": .int16, "i4": .int32, "i8": .int64, "u1": .uint8,
    "u2": .uint16, "u4": .uint32, "u8": .uint64, "f2": .float16, "f4": .float32, "f8": .float64,
  ]

  private static func element(_ value: PythonLiteral.Value?) throws -> (DType, Bool) {
    guard case .string(let text)? = value else {
      throw Diagnostic.element("a structured type", "save one array per field")
    }
    let order = text.first
    let code = order.map { "<>|=".contains($0) } ?? false ? String(text.dropFirst()) : text
    if code.hasPrefix("O") {
      throw Diagnostic.element(
        "Python objects ('\(text)')", "save numbers: array.astype(numpy.float32)")
    }
    if code.hasPrefix("U") || code.hasPrefix("S") {
      throw Diagnostic.element("strings ('\(text)')", "save numbers")
    }
    guard let dtype = codes[code] else {
      throw Diagnostic.element(
        "'\(text)'",
        "save bool, float16, float32, float64 or integers: array.astype(numpy.float32)")
    }
    return (dtype, order == ">" && dtype.bitWidth > 8)
  }

  private static func order(_ value: PythonLiteral.Value?) throws -> Bool {
    guard case .bool(let order)? = value else {
      throw Diagnostic.npy("has a header whose 'fortran_order' is neither True nor False")
    }
    return order
  }

  private static func shape(_ value: PythonLiteral.Value?) throws -> [Int] {
    guard case .tuple(let items)? = value else {
      throw Diagnostic.npy("has a header whose 'shape' is not a tuple")
    }
    guard items.count <= 64 else { throw Diagnostic.npy("has \(items.count) axes (at most 64)") }
    let shape = try items.map { item -> Int in
      guard case .int(let extent) = item, extent >= 0 else {
        throw Diagnostic.npy("has a header whose 'shape' holds \(item.text), not an extent")
      }
      return extent
    }
    return shape
  }
}

extension Diagnostic {
  /// A defect of an `.npy` file, to be placed by whoever knows the file.
  static func npy(_ message: String) -> Diagnostic { .error(.malformed, message) }

  fileprivate static func element(_ what: String, _ fix: String) -> Diagnostic {
    .error(.malformed, "holds \(what), not numbers that a model takes", fix: fix)
  }
}
