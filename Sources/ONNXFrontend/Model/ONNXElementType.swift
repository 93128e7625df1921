// SPDX-License-Identifier: Apache-2.0
import Diagnostics
package import Tensors

/// The element types of ONNX, numbered as `TensorProto.DataType`.
package enum ONNXElementType: Int, Hashable, Sendable, CaseIterable {
  case undefined, float, uint8, int8, uint16, int16, int32, int64, string, bool, float16, double
  case uint32, uint64, complex64, complex128, bfloat16, float8e4m3fn, float8e4m3fnuz, float8e5m2
  case float8e5m2fnuz, uint4, int4, float4e2m1, float8e8m0, uint2, int2

  /// The type with the number `code`. Throws `.malformed` for numbers that ONNX does not define.
  package init(code: Int, of thing: String) throws {
    guard let type = ONNXElementType(rawValue: code), type != .undefined else {
      throw Diagnostic.error(
        .malformed, "\(thing) has element type \(code), which ONNX does not define",
        fix: "element types are 1 to \(ONNXElementType.allCases.count - 1)")
    }
    self = type
  }

  /// The spelling in the format (`FLOAT16`).
  package var name: String { "\(self)".uppercased() }

  /// The dtype of stored elements; `nil` where modelpack has none.
  package var dtype: DType? {
    switch self {
    case .float: .float32
    case .double: .float64
    case .uint8: .uint8
    case .int8: .int8
    case .uint16: .uint16
    case .int16: .int16
    case .int32: .int32
    case .int64: .int64
    case .uint32: .uint32
    case .uint64: .uint64
    case .bool: .bool
    case .float16: .float16
    case .bfloat16: .bfloat16
    case .uint4: .uint4
    case .int4: .int4
    case .uint2: .uint2
    case .string: .string
    default: nil
    }
  }

  /// Bits of one stored element; 0 for strings.
  var bitWidth: Int {
    switch self {
    case .undefined, .string: 0
    case .float4e2m1: 4
    case .int2, .uint2: 2
    case .uint4, .int4: 4
    case .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz, .float8e8m0: 8
    case .uint8, .int8, .bool: 8
    case .uint16, .int16, .float16, .bfloat16: 16
    case .float, .int32, .uint32: 32
    case .double, .int64, .uint64, .complex64: 64
    case .complex128: 128
    }
  }
}

extension DType {
  /// The dtype that values of this one have while a converted program runs: `float16`, `float32`,
  /// `int32` or `bool`. `nil` for what Core ML cannot compute with.
  package var runtime: DType? {
    switch self {
    case .float16: .float16
    case .float32, .float64, .bfloat16: .float32
    case .bool: .bool
    case .string, .complex64, .complex128, .float8e4m3fn, .float8e5m2: nil
    default: .int32
    }
  }
}
