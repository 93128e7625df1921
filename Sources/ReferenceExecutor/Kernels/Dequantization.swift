// SPDX-License-Identifier: Apache-2.0
import Tensors

extension Kernel {
  /// Quantized values, at run time and as compressed weights. Arithmetic in float32.
  static let quantization: [Kernel] = [
    Kernel("quantize") { call in
      let input = try call.floatTensor("input")
      guard let dtype = DType(mil: try call.string("output_dtype")),
        dtype == .int8 || dtype == .uint8
      else { throw call.fault("'output_dtype' must be int8 or uint8", .unsupportedArgument) }
      let scale = try call.blocks("scale", input.shape)
      let zero = try call.blocks("zero_point", input.shape)
      let y = try call.make(dtype, input.shape)
      for i in 0..<y.count {
        let code = (input.floats[i] / scale(i)).rounded(.toNearestOrEven) + zero(i)
        y.ints[i] = dtype.saturated(code)
      }
      return y
    },
    Kernel("dequantize") { call in try dequantized(call, "input") },
    Kernel("constexpr_affine_dequantize") { call in try dequantized(call, "quantized_data") },
    Kernel("constexpr_blockwise_shift_scale") { call in
      let data = try call.tensor("data")
      return try call.shifted(
        data, shape: data.shape, scale: call.tensor("scale"), offset: call.optionalTensor("offset"))
    },
    Kernel("constexpr_cast") { call in
      let name = try call.string("output_dtype")
      guard let dtype = DType(mil: name) else { throw call.fault("no dtype '\(name)'") }
      return try call.converted(call.tensor("source_val"), to: dtype)
    },
    Kernel("constexpr_lut_to_dense", moves: true) { call in
      if call.has("shape") { return try packedLookup(call) }
      return try call.looked(up: call.integerTensor("indices"))
    },
    Kernel("constexpr_sparse_to_dense", moves: true) { call in
      let shape = call.has("shape") ? try call.ints("shape") : try call.tensor("mask").shape
      let mask = try call.integerTensor("mask")
      let bits = call.has("shape") ? try call.unpacked(mask, bits: 1, shape) : mask
      return try call.dense(call.tensor("nonzero_data"), bits.viewed(shape))
    },
    Kernel(
      "constexpr_lut_to_sparse", moves: true,
      several: { call in
        let mask = try call.integerTensor("indices_mask")
        let indices = try call.dense(call.integerTensor("indices_nonzero_data"), mask)
        let values = try call.looked(up: indices)
        let grown = try call.expandedMask(mask, to: values.shape)
        return [grown.relabelled(mask.dtype), try call.sparse(values, grown)]
      }),
    Kernel(
      "constexpr_sparse_blockwise_shift_scale",
      several: { call in
        let mask = try call.integerTensor("data_mask")
        let data = try call.dense(call.tensor("nonzero_data"), mask)
        let values = try call.shifted(
          data, shape: mask.shape, scale: call.tensor("scale"),
          offset: call.optionalTensor("offset"))
        return [mask, try call.sparse(values, mask)]
      }),
  ]

  /// `scale * (x - zero_point)`, with a scalar or one number per position of `axis`.
  private static func dequantized(_ call: KernelCall, _ name: String) throws -> Tensor {
    let x = try call.tensor(name)
    let dtype = try call.floatTensor("scale").dtype
    let scale = try call.blocks("scale", x.shape)
    let zero = try call.blocks("zero_point", x.shape)
    let y = try call.make(dtype, x.shape)
    for i in 0..<y.count { y.floats[i] = (Float(x.ints[i]) - zero(i)) * scale(i) }
    return y
  }

  /// The form of iOS 16: indices packed into bytes, a flat table.
  private static func packedLookup(_ call: KernelCall) throws -> Tensor {
    let table = try call.tensor("lut")
    let shape = try call.ints("shape")
    guard table.count > 1, table.count <= 256, table.count & (table.count - 1) == 0 else {
      throw call.fault("'lut' has \(table.count) entries, not a power of two up to 256")
    }
    let indices = try call.unpacked(
      call.integerTensor("indices"), bits: table.count.trailingZeroBitCount, shape)
    let y = try call.make(table.dtype, shape)
    for i in 0..<y.count { y.words[i] = table.words[Int(indices.ints[i])] }
    return y
  }
}

extension KernelCall {
  /// A float or integer parameter along `axis` as a function of the position in `shape`.
  fileprivate func blocks(_ name: String, _ shape: [Int]) throws -> (Int) -> Float {
    guard let parameter = try optionalTensor(name) else { return { _ in 0 } }
    let values = parameter.doubles.map { Float($0) }
    if values.count == 1 { return { _ in values[0] } }
    let axis = try axis("axis", rank: shape.count)
    guard parameter.rank == 1, values.count == shape[axis] else {
      throw fault("'\(name)' has \(values.count) elements but axis \(axis) of \(shape) has not")
    }
    let (inner, extent) = (shape[(axis + 1)...].reduce(1, *), shape[axis])
    return { values[$0 / inner % extent] }
  }

