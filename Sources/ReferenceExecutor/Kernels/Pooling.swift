// SPDX-License-Identifier: Apache-2.0
import Tensors

extension Kernel {
  /// Pooling over one to three spatial axes; sums in double precision.
  static let pools: [Kernel] = [
    Kernel("max_pool") { call in
      try pool(call) { values, _ in
        values.reduce(-.infinity) { $1 > $0 || $1.isNaN ? $1 : $0 }
      }
    },
    Kernel("avg_pool") { call in
      let excludes = try call.bool("exclude_padding_from_average", default: false)
      return try pool(call) { values, covered in
        let sum = values.reduce(0.0) { $0 + Double($1) }
        return Float(sum / Double(excludes ? values.count : covered))
      }
    },
    Kernel("l2_pool") { call in
      try pool(call) { values, _ in
        Float(values.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot())
      }
    },
  ]

  /// - Parameter f: of the values in a window and the positions it covers, padding included (what
  ///   a window of `ceil_mode` reaches beyond the padding excluded).
  private static func pool(
    _ call: KernelCall, _ f: (ArraySlice<Float>, Int) -> Float
  ) throws -> Tensor {
    let x = try call.floatTensor("x")
    let kernel = try call.ints("kernel_sizes")
    guard x.rank == kernel.count + 2 else {
      throw call.fault("'kernel_sizes' \(kernel) does not fit x of shape \(x.shape)")
    }
    let input = Array(x.shape[2...])
    var window = try Window(call, kernel: kernel)
    try window.place(
      over: input, call, ceiling: try call.bool("ceil_mode", default: false))
    let y = try call.make(x.dtype, x.shape[..<2] + window.output)
    let axes = window.covers(input)
    let (inCount, outCount) = (input.reduce(1, *), y.count / max(x.shape[0] * x.shape[1], 1))
    // One or two axes are three with leading ones.
    let planes = Array(repeating: 1, count: 3 - input.count) + input
    var values: [Float] = []
    for plane in 0..<(x.shape[0] * x.shape[1]) {
      var target = plane * outCount
      for d in axes[0] {
        for h in axes[1] {
          for w in axes[2] {
            values.removeAll(keepingCapacity: true)
            for i in d.inside {
              for j in h.inside {
                let row = plane * inCount + (i * planes[1] + j) * planes[2]
                for k in w.inside { values.append(x.floats[row + k]) }
              }
            }
            y.floats[target] = f(values[...], d.covered * h.covered * w.covered)
            target += 1
          }
        }
      }
    }
    return y
  }
}

extension Window {
  /// Per axis and output position: the input positions under the window, and how many it covers
  /// with the padding counted. Always three axes.
  fileprivate func covers(_ input: [Int]) -> [[(inside: Range<Int>, covered: Int)]] {
    let covers = kernel.indices.map { axis in
      (0..<output[axis]).map { o in
        let start = o * strides[axis] - before[axis]
        let end = min(start + kernel[axis], input[axis] + after[axis])
        let first = min(max(start, 0), input[axis])
        return (inside: first..<max(min(end, input[axis]), first), covered: max(end - start, 0))
      }
    }
    return Array(repeating: [(inside: 0..<1, covered: 1)], count: 3 - kernel.count) + covers
  }
}
