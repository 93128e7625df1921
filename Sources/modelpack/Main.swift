// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ModelPackKit

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

@main
enum Main {
  static func main() {
    ModelPack.removeOutputOnSignal { Console.clearLine() }
    let arguments = Array(CommandLine.arguments.dropFirst())
    do {
      var command = try Modelpack.parseAsRoot(arguments)
      try command.run()
    } catch {
      exit(Failure.report(error, asJSON: arguments.contains("--json")))
    }
  }
}
