// SPDX-License-Identifier: Apache-2.0
import CKernels

/// Where matrix products and convolutions are computed.
package protocol DenseBackend: Sendable {
  /// `c = op(a) * op(b)`, row-major; `a` is stored `[m, k]` (or `[k, m]` if transposed), `b` `[k, n]`
  /// (or `[n, k]`), `c` `[m, n]`. Gives whether it succeeded.
  func product(
    _ size: (m: Int, n: Int, k: Int), a: UnsafePointer<Float>, transposed transA: Bool,
    b: UnsafePointer<Float>, transposed transB: Bool, c: UnsafeMutablePointer<Float>
  ) -> Bool

  /// Gives whether it succeeded.
  func convolution(
    _ shape: ConvolutionShape, x: UnsafePointer<Float>, weight: UnsafePointer<Float>,
    bias: UnsafePointer<Float>?, y: UnsafeMutablePointer<Float>
  ) -> Bool
}

/// A convolution, or a transposed one, over one to three spatial axes.
///
/// Input `[batch, inChannels, input...]`, output `[batch, outChannels, output...]`, weight
/// `[outChannels, inChannels / groups, kernel...]`, or `[inChannels, outChannels / groups,
/// kernel...]` if transposed.
package struct ConvolutionShape: Hashable, Sendable {
  package var transposed = false
  package var batch, groups, inChannels, outChannels: Int
  package var input, output, kernel, strides, dilations, padBefore: [Int]
}
