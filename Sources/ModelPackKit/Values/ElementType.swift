// SPDX-License-Identifier: Apache-2.0
package import Tensors

/// The type of the elements of a tensor, spelled as everywhere in modelpack.
public enum ElementType: String, Hashable, Sendable, CaseIterable {
  case bool, string
  case float16, float32, float64, bfloat16, float8e4m3fn, float8e5m2
  case int4, int8, int16, int32, int64
  case uint1, uint2, uint3, uint4, uint6, uint8, uint16, uint32, uint64
  case complex64, complex128

  package init(_ dtype: DType) {
    self = ElementType(rawValue: dtype.rawValue) ?? .string
  }

  /// The width of an integer type that Core ML stores as indices of a table, never as codes with a
  /// scale: 3 for `int3` and `uint3`; nil for all others.
  package static func bitsWithoutScale(_ name: String) -> Int? {
    let digits = name.hasPrefix("uint") ? name.dropFirst(4) : name.dropFirst(3)
    guard name.hasPrefix("int") || name.hasPrefix("uint"), let bits = Int(digits) else {
      return nil
    }
    return [1, 2, 3, 6].contains(bits) ? bits : nil
  }

  package var dtype: DType { DType(rawValue: rawValue) ?? .string }
}
