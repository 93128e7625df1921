// SPDX-License-Identifier: Apache-2.0
import Tensors

/// The numbers that the file formats give to dtypes.
extension DType {
  /// `MILSpec.DataType` of the program.
  private static let milCodes: [(DType, Int64)] = [
    (.bool, 1), (.string, 2), (.float16, 10), (.float32, 11), (.float64, 12), (.bfloat16, 13),
    (.int8, 21), (.int16, 22), (.int32, 23), (.int64, 24), (.int4, 25), (.uint8, 31),
    (.uint16, 32), (.uint32, 33), (.uint64, 34), (.uint4, 35), (.uint2, 36), (.uint1, 37),
    (.uint6, 38), (.uint3, 39), (.float8e4m3fn, 40), (.float8e5m2, 41),
  ]

  /// The dtype of a metadata record in a weight file.
  private static let blobCodes: [(DType, UInt32)] = [
    (.float16, 1), (.float32, 2), (.uint8, 3), (.int8, 4), (.bfloat16, 5), (.int16, 6),
    (.uint16, 7), (.int4, 8), (.uint1, 9), (.uint2, 10), (.uint4, 11), (.uint3, 12), (.uint6, 13),
    (.int32, 14), (.uint32, 15), (.float8e4m3fn, 16), (.float8e5m2, 17),
  ]

  /// `ArrayFeatureType.ArrayDataType` of the description.
  private static let arrayCodes: [(DType, Int64)] = [
    (.float16, 65552), (.float32, 65568), (.float64, 65600), (.int8, 131080), (.int32, 131104),
  ]

  private static let milTable = Dictionary(uniqueKeysWithValues: milCodes)
  private static let milDTypes = Dictionary(uniqueKeysWithValues: milCodes.map { ($1, $0) })

  /// `nil` for the types that a program cannot name.
  var milCode: Int64? { Self.milTable[self] }
  init?(milCode: Int64) {
    guard let dtype = Self.milDTypes[milCode] else { return nil }
    self = dtype
  }

  /// `nil` for the types that a weight file cannot hold.
  var blobCode: UInt32? { Self.blobCodes.first { $0.0 == self }?.1 }
  init?(blobCode: UInt32) {
    guard let match = Self.blobCodes.first(where: { $0.1 == blobCode }) else { return nil }
    self = match.0
  }

  /// `nil` for the types that an input or output cannot have.
  var arrayCode: Int64? { Self.arrayCodes.first { $0.0 == self }?.1 }
  init?(arrayCode: Int64) {
    guard let match = Self.arrayCodes.first(where: { $0.1 == arrayCode }) else { return nil }
    self = match.0
  }
}

extension DType {
  /// The specification version that first stores the type in a weight file; `nil` where none does.
  package var weightFileVersion: Int? {
    switch self {
    case .float16, .float32, .uint8, .int8: 6
    case .int16, .uint16, .int32, .uint32, .int4, .uint1, .uint2, .uint3, .uint4, .uint6: 9
    default: nil
    }
  }

  /// The specification version that first takes the type as input or output; `nil` where none does.
  package var featureVersion: Int? {
    switch self {
    case .float32, .int32: 6
    case .float16: 7
    case .int8: 10
    default: nil
    }
  }

  /// The specification version that first has tensors of the type at run time.
  package var runtimeVersion: Int? {
    switch self {
    case .float16, .float32, .int32, .string, .bool: 6
    case .int8, .uint8, .int16, .uint16: 8
    default: nil
    }
  }
}
