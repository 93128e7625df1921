// SPDX-License-Identifier: Apache-2.0
import Containers
import Diagnostics
import Tensors

/// Reads `TensorProto` messages: elements inline, in typed lists, or in files beside the model.
struct TensorReader {
  /// The file that large inline tensors are left in.
  let file: SourceFile?
  let external: ExternalData?

  /// Throws `.malformed` where shape, type and data do not agree.
  func read(_ message: ProtoMessage) throws -> ONNXTensor {
    let name = message.string("name")
    let type = try ONNXElementType(code: Int(message.int("data_type")), of: "tensor '\(name)'")
    let shape = message.ints("dims").map { Int($0) }
    guard let count = elementCount(shape), count <= Int.max / 16 else {
      throw malformed("tensor '\(name)' has the impossible shape \(shape)")
    }
    if message.has("segment") {
      throw Diagnostic.error(
        .unsupportedType, "tensor '\(name)' is stored in segments, which is not supported",
        fix: "save the model again with the tensor whole")
    }
    if type == .string { return try strings(message, name, shape, count) }
    guard let dtype = type.dtype, let size = dtype.byteCount(count) else {
      return ONNXTensor(name: name, type: type, shape: shape, content: .unreadable)
    }
    let source = try numbers(message, name: name, dtype: dtype, shape: shape, size: size)
    return ONNXTensor(name: name, type: type, shape: shape, content: .numbers(source))
  }

  private func strings(
    _ message: ProtoMessage, _ name: String, _ shape: [Int], _ count: Int
  ) throws -> ONNXTensor {
    let values = message.bytesList("string_data").map { bytes in
      if case .owned(let bytes) = bytes { bytes } else { [UInt8]() }
    }
    guard values.count == count else {
      throw malformed("tensor '\(name)' of shape \(shape) has \(values.count) strings")
    }
    return ONNXTensor(name: name, type: .string, shape: shape, content: .strings(values))
  }

  private func numbers(
    _ message: ProtoMessage, name: String, dtype: DType, shape: [Int], size: Int
  ) throws -> any WeightSource {
    let layout = StridedLayout(shape: shape)
    switch message.int("data_location") {
    case 0: break
    case 1:
      guard let external else {
        throw malformed("tensor '\(name)' is external data of a file that is not a model")
      }
      let (file, offset) = try external.range(of: message, byteCount: size)
      return try FileSource(
        file: file, base: offset, byteCount: size, dtype: dtype, layout: layout)
    case let other: throw malformed("tensor '\(name)' has the data location \(other), not 0 or 1")
    }
    if message.has("raw_data") {
      let raw = message.bytes("raw_data")
      guard raw.count == size else {
        throw malformed(
          "tensor '\(name)' of type \(dtype.rawValue) and shape \(shape) takes \(size) bytes but "
            + "has \(raw.count)")
      }
      if case .range(let offset, _) = raw, let file {
        return try FileSource(
          file: file, base: offset, byteCount: size, dtype: dtype, layout: layout)
      }
      if case .owned(let bytes) = raw {
        return MemorySource(try TensorData(dtype: dtype, shape: shape, bytes: bytes))
      }
    }
    return MemorySource(try typed(message, name: name, dtype: dtype, shape: shape, size: size))
  }

  /// Elements in the list that the format has for their type.
  private func typed(
    _ message: ProtoMessage, name: String, dtype: DType, shape: [Int], size: Int
  ) throws -> TensorData {
    let bytes: [UInt8]
    switch dtype {
    case .float32: bytes = packed(message.floats("float_data"))
    case .float64: bytes = packed(message.doubles("double_data"))
    case .int64: bytes = packed(message.ints("int64_data"))
    case .uint64: bytes = packed(message.uints("uint64_data"))
    case .uint32:
      bytes = packed(message.uints("uint64_data").map { UInt32(truncatingIfNeeded: $0) })
    case .int32:
      bytes = packed(message.ints("int32_data").map { Int32(truncatingIfNeeded: $0) })
    case .float16, .bfloat16, .int16, .uint16:
      bytes = packed(message.ints("int32_data").map { UInt16(truncatingIfNeeded: $0) })
    default:
      bytes = packed(message.ints("int32_data").map { UInt8(truncatingIfNeeded: $0) })
    }
    guard bytes.count == size else {
      throw malformed(
        "tensor '\(name)' of type \(dtype.rawValue) and shape \(shape) takes \(size) bytes but "
          + "has \(bytes.count)")
    }
    return try TensorData(dtype: dtype, shape: shape, bytes: bytes)
  }

  private func packed<T: BitwiseCopyable>(_ values: [T]) -> [UInt8] {
    values.withUnsafeBytes { [UInt8]($0) }
  }

  private func malformed(_ message: String) -> Diagnostic { .error(.malformed, message) }
}
