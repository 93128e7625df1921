// SPDX-License-Identifier: Apache-2.0
import Containers
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// `docs/man/modelpack.1` says what the binary says. With `MODELPACK_WRITE_MANUAL=1` the test
/// writes the page (see `scripts/generate-manual`).
@Suite struct ManualPageTests {
  let tool = Tool()

  @Test func isUpToDate() throws {
    let dump = tool("--experimental-dump-help")
    #expect(dump.code == 0)
    let page = try ManualPage(JSONNode(SchemaCheck.parse(Array(dump.output.utf8)))).text
    let path = "\(Fixture.root)/docs/man/modelpack.1"
    if getenv("MODELPACK_WRITE_MANUAL") != nil, let file = fopen(path, "w") {
      fputs(page, file)
      fclose(file)
    }
    let committed = String(decoding: ScratchFolder.read(path), as: UTF8.self)
    #expect(committed == page, "run scripts/generate-manual")
  }
}

/// Lays out the help of a command and its subcommands for `man`.
private struct ManualPage {
  private let root: JSONNode

  init(_ dump: JSONNode) throws {
    root = try dump.member("command")
  }

  var text: String {
    get throws {
      let subcommands = try root.elements("subcommands").filter {
        try $0.string("commandName") != "help"
      }
      var page = ".TH MODELPACK 1\n.SH NAME\nmodelpack \\- \(try abstract(root))\n"
      page += ".SH SYNOPSIS\n.B modelpack\n.I command\n[\\fIarguments\\fR]\n.SH DESCRIPTION\n"
      page += try discussion(root)
      page += ".SH COMMANDS\n"
      for command in subcommands { page += try section(command) }
      return page
    }
  }

  private func section(_ command: JSONNode) throws -> String {
    var text = ".SS modelpack \(try command.string("commandName"))\n"
    text += Self.escaped(try abstract(command)) + "\n.PP\n" + (try discussion(command))
    for argument in try command.optional("arguments")?.elements() ?? [] {
      if try argument.optional("shouldDisplay")?.bool() == false { continue }
      text += ".TP\n\(try label(argument))\n"
      text += Self.escaped(try argument.optional("abstract")?.string() ?? "") + "\n"
    }
    return text
  }

  /// `\-\-block \fIn\fR`.
  private func label(_ argument: JSONNode) throws -> String {
    let names = try argument.optional("names")?.elements().map { name in
      (try name.string("kind") == "long" ? "--" : "-") + (try name.string("name"))
    }
    let value = try argument.optional("valueName")?.string() ?? ""
    let kind = try argument.string("kind")
    let flags = (names ?? []).map { "\\fB\(Self.escaped($0))\\fR" }.joined(separator: ", ")
    switch kind {
    case "positional": return "\\fI\(Self.escaped(value))\\fR"
    case "option": return flags + " \\fI\(Self.escaped(value))\\fR"
    default: return flags
    }
  }

  private func abstract(_ command: JSONNode) throws -> String {
    try command.optional("abstract")?.string() ?? ""
  }

  /// Paragraphs as they are; indented lines without filling.
  private func discussion(_ command: JSONNode) throws -> String {
    var text = ""
    var isLiteral = false
    for line in (try command.optional("discussion")?.string() ?? "").split(
      separator: "\n", omittingEmptySubsequences: false)
    {
      let indented = line.hasPrefix("  ")
      if indented != isLiteral, !line.isEmpty {
        text += indented ? ".nf\n" : ".fi\n"
        isLiteral = indented
      }
      text += line.isEmpty ? ".PP\n" : Self.escaped(String(line)) + "\n"
    }
    return text + (isLiteral ? ".fi\n" : "")
  }

  private static func escaped(_ text: String) -> String {
    var result = ""
    for character in text {
      switch character {
      case "\\": result += "\\e"
      case "-": result += "\\-"
      default: result.append(character)
      }
    }
    return result.hasPrefix(".") || result.hasPrefix("'") ? "\\&" + result : result
  }
}
