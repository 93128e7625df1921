// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
package import Tensors

extension WeightExpression {
  /// The values that the expression stands for, computed where they are read: a few tiles of memory
  /// whatever the weight's size, from any position, on any thread. They are bit for bit those that
  /// coremltools and modelpack's executor compute.
  ///
  /// Throws `.malformed` where operands do not fit each other, and `.unsupportedOperation` for an
  /// operation that is none of the six. What only the contents show (a mask with other ones than
  /// there are values, an index outside its table) is thrown when the source is read.
  package func decoded() throws -> any WeightSource {
    var decoder = ExpressionDecoder()
    return try decoder.source(self)
  }
}

/// Makes sources of expressions; what an expression uses twice is one source.
private struct ExpressionDecoder {
  private var made: [ObjectIdentifier: [any WeightSource]] = [:]
  private var indices: [String: MaskIndex] = [:]

  mutating func source(_ expression: WeightExpression) throws -> any WeightSource {
    switch expression {
    case .constant(let constant):
      guard let source = constant.source else {
        throw Diagnostic.error(.malformed, "a weight is made from \(constant.type), not numbers")
      }
      return source
    case .result(let operation, let output):
      let outputs = try outputs(of: operation)
      guard outputs.indices.contains(output) else {
        throw operation.fault("it has no result \(output)")
      }
      return outputs[output]
    }
  }

  private mutating func outputs(of operation: WeightOperation) throws -> [any WeightSource] {
    if let known = made[ObjectIdentifier(operation)] { return known }
    let outputs: [any WeightSource] =
      switch operation.type {
      case "constexpr_blockwise_shift_scale": [try blockwise(operation)]
      case "constexpr_affine_dequantize": [try affine(operation)]
      case "constexpr_lut_to_dense": [try lookup(operation)]
      case "constexpr_sparse_to_dense": [try spread(operation)]
      case "constexpr_cast": [try cast(operation)]
      case "constexpr_lut_to_sparse": try sparseLookup(operation)
      case "constexpr_sparse_blockwise_shift_scale": try sparseBlockwise(operation)
      default:
        throw Diagnostic.error(
          .unsupportedOperation, "weights made by '\(operation.type)' cannot be decoded")
      }
    made[ObjectIdentifier(operation)] = outputs
    return outputs
  }

  // MARK: Operands

  private mutating func operand(
    _ name: String, of operation: WeightOperation
  ) throws -> any WeightSource {
    guard let value = operation[name] else { throw operation.fault("it has no '\(name)'") }
    return try source(value)
  }

  private mutating func ints(_ name: String, of operation: WeightOperation) throws -> [Int] {
    let source = try operand(name, of: operation)
    guard source.count <= 64, source.dtype.isInteger else {
      throw operation.fault("'\(name)' is no list of integers")
    }
    return try source.materialized().ints
  }

  private mutating func axis(
    _ name: String, rank: Int, of operation: WeightOperation
  ) throws -> Int {
    let values = try ints(name, of: operation)
    guard values.count == 1, (-rank..<rank).contains(values[0]) else {
      throw operation.fault("'\(name)' is \(values) for a rank of \(rank)")
    }
    return values[0] < 0 ? values[0] + rank : values[0]
  }

  private mutating func index(of mask: any WeightSource) -> MaskIndex {
    if let known = indices[mask.key] { return known }
    let index = MaskIndex(mask)
    indices[mask.key] = index
    return index
  }

  // MARK: Scales

  private mutating func blockwise(_ operation: WeightOperation) throws -> any WeightSource {
    try shifted(operand("data", of: operation), operation)
  }

  /// `data` shifted and scaled by the operands of `operation`.
  private mutating func shifted(
    _ data: any WeightSource, _ operation: WeightOperation
  ) throws -> any WeightSource {
    let scale = try operand("scale", of: operation)
    let offset = operation["offset"] == nil ? nil : try operand("offset", of: operation)
    guard let grid = BlockGrid(shape: data.shape, blocks: scale.shape), scale.dtype.isWeightFloat,
      offset.map({ $0.shape == scale.shape }) ?? true
    else {
      throw operation.fault(
        "a \(scale.dtype.rawValue) scale of shape \(scale.shape)"
          + (offset.map { " and an offset of shape \($0.shape)" } ?? "")
          + " do not fit data of shape \(data.shape)")
    }
    try operation.check(data, "the data")
    if let offset { try operation.check(offset, "the offset") }
    return ShiftScaleSource(data, scale: scale, offset: offset, grid: grid, isAffine: false)
  }

