// SPDX-License-Identifier: Apache-2.0

/// Text of a page. Everything that comes from a model goes through `text(_:)`.
enum HTML {
  /// `text` as the content of an element or of a quoted attribute: nothing in it is markup, and
  /// what would hide or reorder other text is made visible.
  static func text(_ text: String) -> String {
    var result = ""
    result.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      case "\u{0}"..<" ", "\u{7F}"..<"\u{A0}", "\u{202A}"..."\u{202E}", "\u{2066}"..."\u{2069}":
        result += "\u{FFFD}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// A length or place on the page.
  static func number(_ value: Double) -> String {
    let text = Format.fixed(value, 1)
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  /// The start of `text` that fits `width` at the size of labels, with an ellipsis if cut; empty
  /// if hardly anything fits.
  static func fitting(_ text: String, _ width: Double) -> String {
    let limit = Int(width / 6.4)
    if text.count <= limit { return text }
    return limit < 4 ? "" : String(text.prefix(limit - 1)) + "…"
  }
}
