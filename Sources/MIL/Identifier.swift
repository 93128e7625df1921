// SPDX-License-Identifier: Apache-2.0

/// Names as MIL allows them: `[A-Za-z_][A-Za-z0-9_]*`, and not a word of its text form.
package enum Identifier {
  private static let reserved: Set<String> = [
    "any", "bool", "program", "func", "tensor", "list", "dict", "tuple", "true", "false", "string",
    "state", "bf16", "fp16", "fp32", "fp64", "int8", "int16", "int32", "int64", "uint8", "uint16",
    "uint32", "uint64", "complex64", "complex128",
  ]

  package static func isValid(_ name: String) -> Bool {
    guard let first = name.utf8.first, !reserved.contains(name) else { return false }
    return !isDigit(first) && name.utf8.allSatisfy(isWord)
  }

  /// As `isValid`, or with `@` after the first character, which other writers may use.
  package static func isLegal(_ name: String) -> Bool {
    !name.hasPrefix("@") && isValid(name.filter { $0 != "@" })
  }

  /// `name` with what is not allowed replaced by `_`; a reserved word gets `_workaround` as
  /// coremltools writes it.
  package static func sanitized(_ name: String) -> String {
    var text = String(
      decoding: name.utf8.map { isWord($0) ? $0 : UInt8(ascii: "_") }, as: UTF8.self)
    if text.utf8.first.map(isDigit) ?? true { text = "_" + text }
    return reserved.contains(text) ? text + workaround : text
  }

  /// What makes a name of a reserved word.
  package static let workaround = "_workaround"

  /// Whether `name` stands for a reserved word.
  package static func isWorkaround(_ name: String) -> Bool {
    name.hasSuffix(workaround) && reserved.contains(String(name.dropLast(workaround.count)))
  }

  /// `sanitized(name)` for an input, output or state: where that begins with `_` and a digit, `var`
  /// comes before it, as coremltools has it.
  package static func feature(_ name: String) -> String {
    let text = sanitized(name)
    let isNumbered = text.hasPrefix("_") && text.utf8.dropFirst().first.map(isDigit) ?? false
    return isNumbered ? "var" + text : text
  }

  /// Whether a package has `name` for what its source calls `source`.
  package static func isSpelling(_ name: String, of source: String) -> Bool {
    let text = sanitized(source)
    return [source, text, feature(source), "var" + text].contains(name)
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    isDigit(byte) || byte == UInt8(ascii: "_")
      || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
      || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
  }
}
