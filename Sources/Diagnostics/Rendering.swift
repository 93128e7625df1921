// SPDX-License-Identifier: Apache-2.0

extension Diagnostic: CustomStringConvertible {
  /// `error: PLACE: MESSAGE`, then notes and the remedy on lines of their own.
  public var description: String {
    var text = "\(severity.rawValue): "
    if let place = location?.description, !place.isEmpty { text += place + ": " }
    text += message
    for note in notes { text += "\n  note: " + note }
    if let remedy { text += "\n  fix: " + remedy }
    return text
  }
}

extension DiagnosticList: CustomStringConvertible {
  public var description: String {
    diagnostics.map(\.description).joined(separator: "\n")
  }
}
