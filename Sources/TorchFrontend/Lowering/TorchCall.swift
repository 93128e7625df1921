// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Tensors

/// A node being lowered: its arguments by schema name, as values of the program being built.
struct TorchCall {
  let node: TorchNode
  let arguments: [String: TorchValue]
  /// What tracing recorded of the results.
  let metas: [TensorMeta?]
  /// What tracing recorded of tensor arguments, by schema name.
  let operandMetas: [String: TensorMeta]
  let build: FunctionBuilder

  func has(_ name: String) -> Bool {
    switch arguments[name] {
    case nil, .some(.none): false
    default: true
    }
  }

  func fault(_ message: String, fix: String? = nil) -> Diagnostic {
    .error(.unsupportedArgument, at: node.location, message, fix: fix)
  }

  private func wrong(_ name: String, _ wanted: String) -> Diagnostic {
    .error(
      has(name) ? .unsupportedArgument : .malformed, at: node.location,
      has(name) ? "argument '\(name)' is not \(wanted)" : "argument '\(name)' is missing")
  }

  // MARK: Tensors

  func tensor(_ name: String) throws -> TorchTensor {
    guard case .tensor(let tensor) = arguments[name] else { throw wrong(name, "a tensor") }
    return tensor
  }

  /// The MIL value of a tensor argument, as it is now.
  func value(_ name: String) throws -> Value { try tensor(name).value(build) }

  func optionalValue(_ name: String) throws -> Value? { has(name) ? try value(name) : nil }

  /// A tensor argument as float32.
  func floatValue(_ name: String) throws -> Value { try build.cast(value(name), to: .float32) }

  func tensors(_ name: String) throws -> [TorchTensor] {
    guard case .list(let items) = arguments[name], !items.isEmpty else {
      throw wrong(name, "a list of tensors")
    }
    return try items.map { item in
      guard case .tensor(let tensor) = item else { throw wrong(name, "a list of tensors") }
      return tensor
    }
  }

  func optionalTensors(_ name: String) throws -> [TorchTensor?] {
    guard case .list(let items) = arguments[name] else { throw wrong(name, "a list of tensors") }
    return items.map { if case .tensor(let tensor) = $0 { tensor } else { nil } }
  }

  func values(_ name: String) throws -> [Value] { try tensors(name).map { try $0.value(build) } }

  func shape(_ name: String) throws -> [Dim] { try build.shape(of: value(name)) }
  func rank(_ name: String) throws -> Int { try build.rank(of: value(name)) }

  // MARK: Numbers

  func dim(_ name: String, default fallback: Int? = nil) throws -> Dim {
    switch arguments[name] {
    case .dim(let dim): return dim
    case .bool(let flag): return .fixed(flag ? 1 : 0)
    case nil, .some(.none):
      guard let fallback else { throw wrong(name, "an integer") }
      return .fixed(fallback)
    default: throw wrong(name, "an integer")
    }
  }

  func int(_ name: String, default fallback: Int? = nil) throws -> Int {
    try bounded(known(name, default: fallback), name)
  }

  /// An integer argument of any size.
  private func known(_ name: String, default fallback: Int? = nil) throws -> Int {
    guard let value = try dim(name, default: fallback).fixed else {
      throw fault("argument '\(name)' is not known at conversion", fix: "export with a fixed value")
    }
    return value
  }

  /// Numbers that are computed with here, not in the program, must leave room for that; what counts
  /// something must be a size.
  private func bounded(_ value: Int, _ name: String) throws -> Int {
    let range = ArgumentRules.counts.contains(name) ? 0...(1 << 24) : -(1 << 31)...(1 << 31)
    guard range.contains(value) else {
      throw Diagnostic.error(
        .malformed, at: node.location,
        "argument '\(name)' is \(value), not in \(range.lowerBound)...\(range.upperBound)")
    }
    return value
  }

  func dims(_ name: String) throws -> [Dim] {
    switch arguments[name] {
    case .dim(let dim): return [dim]
    case .list(let items):
      return try items.map { item in
        guard case .dim(let dim) = item else { throw wrong(name, "a list of integers") }
        return dim
      }
    default: throw wrong(name, "a list of integers")
    }
  }

  func ints(_ name: String, default fallback: [Int]? = nil) throws -> [Int] {
    if !has(name), let fallback { return fallback }
    return try dims(name).map { dim in
      guard let value = dim.fixed else {
        throw fault(
          "argument '\(name)' is not known at conversion", fix: "export with fixed values")
      }
      return try bounded(value, name)
    }
  }

