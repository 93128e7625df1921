// SPDX-License-Identifier: Apache-2.0
import Testing

/// The committed tables are those of the committed `.proto` files.
@Suite struct SchemasTests {
  private static let hasCompiler = run("command -v protoc-c > /dev/null") == 0

  @Test(.enabled(if: hasCompiler, "protoc-c is not installed"))
  func areGeneratedFromTheProtoFiles() {
    #expect(run("'\(repository)/scripts/generate-schemas' --check") == 0)
  }

  @Test(.enabled(if: hasCompiler, "protoc-c is not installed"))
  func staleTablesAreFound() {
    let scratch = Scratch()
    let copy = "cp -RL '\(repository)/scripts' '\(repository)/Schemas' '\(scratch.path)'"
    let sources =
      "mkdir '\(scratch.path)/Sources' && cp -RL '\(repository)/Sources/CSchemas' "
      + "'\(scratch.path)/Sources'"
    #expect(run("\(copy) && \(sources)") == 0)
    let check = "'\(scratch.path)/scripts/generate-schemas' --check 2> /dev/null"
    #expect(run(check) == 0)
    #expect(run("echo 'message Added {}' >> '\(scratch.path)/Schemas/MIL.proto'") == 0)
    #expect(run(check) == 1)
  }
}