  private mutating func affine(_ operation: WeightOperation) throws -> any WeightSource {
    let data = try operand("quantized_data", of: operation)
    let axis = try axis("axis", rank: data.rank, of: operation)
    let length = data.shape[axis]
    var parts = [
      try operand("scale", of: operation), try operand("zero_point", of: operation),
    ]
    let isVector = parts.contains { $0.rank > 0 && $0.count > 1 }
    for (place, part) in parts.enumerated() {
      guard part.count == 1 || part.rank == 1 && part.count == length else {
        throw operation.fault(
          "\(part.count) scales or zero points do not fit axis \(axis) of shape \(data.shape)")
      }
      if isVector && part.count == 1 { parts[place] = RepeatedScalar(part, count: length) }
    }
    var blocks = [Int](repeating: 1, count: data.rank)
    if isVector { blocks[axis] = length }
    guard let grid = BlockGrid(shape: data.shape, blocks: blocks), parts[0].dtype.isWeightFloat
    else { throw operation.fault("the scale is \(parts[0].dtype.rawValue)") }
    try operation.check(data, "the data")
    try operation.check(parts[1], "the zero point")
    return ShiftScaleSource(data, scale: parts[0], offset: parts[1], grid: grid, isAffine: true)
  }

  private mutating func cast(_ operation: WeightOperation) throws -> any WeightSource {
    let source = try operand("source_val", of: operation)
    guard source.dtype == .float16, case .constant(let name)? = operation["output_dtype"],
      name.string == "fp32"
    else { throw operation.fault("only float16 is cast, to fp32") }
    return try CastSource.cast(source, to: .float32)
  }

  // MARK: Tables

  private mutating func lookup(_ operation: WeightOperation) throws -> any WeightSource {
    let indices = try operand("indices", of: operation)
    guard operation["shape"] != nil else { return try looked(up: indices, operation) }
    let table = try operand("lut", of: operation)
    let dtypes: [Int: DType] = [
      2: .uint1, 4: .uint2, 8: .uint3, 16: .uint4, 64: .uint6, 256: .uint8,
    ]
    guard let dtype = dtypes[table.count] else {
      throw operation.fault("a table has \(table.count) entries, not 2, 4, 8, 16, 64 or 256")
    }
    let packed = try unpacked(indices, dtype, operation)
    guard let grid = BlockGrid(shape: packed.shape, blocks: packed.shape.map { _ in 1 }) else {
      throw operation.fault("its shape is \(packed.shape)")
    }
    try operation.checkTable(table)
    return LookupSource(
      packed, table: table, grid: grid, entries: table.count, size: 1,
      axis: max(0, packed.rank - 1), shape: packed.shape)
  }

  /// The packed bytes of iOS 16 as elements of the operand `shape`.
  private mutating func unpacked(
    _ bytes: any WeightSource, _ dtype: DType, _ operation: WeightOperation
  ) throws -> any WeightSource {
    let shape = try ints("shape", of: operation)
    guard let count = elementCount(shape), let size = dtype.byteCount(count),
      bytes.dtype == .uint8, size <= bytes.count
    else {
      throw operation.fault(
        "\(bytes.count) bytes do not hold \(dtype.bitWidth)-bit elements of shape \(shape)")
    }
    return PackedSource(bytes, as: dtype, shape: shape)
  }

