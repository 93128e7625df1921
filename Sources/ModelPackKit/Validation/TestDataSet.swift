// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import ONNXFrontend
import Tensors

/// A folder `test_data_set_N` as ONNX models come with: `input_0.pb`, `output_0.pb` and so on, a
/// tensor each, in the order of the model.
struct TestDataSet {
  let inputs: [TensorData]
  let outputs: [TensorData]

  /// Throws `.malformed` for a folder without inputs or outputs, or a file that is no tensor.
  init(_ folder: String) throws {
    inputs = try Self.members("input", folder)
    outputs = try Self.members("output", folder)
    guard !inputs.isEmpty, !outputs.isEmpty else {
      throw Diagnostic.error(
        .malformed, at: Location(file: folder),
        "has no \(inputs.isEmpty ? "input_0.pb" : "output_0.pb")",
        fix: "give a folder test_data_set_N with input_0.pb, output_0.pb and so on")
    }
  }

  private static func members(_ role: String, _ folder: String) throws -> [TensorData] {
    var members: [TensorData] = []
    while true {
      do {
        members.append(try ONNXTestData.tensor(at: "\(folder)/\(role)_\(members.count).pb"))
      } catch let diagnostic as Diagnostic where diagnostic.code == .notFound {
        return members
      }
    }
  }
}
