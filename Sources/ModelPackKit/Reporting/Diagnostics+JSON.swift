// SPDX-License-Identifier: Apache-2.0
package import Containers
package import Diagnostics

extension Diagnostic {
  /// One problem; see `Schemas/diagnostics.schema.json`.
  package var json: JSON {
    .members([
      ("severity", .string(severity.rawValue)), ("code", .string(code.name)),
      ("message", .string(message)), ("location", location?.json),
      ("notes", notes.isEmpty ? nil : .array(notes.map { .string($0) })),
      ("fix", remedy.map { .string($0) }),
    ])
  }
}

extension Location {
  var json: JSON {
    .members(
      [
        ("file", file), ("entry", entry), ("operation", operation), ("node", node),
        ("module", module), ("sourceLine", sourceLine),
      ].map { ($0.0, $0.1.map { .string($0) }) })
  }
}

/// Everything that a failure says, and the exit code that goes with it.
package struct FailureReport {
  package let diagnostics: [Diagnostic]
  package let exitCode: Int32

  package init(_ error: any Error) {
    switch error {
    case let diagnostic as Diagnostic: diagnostics = [diagnostic]
    case let list as DiagnosticList: diagnostics = list.diagnostics
    default: diagnostics = [.error(.internalError, "\(error)")]
    }
    let first = diagnostics.first { $0.severity == .error } ?? diagnostics.first
    exitCode = first?.code.kind.rawValue ?? Diagnostic.Kind.internalError.rawValue
  }

  /// The document that `--json` prints in place of a result.
  package var json: JSON {
    [
      "diagnostics": .array(diagnostics.map(\.json)),
      "exitCode": .integer(Int(exitCode)),
    ]
  }
}
