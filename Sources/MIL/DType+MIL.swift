// SPDX-License-Identifier: Apache-2.0
package import Tensors

extension DType {
  /// The spelling in operands that name a dtype (`cast.dtype`): `fp16`, `int32`, `bool`.
  /// `nil` for types that MIL has no such name for.
  package var milName: String? {
    switch self {
    case .float16: "fp16"
    case .float32: "fp32"
    case .float64: "fp64"
    case .bfloat16: "bf16"
    case .bool, .string, .int4, .int8, .int16, .int32, .int64: rawValue
    case .uint1, .uint2, .uint3, .uint4, .uint6, .uint8, .uint16, .uint32, .uint64: rawValue
    case .float8e4m3fn, .float8e5m2, .complex64, .complex128: nil
    }
  }

  /// The type that `milName` spells.
  package init?(milName: String) {
    guard let match = DType.allCases.first(where: { $0.milName == milName }) else { return nil }
    self = match
  }
}
