// SPDX-License-Identifier: Apache-2.0

/// What the text form of a program shows.
package struct TextOptions: Sendable {
  /// Where each operation comes from, after `@`.
  package var showsOrigins = true
  /// The types of results; without them the text reads back if the catalogue can infer them.
  package var showsTypes = true
  /// Constants of more elements than this are shown as `weights(ID)`.
  package var mostElements = 16
  /// Small constants are shown where they are used, without an operation and name of their own.
  package var inlinesConstants = false

  package init() {}

  /// Nothing that depends on the source: for comparing what two ways gave.
  package static let bare: TextOptions = {
    var options = TextOptions()
    options.showsOrigins = false
    options.inlinesConstants = true
    return options
  }()
}

extension Program {
  /// The program in MIL's text form; `Program(text:)` reads it back.
  package var text: String { text(TextOptions()) }

  package func text(_ options: TextOptions) -> String {
    var parts = functions.map { $0.text(options) }
    if !attributes.isEmpty {
      parts.insert("program " + TextPrinter.attributes(attributes, options) + "\n", at: 0)
    }
    return parts.joined(separator: "\n")
  }
}

extension Function {
  /// The function in MIL's text form.
  package var text: String { text(TextOptions()) }

  package func text(_ options: TextOptions) -> String {
    var printer = TextPrinter(self, options)
    return printer.printed()
  }
}
