// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import ONNXFrontend
import ReferenceExecutor
import Tensors
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Whole models, converted and run, against what ONNX Runtime gave.
@Suite struct FixtureTests {
  static let names: [String] = [
    "branches", "computed-padding", "cnn-dynamic", "cnn-opset9", "function", "gru-bidirectional",
    "gru-forward",
    "gru-reverse", "lstm-bidirectional", "lstm-forward", "lstm-reverse", "mlp-external",
    "mlp-opset13", "mlp-opset21", "mlp-opset7", "shapes", "torch-encoder-dynamic", "torch-gru",
    "torch-lstm", "torch-mlp", "torch-mobilenet", "torchscript-gru", "torchscript-lstm",
    "torchscript-mlp", "torchscript-mobilenet",
  ]

  @Test(arguments: names, [Opset.iOS15, .iOS16, .iOS17, .iOS18, .iOS26])
  func agreesWithTheRecordedOutputs(_ name: String, _ opset: Opset) throws {
    let base = repositoryRoot + "Fixtures/onnx/" + name
    let program = try ONNXModel(path: base + ".onnx").lower(opset: opset)
    let executable = try Executable(program)
    for (inputs, outputs) in try calls(base) {
      let results = try executable.run(inputs.mapValues { try Tensor($0) })
      #expect(results.count == outputs.count)
      for (key, expected) in outputs {
        let found = try #require(results[key]).data()
        #expect(found.shape == expected.shape && found.dtype == expected.dtype)
        let scale = expected.doubles.map(abs).max() ?? 0
        let error = zip(found.doubles, expected.doubles).map { abs($0 - $1) }.max() ?? 0
        #expect(error <= 1e-4 * max(scale, 1e-3), "\(key): \(error) of \(scale)")
      }
    }
  }

  private typealias Arrays = [String: TensorData]

  private func calls(_ base: String) throws -> [(Arrays, Arrays)] {
    if access(base + ".inputs.npz", R_OK) == 0 {
      return [(try read(base + ".inputs.npz"), try read(base + ".expected.npz"))]
    }
    return try (0..<2).map {
      (try read("\(base).inputs.\($0).npz"), try read("\(base).expected.\($0).npz"))
    }
  }

  private func read(_ path: String) throws -> Arrays {
    // Names that are no identifiers (the exporter's numbers) are made some.
    Dictionary(try NPZ.read(path).map { (Identifier.sanitized($0.name), $0.data) }) { first, _ in
      first
    }
  }
}
