// SPDX-License-Identifier: Apache-2.0
import Diagnostics

extension TextPrinter {
  /// A name as it stands, or quoted where it has other characters than letters, digits, `_`, `.`.
  static func word(_ name: String) -> String {
    isWord(name) ? name : quoted(name)
  }

  private static func isWord(_ name: String) -> Bool {
    guard let first = name.utf8.first, !(48...57).contains(first), first != 46 else { return false }
    return name.utf8.allSatisfy(Lexer.isWordByte)
  }

  /// `"a \"b\""`: quotes, backslashes and control characters escaped.
  static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      case "\r": result += "\\r"
      default:
        if scalar.value < 32 {
          result += "\\u{" + String(scalar.value, radix: 16) + "}"
        } else {
          result.unicodeScalars.append(scalar)
        }
      }
    }
    return result + "\""
  }

  /// `T in 1...512 example 64`, `T in {1, 64}`.
  static func symbol(_ name: String, _ entry: SymbolTable.Entry) -> String {
    var text = "\(Dim.symbol(name)) in "
    let allowed = entry.allowed.map {
      "{" + $0.map(String.init).joined(separator: ", ") + "}"
    }
    if let allowed, entry.allowed?.min() == entry.lower, entry.allowed?.max() == entry.upper {
      text += allowed
    } else {
      text += "\(entry.lower)..." + (entry.upper.map(String.init) ?? "")
      if let allowed { text += " of " + allowed }
    }
    if let example = entry.example { text += " example \(example)" }
    return text
  }

  /// `"layers.0 (model.py:12)"` where that is all that is known, else `node "x", module "layers.0"`.
  static func origin(_ origin: Location) -> String {
    let fields = [
      ("file", origin.file), ("entry", origin.entry), ("operation", origin.operation),
      ("node", origin.node), ("module", origin.module), ("line", origin.sourceLine),
    ].compactMap { key, value in value.map { (key, $0) } }
    if let module = origin.module, let line = origin.sourceLine, fields.count == 2,
      !(module + line).contains("("), !(module + line).contains(")")
    {
      return quoted("\(module) (\(line))")
    }
    return "[" + fields.map { "\($0): \(quoted($1))" }.joined(separator: ", ") + "]"
  }
}
