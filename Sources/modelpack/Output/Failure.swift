// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Diagnostics
import ModelPackKit

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What ends a command early: told on stderr, or as one document on stdout.
enum Failure {
  /// Reports `error` and gives the exit code.
  static func report(_ error: any Error, asJSON: Bool) -> Int32 {
    if let code = error as? ExitCode { return code.rawValue }
    guard error is Diagnostic || error is DiagnosticList else {
      return parsing(error, asJSON: asJSON)
    }
    let report = FailureReport(error)
    if asJSON {
      print(report.json.text(.pretty), terminator: "")
    } else {
      Console.clearLine()
      for diagnostic in report.diagnostics { Console.write("\(diagnostic)\n") }
    }
    return report.exitCode
  }

  /// Reports that a signal ended the command. Called on a thread of its own.
  static func reportInterruption(asJSON: Bool) {
    _ = report(Diagnostic.error(.interrupted, "interrupted"), asJSON: asJSON)
    fflush(nil)
  }

  /// Help, the version, and command lines that make no sense.
  private static func parsing(_ error: any Error, asJSON: Bool) -> Int32 {
    let code = Modelpack.exitCode(for: error).rawValue
    if code == 0 || !asJSON { Modelpack.exit(withError: error) }
    let usage = Diagnostic.error(.usage, Modelpack.message(for: error))
    print(FailureReport(usage).json.text(.pretty), terminator: "")
    return code
  }
}
