// SPDX-License-Identifier: Apache-2.0
import Diagnostics
package import Tensors

/// A weight that a text names without giving its elements. Reading it throws.
package final class ElidedSource: WeightSource {
  package let dtype: DType
  package let shape: [Int]
  /// What the text calls it.
  package let id: String

  package init(_ dtype: DType, shape: [Int], id: String) {
    self.dtype = dtype
    self.shape = shape
    self.id = id
  }

  package var key: String { "elided(\(id),\(dtype.rawValue),\(shape))" }

  package func read(_ range: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws {
    throw Diagnostic.error(
      .notFound, "the text leaves out the elements of weights(\(id))",
      fix: "give the weights when reading the text")
  }
}