  func bool(_ name: String, default fallback: Bool? = nil) throws -> Bool {
    switch arguments[name] {
    case .bool(let flag): return flag
    case .dim(let dim): return dim != 0
    case nil, .some(.none):
      guard let fallback else { throw wrong(name, "a boolean") }
      return fallback
    default: throw wrong(name, "a boolean")
    }
  }

  func float(_ name: String, default fallback: Double? = nil) throws -> Double {
    switch arguments[name] {
    case .float(let value): return value
    case .dim(let dim):
      guard let value = dim.fixed else { throw wrong(name, "a number known at conversion") }
      return Double(value)
    case .bool(let flag): return flag ? 1 : 0
    case nil, .some(.none):
      guard let fallback else { throw wrong(name, "a number") }
      return fallback
    default: throw wrong(name, "a number")
    }
  }

  func floats(_ name: String) throws -> [Double] {
    guard case .list(let items) = arguments[name] else { throw wrong(name, "a list of numbers") }
    return try items.map { item in
      switch item {
      case .float(let value): return value
      case .dim(let dim):
        guard let value = dim.fixed else { throw wrong(name, "a list of numbers") }
        return Double(value)
      default: throw wrong(name, "a list of numbers")
      }
    }
  }

  func string(_ name: String, default fallback: String? = nil) throws -> String {
    if case .string(let text) = arguments[name] { return text }
    guard !has(name), let fallback else { throw wrong(name, "a string") }
    return fallback
  }

  /// An axis in `0..<rank`; a scalar has one axis for this purpose, as in PyTorch.
  func axis(_ name: String, rank: Int, default fallback: Int? = nil) throws -> Int {
    try normalized(known(name, default: fallback), name, rank: rank)
  }

  func axes(_ name: String, rank: Int) throws -> [Int] {
    guard has(name) else { return Array(0..<rank) }
    let axes = try ints(name).map { try normalized($0, name, rank: rank) }
    return axes.isEmpty ? Array(0..<rank) : axes
  }

  private func normalized(_ axis: Int, _ name: String, rank: Int) throws -> Int {
    let extent = max(rank, 1)
    guard axis >= -extent, axis < extent else {
      throw Diagnostic.error(
        .malformed, at: node.location, "argument '\(name)' is \(axis) for a tensor of rank \(rank)")
    }
    return axis < 0 ? axis + extent : axis
  }

  /// Refuses an argument that has another value than the one that is supported.
  func require(_ name: String, _ supported: Bool) throws {
    guard has(name), try bool(name) != supported else { return }
    throw fault("argument '\(name)' must be \(supported)")
  }

  // MARK: Results

  /// The dtype of result `index` in MIL terms.
  func resultDType(_ index: Int = 0) throws -> DType {
    guard metas.indices.contains(index), let meta = metas[index] else {
      throw Diagnostic.error(.malformed, at: node.location, "the result's type is not recorded")
    }
    return meta.dtype.mil
  }

  func resultShape(_ index: Int = 0) throws -> [Dim] {
    guard metas.indices.contains(index), let meta = metas[index] else {
      throw Diagnostic.error(.malformed, at: node.location, "the result's shape is not recorded")
    }
    return meta.sizes
  }

  /// `value` as result `index`: cast to the dtype that tracing recorded, its shape compared.
  func result(_ value: Value, _ build: FunctionBuilder, index: Int = 0) throws -> TorchValue {
    guard metas.indices.contains(index), let meta = metas[index] else {
      return .tensor(TorchTensor(value, dtype: try build.dtype(of: value)))
    }
    let typed = try wrapped(build.cast(value, to: meta.dtype.mil), to: meta.dtype, build)
    try build.assume(typed, shape: meta.sizes)
    return .tensor(TorchTensor(typed, dtype: meta.dtype.mil))
  }

  func results(_ values: [Value], _ build: FunctionBuilder) throws -> [TorchValue] {
    if metas.count == values.count || metas.count != 1 {
      return try values.enumerated().map { try result($1, build, index: $0) }
    }
    return try values.map { .tensor(TorchTensor($0, dtype: try build.dtype(of: $0))) }
  }
}

extension DType {
  /// The dtype that lowered tensors of this dtype have: computation is in float32 and int32.
  var mil: DType {
    switch self {
    case .float16, .float32, .float64, .bfloat16, .float8e4m3fn, .float8e5m2: .float32
    case .bool: .bool
    case .string: .string
    case .complex64, .complex128: self
    default: .int32
    }
  }
}