  /// `(data - offset) * scale`, with a scale and offset per block: along each axis a block is the
  /// extent of the data over that of the scale.
  fileprivate func shifted(
    _ data: Tensor, shape: [Int], scale: Tensor, offset: Tensor?
  ) throws -> Tensor {
    guard scale.isFloat, scale.rank == shape.count, data.count == (elementCount(shape) ?? -1),
      Swift.zip(shape, scale.shape).allSatisfy({ $1 > 0 && $0 % $1 == 0 }),
      offset == nil || offset?.shape == scale.shape
    else { throw fault("blocks of shape \(scale.shape) do not fit data of shape \(shape)") }
    let codes = try data.isFloat ? data : converted(data, to: .float32)
    let zeros = try offset.map { try $0.isFloat ? $0 : converted($0, to: .float32) }
    // As NumPy computes: the data in the dtype of the scale, and the difference too unless the
    // offset is wider. Differences of codes are exact.
    let isHalf = scale.dtype == .float16
    let roundsData = isHalf && data.dtype == .float32
    let roundsDifference =
      isHalf && offset.map { $0.dtype != .float32 && ($0.isFloat || data.isFloat) } ?? false
    let y = try make(scale.dtype, shape)
    forEachBlockRun(shape, scale.shape) { start, count, block in
      let (s, z) = (scale.floats[block], zeros?.floats[block] ?? 0)
      for i in start..<start + count {
        let x = roundsData ? Float(Float16(codes.floats[i])) : codes.floats[i]
        let difference = zeros == nil ? x : x - z
        y.floats[i] = (roundsDifference ? Float(Float16(difference)) : difference) * s
      }
    }
    return y
  }

  /// Calls `body` with (first position, count, position of the block) of runs in one block.
  private func forEachBlockRun(
    _ shape: [Int], _ blocks: [Int], _ body: (Int, Int, Int) -> Void
  ) {
    guard let last = shape.last, let lastBlocks = blocks.last, !shape.contains(0) else {
      if shape.isEmpty { body(0, 1, 0) }
      return
    }
    let run = last / lastBlocks
    let (steps, blockSteps) = (rowMajorStrides(shape), rowMajorStrides(blocks))
    for row in 0..<shape.dropLast().reduce(1, *) {
      var (rest, block) = (row * last, 0)
      for axis in 0..<shape.count - 1 {
        block += rest / steps[axis] / (shape[axis] / blocks[axis]) * blockSteps[axis]
        rest %= steps[axis]
      }
      for k in 0..<lastBlocks { body(row * last + k * run, run, block + k) }
    }
  }

  /// Elements of `bits` bits each from bytes, low bits first.
  fileprivate func unpacked(_ bytes: Tensor, bits: Int, _ shape: [Int]) throws -> Tensor {
    let y = try make(.int32, shape)
    guard (y.count * bits + 7) / 8 <= bytes.count else {
      throw fault("\(bytes.count) bytes do not hold \(y.count) elements of \(bits) bits")
    }
    for i in 0..<y.count {
      let bit = i * bits
      var word = UInt32(truncatingIfNeeded: bytes.ints[bit / 8]) & 0xFF
      if bit / 8 + 1 < bytes.count {
        word |= (UInt32(truncatingIfNeeded: bytes.ints[bit / 8 + 1]) & 0xFF) << 8
      }
      y.ints[i] = Int32(bitPattern: word >> UInt32(bit % 8) & (1 << UInt32(bits) - 1))
    }
    return y
  }

  /// The entries of `lut` that `indices` name: one table per block, vectors along `vector_axis`.
  fileprivate func looked(up indices: Tensor) throws -> Tensor {
    let table = try tensor("lut")
    let rank = indices.rank
    guard table.rank == rank + 2, rank > 0,
      (0..<rank).allSatisfy({ table.shape[$0] > 0 && indices.shape[$0] % table.shape[$0] == 0 })
    else { throw fault("'lut' of \(table.shape) does not fit indices of \(indices.shape)") }
    let (entries, size) = (table.shape[rank], table.shape[rank + 1])
    guard !indices.ints.contains(where: { $0 < 0 || Int($0) >= entries }) else {
      throw fault("an index lies outside a table of \(entries) entries")
    }
    let axis = try has("vector_axis") || size > 1 ? self.axis("vector_axis", rank: rank) : rank - 1
    var shape = indices.shape
    shape[axis] = try product([shape[axis], size])
    let y = try make(table.dtype, shape)
    let inner = indices.shape[(axis + 1)...].reduce(1, *)
    forEachBlockRun(indices.shape, Array(table.shape.prefix(rank))) { start, count, block in
      for i in start..<start + count {
        let entry = (block * entries + Int(indices.ints[i])) * size
        for k in 0..<size {
          y.words[(i / inner * size + k) * inner + i % inner] = table.words[entry + k]
        }
      }
    }
    return y
  }

  /// The values put where the mask is set, zeros elsewhere.
  fileprivate func dense(_ values: Tensor, _ mask: Tensor) throws -> Tensor {
    let y = try make(values.dtype, mask.shape)
    guard mask.count == y.count, mask.ints.count(where: { $0 != 0 }) == values.count else {
      throw fault("\(values.count) values do not fit the set bits of the mask")
    }
    var next = 0
    for i in 0..<y.count {
      y.words[i] = mask.ints[i] != 0 ? values.words[next] : 0
      if mask.ints[i] != 0 { next += 1 }
    }
    return y
  }

  /// The values where the mask is set, as a vector.
  fileprivate func sparse(_ values: Tensor, _ mask: Tensor) throws -> Tensor {
    let y = try make(values.dtype, [mask.ints.count { $0 != 0 }])
    var next = 0
    for i in 0..<values.count where mask.ints[i] != 0 {
      y.words[next] = values.words[i]
      next += 1
    }
    return y
  }

  /// A mask repeated along the axis in which `shape` is longer.
  fileprivate func expandedMask(_ mask: Tensor, to shape: [Int]) throws -> Tensor {
    guard let axis = shape.indices.first(where: { shape[$0] != mask.shape[$0] }) else {
      return mask
    }
    let size = shape[axis] / max(mask.shape[axis], 1)
    return try taken(mask, axis, (0..<shape[axis]).map { $0 / max(size, 1) })
  }
}