  private mutating func looked(
    up indices: any WeightSource, _ operation: WeightOperation
  ) throws -> LookupSource {
    let table = try operand("lut", of: operation)
    let rank = indices.rank
    guard rank > 0, table.rank == rank + 2,
      let grid = BlockGrid(shape: indices.shape, blocks: Array(table.shape.prefix(rank))),
      table.shape[rank] > 0, table.shape[rank + 1] > 0, indices.dtype.isLookupIndex
    else {
      throw operation.fault(
        "a table of shape \(table.shape) does not fit \(indices.dtype.rawValue) indices of shape "
          + "\(indices.shape)")
    }
    try operation.checkTable(table)
    let size = table.shape[rank + 1]
    let axis =
      size > 1 || operation["vector_axis"] != nil
      ? try axis("vector_axis", rank: rank, of: operation) : rank - 1
    var shape = indices.shape
    let (extent, overflow) = shape[axis].multipliedReportingOverflow(by: size)
    shape[axis] = extent
    guard !overflow, elementCount(shape).flatMap(table.dtype.byteCount) != nil else {
      throw operation.fault("its result has too many elements")
    }
    return LookupSource(
      indices, table: table, grid: grid, entries: table.shape[rank], size: size, axis: axis,
      shape: shape)
  }

  // MARK: Sparse

  private mutating func spread(_ operation: WeightOperation) throws -> any WeightSource {
    let values = try operand("nonzero_data", of: operation)
    var mask = try operand("mask", of: operation)
    if operation["shape"] != nil { mask = try unpacked(mask, .uint1, operation) }
    return try dense(values, mask, operation)
  }

  /// `values` where `mask` is 1.
  private mutating func dense(
    _ values: any WeightSource, _ mask: any WeightSource, _ operation: WeightOperation
  ) throws -> any WeightSource {
    guard values.rank == 1, values.count <= mask.count, mask.dtype.isLookupIndex else {
      throw operation.fault(
        "values of shape \(values.shape) do not fit a \(mask.dtype.rawValue) mask of shape "
          + "\(mask.shape)")
    }
    if let collected = values as? CollectedSource, collected.index.mask.key == mask.key {
      return MaskedSource(collected.dense, mask: mask)
    }
    return SpreadSource(values, index(of: mask), shape: mask.shape)
  }

  private mutating func sparseLookup(_ operation: WeightOperation) throws -> [any WeightSource] {
    let mask = try operand("indices_mask", of: operation)
    let found = try operand("indices_nonzero_data", of: operation)
    let values = try looked(up: dense(found, mask, operation), operation)
    let size = values.count / max(1, mask.count)
    let (count, overflow) = found.count.multipliedReportingOverflow(by: size)
    guard !overflow else { throw operation.fault("its result has too many elements") }
    var grown = mask
    if size > 1 {
      let axis = try axis("vector_axis", rank: mask.rank, of: operation)
      grown = RepeatedMask(mask, size: size, axis: axis, shape: values.shape)
    }
    return [grown, CollectedSource(values, index(of: grown), count: count)]
  }

  private mutating func sparseBlockwise(_ operation: WeightOperation) throws -> [any WeightSource] {
    let mask = try operand("data_mask", of: operation)
    let found = try operand("nonzero_data", of: operation)
    let values = try shifted(dense(found, mask, operation), operation)
    return [mask, CollectedSource(values, index(of: mask), count: found.count)]
  }
}

extension DType {
  fileprivate var isWeightFloat: Bool { self == .float16 || self == .float32 }

  /// Whether an element fits a byte, unsigned: indices and masks.
  fileprivate var isLookupIndex: Bool { self == .bool || isUnsignedInteger && bitWidth <= 8 }
}

extension WeightOperation {
  fileprivate func fault(_ what: String) -> Diagnostic {
    .error(.malformed, "a weight cannot be decoded: in \(type), \(what)")
  }

  fileprivate func check(_ source: any WeightSource, _ role: String) throws {
    guard source.dtype.isWeightFloat || source.dtype.isInteger && source.dtype.bitWidth <= 8 else {
      throw fault("\(role) is \(source.dtype.rawValue)")
    }
  }

  fileprivate func checkTable(_ table: any WeightSource) throws {
    guard [8, 16, 32].contains(table.dtype.bitWidth) else {
      throw fault("the table is \(table.dtype.rawValue)")
    }
  }
}
