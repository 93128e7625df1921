// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension FunctionBuilder {
  /// A quantized weight as one that Core ML keeps quantized; `nil` where it has no form for it.
  func dequantizedWeight(_ node: NodeCall) throws -> Value? {
    guard node.lowering.blockDepth == 0,
      case .weight(_, let label, let data)? = try node.source("x")?.content,
      let scale = try node.weight("x_scale"),
      [.int8, .uint8, .int4, .uint4].contains(data.dtype), data.rank > 0
    else { return nil }
    guard let grid = try grid(node, data.shape, scale) else { return nil }
    let name = Identifier.sanitized(label)
    let codes = const(name + "_quantized", Constant(data))
    if opset >= .iOS18 { return try blockwise(node, codes, data, grid, name) }
    guard opset >= .iOS16, data.dtype.bitWidth == 8, grid.block == nil else { return nil }
    return try affine(node, codes, data, grid, name)
  }

  /// Scales and zero points, with the shape they have against the data.
  private struct WeightGrid {
    var scales: TensorData
    var zeros: TensorData?
    /// `nil` for one scale.
    var axis: Int?
    var block: Int?
    var shape: [Int]
  }

  private func grid(
    _ node: NodeCall, _ shape: [Int], _ scale: any WeightSource
  ) throws -> WeightGrid? {
    let scales = try scale.materialized()
    var zeros: TensorData?
    if node.has("x_zero_point") {
      guard let points = try node.weight("x_zero_point")?.materialized() else { return nil }
      zeros = points.ints.allSatisfy { $0 == 0 } ? nil : points
    }
    if scales.count == 1 {
      return WeightGrid(
        scales: scales, zeros: zeros, shape: Array(repeating: 1, count: shape.count))
    }
    let axis = try self.axis(node.int("axis", default: 1), rank: shape.count, node)
    let block = try node.int("block_size", default: 0)
    if block > 0 {
      guard scales.rank == shape.count, scales.shape[axis] * block == shape[axis] else {
        return nil
      }
      return WeightGrid(
        scales: scales, zeros: zeros, axis: axis, block: block, shape: scales.shape)
    }
    guard scales.shape == [shape[axis]] else { return nil }
    var extents = Array(repeating: 1, count: shape.count)
    extents[axis] = shape[axis]
    return WeightGrid(scales: scales, zeros: zeros, axis: axis, shape: extents)
  }

  private func blockwise(
    _ node: NodeCall, _ codes: Value, _ data: any WeightSource, _ grid: WeightGrid, _ name: String
  ) throws -> Value? {
    let offset = try grid.zeros.map {
      Value.constant(.numbers(try packed($0, as: data.dtype).reshaped(grid.shape)))
    }
    return try emit(
      "constexpr_blockwise_shift_scale", name: name,
      [
        "data": codes, "scale": .constant(.numbers(grid.scales.reshaped(grid.shape))),
        "offset": offset,
      ])[0]
  }

  private func affine(
    _ node: NodeCall, _ codes: Value, _ data: any WeightSource, _ grid: WeightGrid, _ name: String
  ) throws -> Value? {
    let shape = grid.axis == nil ? [] : [grid.scales.count]
    let zeros = try grid.zeros.map { try packed($0, as: data.dtype).reshaped(shape) }
    let zero = try zeros ?? TensorData([0], as: data.dtype, shape: [])
    return try emit(
      "constexpr_affine_dequantize", name: name,
      [
        "quantized_data": codes, "zero_point": .constant(.numbers(zero)),
        "scale": .constant(.numbers(grid.scales.reshaped(shape))),
        "axis": .int(grid.axis ?? 0),
      ])[0]
  }

  /// Integers in a dtype of 4 or 8 bits.
  private func packed(_ values: TensorData, as dtype: DType) throws -> TensorData {
    if dtype.bitWidth == 8 { return try TensorData(values.doubles, as: dtype, shape: values.shape) }
    var bytes = [UInt8](repeating: 0, count: (values.count + 1) / 2)
    for (index, value) in values.ints.enumerated() {
      bytes[index / 2] |= UInt8(truncatingIfNeeded: value & 15) << UInt8(index % 2 * 4)
    }
    return try TensorData(dtype: dtype, shape: values.shape, bytes: bytes)
  }
}
