// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// Reads the Python literal in the header of an `.npy` file: a dictionary of strings, booleans,
/// numbers, and tuples and lists of them.
struct PythonLiteral {
  enum Value {
    case string(String)
    case bool(Bool)
    case none
    case int(Int)
    case tuple([Value])
    case list([Value])

    var text: String {
      switch self {
      case .string(let text): "'\(text)'"
      case .bool(let value): value ? "True" : "False"
      case .none: "None"
      case .int(let value): "\(value)"
      case .tuple: "a tuple"
      case .list: "a list"
      }
    }
  }

  private let bytes: ArraySlice<UInt8>
  private var position: Int
  private var depth = 0

  init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    position = bytes.startIndex
  }

  /// The whole text as one dictionary, no key twice.
  mutating func dictionary() throws -> [String: Value] {
    var fields: [String: Value] = [:]
    try expect("{")
    while !take("}") {
      guard case .string(let key) = try value() else { throw unexpected() }
      try expect(":")
      guard fields.updateValue(try value(), forKey: key) == nil else {
        throw Diagnostic.npy("has a header with '\(key)' twice")
      }
      if take(",") { continue }
      try expect("}")
      break
    }
    skipSpace()
    if position < bytes.endIndex { throw unexpected() }
    return fields
  }

  private mutating func value() throws -> Value {
    skipSpace()
    guard position < bytes.endIndex else { throw unexpected() }
    switch bytes[position] {
    case UInt8(ascii: "'"), UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "("): return .tuple(try items("(", ")"))
    case UInt8(ascii: "["): return .list(try items("[", "]"))
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .int(try int())
    default: break
    }
    for (word, value) in [("True", Value.bool(true)), ("False", .bool(false)), ("None", .none)] {
      if bytes[position...].starts(with: word.utf8) {
        position += word.utf8.count
        return value
      }
    }
    throw unexpected()
  }

  private mutating func items(_ open: Character, _ close: Character) throws -> [Value] {
    depth += 1
    defer { depth -= 1 }
    guard depth < 16 else { throw unexpected() }
    try expect(open)
    var items: [Value] = []
    while !take(close) {
      items.append(try value())
      if take(",") { continue }
      try expect(close)
      break
    }
    return items
  }

  private mutating func string() throws -> String {
    let quote = bytes[position]
    let start = position + 1
    guard let end = bytes[start...].firstIndex(of: quote) else { throw unexpected() }
    position = end + 1
    return String(decoding: bytes[start..<end], as: UTF8.self)
  }

  private mutating func int() throws -> Int {
    let start = position
    position += 1
    while position < bytes.endIndex,
      (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position])
    {
      position += 1
    }
    let digits = String(decoding: bytes[start..<position], as: UTF8.self)
    // Python 2 wrote long integers with an L.
    if position < bytes.endIndex, bytes[position] == UInt8(ascii: "L") { position += 1 }
    guard let value = Int(digits) else {
      throw Diagnostic.npy("has a header with the number \(digits), which is too large")
    }
    return value
  }

  private mutating func skipSpace() {
    while position < bytes.endIndex, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[position]) {
      position += 1
    }
  }

  private mutating func take(_ character: Character) -> Bool {
    skipSpace()
    guard position < bytes.endIndex, bytes[position] == character.asciiValue else { return false }
    position += 1
    return true
  }

  private mutating func expect(_ character: Character) throws {
    guard take(character) else { throw unexpected() }
  }

  private func unexpected() -> Diagnostic {
    .npy("has a header that is not a Python dictionary (at byte \(position - bytes.startIndex))")
  }
}
