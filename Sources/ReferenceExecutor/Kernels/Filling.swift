// SPDX-License-Identifier: Apache-2.0
import Tensors

extension Kernel {
  /// Operations that make tensors from shapes and bounds.
  static let filling: [Kernel] = [
    Kernel("fill") { call in
      let value = try call.optionalTensor("value")
      return try call.filled(value?.dtype ?? .float32, call.ints("shape"), value)
    },
    Kernel("fill_like") { call in
      let value = try call.optionalTensor("value")
      return try call.filled(value?.dtype ?? .float32, call.tensor("ref_tensor").shape, value)
    },
    Kernel("range_1d") { call in
      let dtype = try call.tensor("start").dtype
      let (start, end) = (try call.double("start"), try call.double("end"))
      let step = try call.double("step")
      let count = ((end - start) / step).rounded(.up)
      guard step != 0, count.isFinite else {
        throw call.fault("from \(start) to \(end) by \(step) is no range")
      }
      let y = try call.make(dtype, [max(0, Int(saturating: count))])
      for i in 0..<y.count {
        let value = start + Double(i) * step
        if y.isFloat { y.floats[i] = Float(value) } else { y.ints[i] = Int32(saturating: value) }
      }
      return y
    },
    Kernel("one_hot") { call in
      let indices = try call.integerTensor("indices")
      let size = try call.int("one_hot_vector_size")
      let axis = try call.axis("axis", default: -1, rank: indices.rank + 1)
      let on = try call.optionalTensor("on_value")
      let off = try call.optionalTensor("off_value")
      let dtype = on?.dtype ?? off?.dtype ?? .int32
      guard size >= 0 else { throw call.fault("'one_hot_vector_size' is \(size)") }
      var shape = indices.shape
      shape.insert(size, at: axis)
      let y = try call.filled(dtype, shape, off)
      let inner = indices.shape[axis...].reduce(1, *)
      let mark = try call.filled(dtype, [], on, default: 1)
      for (i, index) in indices.ints.enumerated() where index >= 0 && Int(index) < size {
        y.words[(i / inner * size + Int(index)) * inner + i % inner] = mark.words[0]
      }
      return y
    },
    Kernel("band_part", moves: true) { call in
      let x = try call.tensor("x")
      let lower = try call.int("lower", default: -1)
      let upper = try call.int("upper", default: -1)
      guard x.rank >= 2 else { throw call.fault("x has rank \(x.rank), not 2 or more") }
      let y = try call.output(like: "x")
      let (rows, columns) = (x.shape[x.rank - 2], x.shape[x.rank - 1])
      for i in 0..<x.count {
        let (m, n) = (i / columns % rows, i % columns)
        let isInBand = (lower < 0 || m - n <= lower) && (upper < 0 || n - m <= upper)
        y.words[i] = isInBand ? x.words[i] : 0
      }
      return y
    },
    Kernel("non_zero", moves: true) { call in
      let x = try call.tensor("x")
      // Zero is all bits clear, or the sign alone for a float.
      let mask: UInt32 = x.isFloat ? 0x7FFF_FFFF : 0xFFFF_FFFF
      let found = x.words.indices.filter { x.words[$0] & mask != 0 }
      let y = try call.make(.int32, [found.count, x.rank])
      let steps = rowMajorStrides(x.shape)
      for (row, position) in found.enumerated() {
        var rest = position
        for axis in 0..<x.rank {
          y.ints[row * x.rank + axis] = Int32(clamping: rest / steps[axis])
          rest %= steps[axis]
        }
      }
      return y
    },
  ]
}

extension KernelCall {
  /// A tensor of one value, given as a scalar tensor or by default.
  func filled(
    _ dtype: DType, _ shape: [Int], _ value: Tensor?, default number: Float = 0
  ) throws -> Tensor {
    guard let value else { return try make(dtype, shape, filledWith: number) }
    guard value.count == 1 else { throw fault("a value must be one number, not \(value.count)") }
    let y = try make(dtype, shape)
    y.words.update(repeating: value.words[0])
    return y
  }
}
