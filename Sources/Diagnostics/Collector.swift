// SPDX-License-Identifier: Apache-2.0

/// Gathers the problems of one stage, so that all of them are reported together.
public struct DiagnosticCollector: Sendable {
  public private(set) var diagnostics: [Diagnostic] = []

  public init() {}

  public var hasErrors: Bool { diagnostics.contains { $0.severity == .error } }
  public var warnings: [Diagnostic] { diagnostics.filter { $0.severity == .warning } }

  public mutating func report(_ diagnostic: Diagnostic) {
    diagnostics.append(diagnostic)
  }

  /// Keeps what `error` says, placed at `location` unless it knows better.
  public mutating func report(_ error: any Error, at location: Location?) {
    switch error {
    case let diagnostic as Diagnostic: report(diagnostic.at(location))
    case let list as DiagnosticList: list.diagnostics.forEach { report($0.at(location)) }
    default: report(.error(.internalError, at: location, "\(error)"))
    }
  }

  /// Runs `body`; a diagnostic it throws is kept (placed at `location`) and `nil` returned.
  public mutating func catching<T>(at location: Location?, _ body: () throws -> T) -> T? {
    do {
      return try body()
    } catch {
      report(error, at: location)
    }
    return nil
  }

  /// Throws everything that was gathered if any of it is an error.
  public func throwIfErrors() throws {
    if hasErrors { throw DiagnosticList(diagnostics) }
  }
}
