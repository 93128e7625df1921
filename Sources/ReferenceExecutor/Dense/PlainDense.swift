// SPDX-License-Identifier: Apache-2.0

/// Loops that say what is meant; sums in double precision. What the fast backend is held against.
package struct PlainDense: DenseBackend {
  package init() {}

  package func product(
    _ size: (m: Int, n: Int, k: Int), a: UnsafePointer<Float>, transposed transA: Bool,
    b: UnsafePointer<Float>, transposed transB: Bool, c: UnsafeMutablePointer<Float>
  ) -> Bool {
    for i in 0..<size.m {
      for j in 0..<size.n {
        var sum = 0.0
        for p in 0..<size.k {
          let left = transA ? a[p * size.m + i] : a[i * size.k + p]
          let right = transB ? b[j * size.k + p] : b[p * size.n + j]
          sum += Double(left) * Double(right)
        }
        c[i * size.n + j] = Float(sum)
      }
    }
    return true
  }

  /// Every input position meets every kernel position; a plain convolution gathers, a transposed
  /// one scatters, along the same relation `wide = narrow * stride - pad + k * dilation`.
  package func convolution(
    _ shape: ConvolutionShape, x: UnsafePointer<Float>, weight: UnsafePointer<Float>,
    bias: UnsafePointer<Float>?, y: UnsafeMutablePointer<Float>
  ) -> Bool {
    let outCount = shape.output.reduce(1, *)
    let inCount = shape.input.reduce(1, *)
    let kernelCount = shape.kernel.reduce(1, *)
    let narrow = shape.transposed ? shape.input : shape.output
    let wide = shape.transposed ? shape.output : shape.input
    let inPerGroup = shape.inChannels / shape.groups
    let outPerGroup = shape.outChannels / shape.groups
    var sums = [Double](repeating: 0, count: outCount)
    for n in 0..<shape.batch {
      for o in 0..<shape.outChannels {
        for p in 0..<outCount { sums[p] = Double(bias?[o] ?? 0) }
        let group = o / outPerGroup
        for i in 0..<inPerGroup {
          let channel = group * inPerGroup + i
          let plane = x + (n * shape.inChannels + channel) * inCount
          let block =
            shape.transposed ? channel * outPerGroup + o % outPerGroup : o * inPerGroup + i
          let taps = weight + block * kernelCount
          forEachPair(shape, narrow: narrow, wide: wide) { from, tap, to in
            let (source, target) = shape.transposed ? (from, to) : (to, from)
            sums[target] += Double(plane[source]) * Double(taps[tap])
          }
        }
        for p in 0..<outCount { y[(n * shape.outChannels + o) * outCount + p] = Float(sums[p]) }
      }
    }
    return true
  }

  /// Calls `body` with (narrow position, tap, wide position), all flat, for all that exist.
  private func forEachPair(
    _ shape: ConvolutionShape, narrow: [Int], wide: [Int], _ body: (Int, Int, Int) -> Void
  ) {
    for position in 0..<narrow.reduce(1, *) {
      taps: for tap in 0..<shape.kernel.reduce(1, *) {
        var (p, k, flat, scale) = (position, tap, 0, 1)
        for axis in narrow.indices.reversed() {
          let (index, offset) = (p % narrow[axis], k % shape.kernel[axis])
          p /= narrow[axis]
          k /= shape.kernel[axis]
          let at =
            index * shape.strides[axis] - shape.padBefore[axis] + offset * shape.dilations[axis]
          guard at >= 0, at < wide[axis] else { continue taps }
          flat += at * scale
          scale *= wide[axis]
        }
        body(position, tap, flat)
      }
    }
  }
}
