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

  /// Runs `body`; a diagnostic it throws is kept (placed at `location`) and `nil` returned.
  public mutating func catching<T>(at location: Location?, _ body: () throws -> T) -> T? {
    do {
      return try body()
    } catch let diagnostic as Diagnostic {
      report(diagnostic.at(location))
    } catch let list as DiagnosticList {
      for diagnostic in list.diagnostics { report(diagnostic.at(location)) }
    } catch {
      report(.error(.internalError, at: location, "\(error)"))
    }
    return nil
  }

  /// Throws everything that was gathered if any of it is an error.
  public func throwIfErrors() throws {
    if hasErrors { throw DiagnosticList(diagnostics) }
  }
}
