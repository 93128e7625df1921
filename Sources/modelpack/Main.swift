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
    ModelPack.returnLargeBlocks()
    let arguments = Array(CommandLine.arguments.dropFirst())
    let asJSON = arguments.contains("--json")
    ModelPack.removeOutputOnSignal { Failure.reportInterruption(asJSON: asJSON) }
    // A file that grows beyond the limit of the shell is a failed write like any other.
    signal(SIGXFSZ, SIG_IGN)
    do {
      var command = try Modelpack.parseAsRoot(arguments)
      try command.run()
    } catch {
      exit(Failure.report(error, asJSON: asJSON))
    }
  }
}
