// SPDX-License-Identifier: Apache-2.0
import Containers
import Diagnostics
import MIL
package import Tensors

/// Recorded inputs and outputs of a model: a `test_data_set_N` folder with `input_K.pb` and
/// `output_K.pb`, numbered as the inputs and outputs of the graph.
package struct ONNXTestData: Sendable {
  /// By the names of the converted program, in its dtypes.
  package var inputs: [(name: String, data: TensorData)] = []
  package var outputs: [(name: String, data: TensorData)] = []

  /// Reads the folder at `path`. Throws `.notFound` where a file that the model needs is missing,
  /// `.unsupportedType` for what is not a tensor that Core ML has at its interface.
  package init(path: String, model: ONNXModel) throws {
    inputs = try Self.read(model.inputs, "\(path)/input_")
    outputs = try Self.read(model.outputs, "\(path)/output_")
  }

  private static func read(
    _ values: [ONNXValueInfo], _ prefix: String
  ) throws -> [(name: String, data: TensorData)] {
    try values.enumerated().map { index, value in
      let path = "\(prefix)\(index).pb"
      guard case .tensor(_, let shape) = value.type else {
        throw Diagnostic.error(
          .unsupportedType, at: Location(file: path), "'\(value.name)' is not a tensor")
      }
      let data = try tensor(at: path)
      // A tensor without axes has one at the interface of a package, where it is an input.
      let isScalar = prefix.hasSuffix("input_") && shape?.isEmpty ?? data.shape.isEmpty
      return (Identifier.sanitized(value.name), isScalar ? try data.reshaped([1]) : data)
    }
  }

  /// One tensor in a file of its own.
  package static func stored(at path: String) throws -> ONNXTensor {
    do {
      let message = try MappedFile.read(path) {
        try ProtoMessage(decoding: $0, as: .onnxTensor, file: path)
      }
      return try TensorReader(file: nil, external: nil).read(message)
    } catch let diagnostic as Diagnostic {
      throw diagnostic.inFile(path)
    }
  }

  /// One tensor in a file of its own, in the dtype that it has at the interface of a package.
  package static func tensor(at path: String) throws -> TensorData {
    let tensor = try stored(at: path)
    guard case .numbers(let stored) = tensor.content,
      let source = ConvertedSource.runtime(stored)
    else {
      throw Diagnostic.error(
        .unsupportedType, at: Location(file: path),
        "holds elements of type \(tensor.type.name), which Core ML lacks")
    }
    let data = try source.materialized()
    guard data.dtype == .bool else { return data }
    return TensorData(int32: data.bools.map { $0 ? 1 : 0 }, shape: data.shape)
  }
}
