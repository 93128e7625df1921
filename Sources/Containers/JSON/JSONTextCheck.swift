// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// Looks over a JSON text for what json-c accepts in silence: repeated keys (the last wins there),
/// integers beyond 64 bits (clamped), NUL bytes (end the text, or a key), strings in single quotes.
struct JSONTextCheck {
  private let text: UnsafeRawBufferPointer
  private var position = 0
  /// Number of members of all objects together, repeated keys counted each time.
  private(set) var members = 0
  private var lastStringHasNUL = false

  init(_ text: UnsafeRawBufferPointer) { self.text = text }

  mutating func run() throws(Diagnostic) {
    while position < text.count {
      let byte = text[position]
      switch byte {
      case 0x22: try string()
      case 0x3a:
        if lastStringHasNUL { throw bad("a key holds a NUL character") }
        members += 1
        position += 1
      case 0x30...0x39, 0x2d: try number()
      case 0x00: throw bad("unexpected NUL byte")
      case 0x27: throw bad("unexpected character '''")
      default: position += 1
      }
    }
  }

  private mutating func string() throws(Diagnostic) {
    lastStringHasNUL = false
    position += 1
    while position < text.count {
      switch text[position] {
      case 0x22:
        position += 1
        return
      case 0x5c:
        if text.count - position >= 6
          && text[(position + 1)..<(position + 6)].elementsEqual("u0000".utf8)
        {
          lastStringHasNUL = true
        }
        position += 2
      case 0x00: throw bad("unexpected NUL byte")
      default: position += 1
      }
    }
  }

  private mutating func number() throws(Diagnostic) {
    let start = position
    var integer = true
    loop: while position < text.count {
      switch text[position] {
      case 0x30...0x39, 0x2d, 0x2b: break
      case 0x2e, 0x65, 0x45: integer = false
      default: break loop
      }
      position += 1
    }
    guard integer, position - start >= 19 else { return }
    let digits = String(decoding: text[start..<position], as: UTF8.self)
    guard Int64(digits) != nil else {
      position = start
      throw bad("the integer \(digits) does not fit in 64 bits")
    }
  }

  private func bad(_ message: String) -> Diagnostic { .json(at: position, of: text, message) }

  /// Finds the key that `run()` knows to be there twice.
  func repeatedKey() -> Diagnostic {
    var scan = JSONTextCheck(text)
    var open: [Set<String>] = []
    while scan.position < text.count {
      switch text[scan.position] {
      case 0x22:
        let start = scan.position
        try? scan.string()
        let end = scan.position
        guard scan.isKey, let last = open.indices.last else { continue }
        let key = Self.unescaped(UnsafeRawBufferPointer(rebasing: text[start..<end]))
        if !open[last].insert(key).inserted {
          return .json(at: start, of: text, "the key '\(key)' is given twice")
        }
      case 0x7b:
        open.append([])
        scan.position += 1
      case 0x7d:
        _ = open.popLast()
        scan.position += 1
      case 0x5b, 0x5d: scan.position += 1
      default: scan.position += 1
      }
    }
    return .json(at: 0, of: text, "a key is given twice")
  }

  /// Whether a colon follows.
  private var isKey: Bool {
    var next = position
    while next < text.count, [0x20, 0x09, 0x0a, 0x0d].contains(text[next]) { next += 1 }
    return next < text.count && text[next] == 0x3a
  }

  private static func unescaped(_ quoted: UnsafeRawBufferPointer) -> String {
    if case .string(let key)? = try? JSON(parsing: quoted) { return key }
    return String(decoding: quoted, as: UTF8.self)
  }
}
