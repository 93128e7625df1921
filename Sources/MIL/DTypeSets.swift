// SPDX-License-Identifier: Apache-2.0
package import Tensors

/// The sets of dtypes that signatures are made of.
extension [DType] {
  package static let floats: [DType] = [.float16, .float32]
  package static let numbers: [DType] = [.float16, .float32, .int32]
  package static let numbersAndBool: [DType] = [.float16, .float32, .int32, .bool]
  /// The element types of tensors at run time since iOS 17.
  package static let runtime: [DType] = [
    .float16, .float32, .int8, .int16, .int32, .uint8, .uint16, .bool,
  ]
}
