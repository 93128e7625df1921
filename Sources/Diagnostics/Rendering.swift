// SPDX-License-Identifier: Apache-2.0

extension Diagnostic: CustomStringConvertible {
  /// `error: PLACE: MESSAGE`, then notes and the remedy on lines of their own.
  public var description: String {
    var text = "\(severity.rawValue): "
    if let place = location?.description, !place.isEmpty { text += place.inOneLine + ": " }
    text += message.inOneLine
    for note in notes { text += "\n  note: " + note.printable }
    if let remedy { text += "\n  fix: " + remedy.printable }
    return text
  }
}

extension DiagnosticList: CustomStringConvertible {
  public var description: String {
    diagnostics.map(\.description).joined(separator: "\n")
  }
}

/// Names come from files, which may hold anything.
extension String {
  /// What does not fit a line of this many characters loses its middle.
  private static let limit = 1000

  /// The text, printable and of bounded length.
  fileprivate var inOneLine: String {
    guard utf8.count > Self.limit, count > Self.limit else { return printable }
    return (prefix(Self.limit - 300) + " … " + suffix(300)).description.printable
  }

  /// The text with escapes for what a terminal obeys: control characters, and those that change
  /// the direction of writing.
  fileprivate var printable: String {
    guard unicodeScalars.contains(where: \.isObeyed) else { return self }
    return unicodeScalars.reduce(into: "") { text, scalar in
      text += scalar.isObeyed ? scalar.escaped(asASCII: true) : String(scalar)
    }
  }
}

extension Unicode.Scalar {
  fileprivate var isObeyed: Bool {
    switch value {
    case 0..<0x20, 0x7f..<0xa0, 0x2028...0x202e, 0x2066...0x2069: true
    default: false
    }
  }
}
