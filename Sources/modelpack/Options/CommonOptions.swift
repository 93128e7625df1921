// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Diagnostics

/// What every command takes.
struct CommonOptions: ParsableArguments {
  @Flag(name: .long, help: "Print one JSON document on standard output, also for failures.")
  var json = false

  @Flag(name: .long, help: "Print no messages, only results and errors.")
  var quiet = false

  @Flag(name: .long, help: "Print more about what is done.")
  var verbose = false

  func validate() throws {
    if quiet && verbose { throw ValidationError("--quiet and --verbose exclude each other.") }
  }

  /// A message on standard error.
  func say(_ message: @autoclosure () -> String) {
    if !quiet { Console.write(message() + "\n") }
  }

  func warn(_ diagnostic: Diagnostic) {
    if !quiet { Console.write("\(diagnostic)\n") }
  }
}

/// What every command that writes takes.
struct OverwriteOptions: ParsableArguments {
  @Flag(name: .long, help: "Replace an output that exists.")
  var overwrite = false
}
