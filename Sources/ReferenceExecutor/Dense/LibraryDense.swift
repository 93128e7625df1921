// SPDX-License-Identifier: Apache-2.0
import CKernels

/// The library made for it: oneDNN on Linux, Accelerate on Apple.
package struct LibraryDense: DenseBackend {
  package init() {}

  package func product(
    _ size: (m: Int, n: Int, k: Int), a: UnsafePointer<Float>, transposed transA: Bool,
    b: UnsafePointer<Float>, transposed transB: Bool, c: UnsafeMutablePointer<Float>
  ) -> Bool {
    let (m, n, k) = (Int64(size.m), Int64(size.n), Int64(size.k))
    if m == 0 || n == 0 { return true }
    if k == 0 {
      for i in 0..<size.m * size.n { c[i] = 0 }
      return true
    }
    return mpk_sgemm(
      transA ? 1 : 0, transB ? 1 : 0, m, n, k, 1, a, transA ? m : k, b, transB ? k : n, 0, c, n)
      == 0
  }

  package func convolution(
    _ shape: ConvolutionShape, x: UnsafePointer<Float>, weight: UnsafePointer<Float>,
    bias: UnsafePointer<Float>?, y: UnsafeMutablePointer<Float>
  ) -> Bool {
    if shape.batch == 0 || shape.output.contains(0) || shape.outChannels == 0 { return true }
    var native = mpk_conv_shape(shape)
    return mpk_conv(&native, weight, bias, x, y) == 0
  }
}

extension mpk_conv_shape {
  init(_ shape: ConvolutionShape) {
    self.init()
    spatial = Int32(shape.kernel.count)
    transposed = shape.transposed ? 1 : 0
    batch = Int64(shape.batch)
    groups = Int64(shape.groups)
    in_channels = Int64(shape.inChannels)
    out_channels = Int64(shape.outChannels)
    input = Self.triple(shape.input)
    output = Self.triple(shape.output)
    kernel = Self.triple(shape.kernel)
    stride = Self.triple(shape.strides)
    dilation = Self.triple(shape.dilations)
    pad_before = Self.triple(shape.padBefore)
  }

  private static func triple(_ values: [Int]) -> (Int64, Int64, Int64) {
    let padded = values.map(Int64.init) + [0, 0, 0]
    return (padded[0], padded[1], padded[2])
  }
}
