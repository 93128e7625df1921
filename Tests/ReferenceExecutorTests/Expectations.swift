// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Testing

/// Expects that `body` throws one diagnostic with exactly this message.
func expectFailure(
  _ message: String, sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Void
) {
  do {
    try body()
    Issue.record("nothing was thrown", sourceLocation: sourceLocation)
  } catch let diagnostic as Diagnostic {
    #expect(diagnostic.message == message, sourceLocation: sourceLocation)
  } catch let list as DiagnosticList {
    #expect(list.diagnostics.map(\.message) == [message], sourceLocation: sourceLocation)
  } catch {
    Issue.record(error, sourceLocation: sourceLocation)
  }
}
