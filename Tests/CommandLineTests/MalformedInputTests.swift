// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A malformed file and a command that reads it.
struct MalformedCase: Sendable, CustomTestStringConvertible {
  /// The file or folder that must be blamed.
  var file: String
  var arguments: [String]
  var testDescription: String { arguments.joined(separator: " ") }

  init(_ file: String, _ arguments: String...) {
    self.file = file
    self.arguments = arguments
  }
}

/// Every reader behind every command that uses it: malformed input ends with exit code 65, one
/// error that names the file, and nothing left behind.
@Suite struct MalformedInputTests {
  static let onnx = Fixture.path("onnx/mlp-opset13.onnx")
  static let package = Fixture.path("packages/mlp-iOS16-float16.mlpackage")
  static let stateful = Fixture.path("packages/accumulator-iOS18.mlpackage")

  static let packages: [MalformedCase] = [
    "manifest.mlpackage", "model.mlpackage", "program.mlpackage", "weights.mlpackage",
    "link.mlpackage",
  ].flatMap { file -> [MalformedCase] in
    [
      MalformedCase(file, "inspect", file),
      MalformedCase(file, "inspect", file, "--mil"),
      MalformedCase(file, "inspect", file, "--operations"),
      MalformedCase(file, "inspect", file, "--weights"),
      MalformedCase(file, "check", file, "--target", "iOS17"),
      MalformedCase(file, "run", file, "--random-inputs", "1", "--outputs", "o.npz"),
      MalformedCase(file, "quantize", file, "-o", "q.mlpackage", "--int8"),
      MalformedCase(file, "validate", file, "--against", onnx),
    ]
  }

  static let sources: [MalformedCase] = [
    "cut.pt2", "text.pt2", "json.pt2", "cut.onnx", "text.onnx", "external.onnx",
  ].flatMap { file -> [MalformedCase] in
    [
      MalformedCase(file, "convert", file, "-o", "c.mlpackage"),
      MalformedCase(file, "convert", file, "-o", "c.mlpackage", "--int8", "--target", "iOS18"),
      MalformedCase(file, "validate", package, "--against", file),
    ]
  }

  static let arrays: [MalformedCase] = [
    "cut.npz", "text.npz", "array.npz", "objects.npz",
  ].flatMap { file -> [MalformedCase] in
    [
      MalformedCase(file, "run", package, "--inputs", file, "--outputs", "o.npz"),
      MalformedCase(file, "run", stateful, "--random-inputs", "1", "--state-in", file),
      MalformedCase(file, "validate", package, "--against", onnx, "--inputs", file),
      MalformedCase(file, "validate", package, "--against", file, "--inputs", file),
    ]
  }

  static let single: [MalformedCase] = [
    MalformedCase("cut.npy", "run", package, "--input", "input=cut.npy", "--outputs", "o.npz"),
    MalformedCase("text.npy", "run", package, "--input", "input=text.npy", "--outputs", "o.npz"),
    MalformedCase("objects.npy", "run", package, "--input", "input=objects.npy"),
  ]

  @Test(arguments: packages + sources + arrays + single)
  func isRefused(_ malformed: MalformedCase) throws {
    let tool = Tool()
    try prepare(malformed.file, tool.folder)
    let before = listing(tool.folder.path)
    let result = tool.run(malformed.arguments)
    #expect(result.code == 65)
    #expect(result.output.isEmpty)
    let lines = result.errors.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.first?.hasPrefix("error: \(malformed.file)") ?? false, "\(result.errors)")
    #expect(lines.count { $0.hasPrefix("error:") } == 1)
    #expect(
      lines.dropFirst().allSatisfy {
        $0.isEmpty || $0.hasPrefix("  note: ") || $0.hasPrefix("  fix: ")
      }, "\(result.errors)")
    #expect(listing(tool.folder.path) == before)
  }

  @Test(arguments: ["manifest.mlpackage", "weights.mlpackage"])
  func documentsSayItToo(_ file: String) throws {
    let tool = Tool()
    try prepare(file, tool.folder)
    let result = tool("inspect", file, "--json")
    #expect(result.code == 65)
    #expect(result.errors.isEmpty)
    #expect(SchemaCheck.problems(result.output, "diagnostics") == [])
    #expect(result.output.contains("\"exitCode\": 65"))
  }

  // MARK: Files

  private func prepare(_ file: String, _ folder: ScratchFolder) throws {
    if file.hasSuffix(".mlpackage") { return try preparePackage(file, folder) }
    folder.file(file, try content(file))
  }

  private func preparePackage(_ file: String, _ folder: ScratchFolder) throws {
    let (data, model) = ("Data/com.apple.CoreML", "Data/com.apple.CoreML/model.mlmodel")
    for part in [file, "\(file)/Data", "\(file)/\(data)", "\(file)/\(data)/weights"] {
      _ = folder.folder(part)
    }
    for part in ["Manifest.json", model, "\(data)/weights/weight.bin"] {
      var bytes = ScratchFolder.read(Self.package + "/" + part)
      try #require(!bytes.isEmpty)
      switch (file, part) {
      case ("manifest.mlpackage", "Manifest.json"): bytes.removeLast(200)
      case ("model.mlpackage", model): bytes.removeLast(200)
      case ("program.mlpackage", model):
        replace(&bytes, "linear_0_cast_fp16", by: "linear_9_cast_fp16")
      case ("weights.mlpackage", "\(data)/weights/weight.bin"): bytes.removeLast(200)
      case ("link.mlpackage", model):
        try #require(symlink("/etc/hostname", folder("\(file)/\(part)")) == 0)
        continue
      default: break
      }
      folder.file("\(file)/\(part)", bytes)
    }
  }

  /// Replaces the first of the places where a text is by another one of the same length.
  private func replace(_ bytes: inout [UInt8], _ text: String, by other: String) {
    let (old, new) = (Array(text.utf8), Array(other.utf8))
    for start in 0..<(bytes.count - old.count)
    where bytes[start..<start + old.count].elementsEqual(old) {
      return bytes.replaceSubrange(start..<start + old.count, with: new)
    }
  }

  private func content(_ file: String) throws -> [UInt8] {
    switch file {
    case "cut.pt2": return Array(ScratchFolder.read(Fixture.path("torch/mlp.pt2")).dropLast(30))
    case "json.pt2":
      return StoredZip([.init("mlp/models/model.json", Array("{\"graph_module\": [".utf8))]).bytes
    case "cut.onnx": return Array(ScratchFolder.read(Self.onnx).dropLast(30))
    case "external.onnx":
      // Its data is elsewhere.
      return ScratchFolder.read(Fixture.path("onnx/mlp-external.onnx"))
    case "cut.npz": return Array(StoredZip([.init("input.npy", array("<f4"))]).bytes.dropLast(30))
    case "array.npz": return array("<f4")
    case "objects.npz": return StoredZip([.init("input.npy", array("|O"))]).bytes
    case "cut.npy": return Array(array("<f4").dropLast(2))
    case "objects.npy": return array("|O")
    default: return Array("this is not a model, nor an array\n".utf8)
    }
  }

  private func array(_ descr: String) -> [UInt8] {
    let header = "{'descr': '\(descr)', 'fortran_order': False, 'shape': (1,), }\n"
    return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0] + header.utf8
      + [0, 0, 0, 0]
  }

  /// Everything in a folder, hidden files too.
  private func listing(_ folder: String) -> [String] {
    ScratchFolder.names(folder).flatMap { name in
      [name] + listing(folder + "/" + name).map { name + "/" + $0 }
    }
  }
}
