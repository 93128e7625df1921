// SPDX-License-Identifier: Apache-2.0
package import Tensors

/// The sets of dtypes of operations that move and index elements.
extension [DType] {
  /// What the gathers read since iOS 17: everything at run time but `bool`.
  package static let runtimeNumbers: [DType] = [
    .float16, .float32, .int32, .int16, .uint16, .int8, .uint8,
  ]
  /// Shapes, begins and ends since iOS 17.
  package static let extents: [DType] = [.int8, .int16, .int32]
  /// Indices of the gathers in iOS 16.
  package static let indices16: [DType] = [.int32, .uint16, .int16]
  /// Indices of the gathers since iOS 17.
  package static let indices17: [DType] = [.int32, .int16, .uint16, .int8, .uint8]
}
