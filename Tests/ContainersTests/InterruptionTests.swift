// SPDX-License-Identifier: Apache-2.0
import Containers
import Diagnostics
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

@Suite struct InterruptionTests {
  @Test func aSignalRemovesWhatIsInFlight() async {
    let scratch = Scratch()
    await #expect(processExitsWith: .exitCode(130)) { [path = scratch.path as String] in
      Interruption.removeOutputOnSignal { _ = run("touch '\(path)/last'") }
      let output = try OutputTransaction(path: path + "/out", kind: .directory)
      _ = run("touch '\(output.temporaryPath)/part'")
      kill(getpid(), SIGINT)
      sleep(20)
      withExtendedLifetime(output) {}
    }
    #expect(scratch.names == ["last"])
  }

  @Test func aKilledProcessIsClearedUpAfter() async throws {
    let scratch = Scratch()
    await #expect(processExitsWith: .signal(SIGKILL)) { [path = scratch.path as String] in
      let output = try OutputTransaction(path: path + "/out", kind: .directory)
      _ = run("touch '\(output.temporaryPath)/part'")
      kill(getpid(), SIGKILL)
      sleep(20)
      withExtendedLifetime(output) {}
    }
    #expect(scratch.names.count == 1 && scratch.names[0].hasPrefix(".out.modelpack-"))
    try OutputTransaction(path: scratch.path + "/out", kind: .directory).commit()
    #expect(scratch.names == ["out"])
  }
}
