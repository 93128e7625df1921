// SPDX-License-Identifier: Apache-2.0

extension FunctionBuilder {
  /// Says that `symbol` is, at run time, the int32 scalar `value`.
  package func bind(_ symbol: String, to value: Value) throws {
    symbolSources[symbol] = .value(try materialize(value, for: .int32))
  }

  /// Says that `symbol` is the extent of `value` along `axis`.
  package func bind(_ symbol: String, toExtentOf value: Value, axis: Int) throws {
    symbolSources[symbol] = .extent(of: try materialize(value, for: nil), axis: axis)
  }

  /// The int32 scalar that computes `dim`, computed once per block.
  func materialize(_ dim: Dim) throws -> ValueID {
    if let fixed = dim.fixed { return try materialize(.int(fixed), for: .int32) }
    for open in blocks {
      if let id = open.dims[dim] { return id }
    }
    let saved = nameHint
    nameHint = nil
    defer { nameHint = saved }
    guard let id = try compute(dim).id else { throw internalFault("an extent gave no value") }
    function.values[id].dims = [dim]
    blocks[blocks.count - 1].dims[dim] = id
    return id
  }

  private func compute(_ dim: Dim) throws -> Value {
    if let atom = dim.atom { return try compute(atom) }
    var sum: Value?
    for (coefficient, atoms) in dim.summands {
      var product: Value?
      for atom in atoms {
        let factor = try scalar(atom)
        product = try product.map { try mil.mul(x: $0, y: factor) } ?? factor
      }
      guard let magnitude = product else {
        sum = try sum.map { try mil.add(x: $0, y: .int(coefficient)) } ?? .int(coefficient)
        continue
      }
      if let partial = sum, coefficient == -1 {
        sum = try mil.sub(x: partial, y: magnitude)
      } else {
        let term = coefficient == 1 ? magnitude : try mil.mul(x: magnitude, y: .int(coefficient))
        sum = try sum.map { try mil.add(x: $0, y: term) } ?? term
      }
    }
    return sum ?? .int(0)
  }

  private func scalar(_ atom: Dim.Atom) throws -> Value {
    switch atom {
    case .symbol(let name): .ssa(try materialize(.symbol(name)))
    default: try compute(atom)
    }
  }

  private func compute(_ atom: Dim.Atom) throws -> Value {
    switch atom {
    case .floorDiv(let a, let b):
      return try mil.floor_div(x: .ssa(materialize(a)), y: .ssa(materialize(b)))
    case .mod(let a, let b): return try mil.mod(x: .ssa(materialize(a)), y: .ssa(materialize(b)))
    case .max(let a, let b):
      return try mil.maximum(x: .ssa(materialize(a)), y: .ssa(materialize(b)))
    case .min(let a, let b):
      return try mil.minimum(x: .ssa(materialize(a)), y: .ssa(materialize(b)))
    case .symbol(let name):
      switch symbolSources[name] {
      case .value(let id): return .ssa(id)
      case .extent(let id, let axis):
        let shape = try mil.shape(x: .ssa(id))
        return try mil.gather(x: shape, indices: .int(axis), axis: 0)
      case nil:
        throw internalFault("the extent '\(name)' is not known from any input")
      }
    }
  }
}

extension FunctionBuilder {
  /// Whether `symbol` can be computed at run time.
  package func isBound(_ symbol: String) -> Bool { symbolSources[symbol] != nil }
}
