// SPDX-License-Identifier: Apache-2.0

/// The one error type of modelpack: what went wrong, where, and what to do about it.
///
/// A struct with a stable code rather than an enum, so that it can grow without breaking callers.
public struct Diagnostic: Error, Hashable, Sendable {
  public enum Severity: String, Hashable, Sendable {
    case error, warning, note
  }

  public var severity: Severity
  /// A stable identifier, kebab case, that scripts may match on.
  public var code: Code
  /// One sentence fragment: the thing first, lower case, no full stop.
  public var message: String
  /// Where it happened: a file, an entry of an archive, an operation, a line of Python.
  public var location: Location?
  /// Facts that help, one line each.
  public var notes: [String]
  /// What the user can do about it, as an instruction.
  public var remedy: String?

  public init(
    _ severity: Severity = .error, _ code: Code, at location: Location? = nil, _ message: String,
    notes: [String] = [], remedy: String? = nil
  ) {
    self.severity = severity
    self.code = code
    self.message = message
    self.location = location
    self.notes = notes
    self.remedy = remedy
  }

  public static func error(
    _ code: Code, at location: Location? = nil, _ message: String, notes: [String] = [],
    fix remedy: String? = nil
  ) -> Diagnostic {
    Diagnostic(.error, code, at: location, message, notes: notes, remedy: remedy)
  }

  public static func warning(
    _ code: Code, at location: Location? = nil, _ message: String, notes: [String] = [],
    fix remedy: String? = nil
  ) -> Diagnostic {
    Diagnostic(.warning, code, at: location, message, notes: notes, remedy: remedy)
  }

  /// The same diagnostic, said to have happened at `location` unless it already knows better.
  public func at(_ location: Location?) -> Diagnostic {
    var copy = self
    if copy.location == nil { copy.location = location }
    return copy
  }

  /// The same diagnostic with the file it concerns, where none was known.
  public func inFile(_ file: String) -> Diagnostic {
    var copy = self
    var location = copy.location ?? Location()
    if location.file == nil { location.file = file }
    copy.location = location
    return copy
  }
}

/// Several problems of one model, reported together.
public struct DiagnosticList: Error, Sendable {
  public var diagnostics: [Diagnostic]

  public init(_ diagnostics: [Diagnostic]) {
    self.diagnostics = diagnostics
  }
}
