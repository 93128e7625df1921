// SPDX-License-Identifier: Apache-2.0
import Tensors

extension OpContext {
  /// The elements of a small integer result as expressions, where operation and operands tell.
  ///
  /// This is what lets shapes that a program computes for itself (`shape`, `gather`, `concat`,
  /// `reshape`) be known before it runs.
  package func resultDims() throws -> [Dim]? {
    switch operation.type {
    case "shape": return try shape("x")
    case "add": return try zipDims { $0 + $1 }
    case "sub": return try zipDims { $0 - $1 }
    case "mul": return try zipDims { $0 * $1 }
    case "floor_div": return try zipDims(Dim.floorDiv)
    case "mod": return try zipDims(Dim.mod)
    case "maximum": return try zipDims(Dim.max)
    case "minimum": return try zipDims(Dim.min)
    case "identity", "expand_dims", "squeeze", "reshape":
      return try integerDims("x")
    case "cast": return try castDims()
    case "gather": return try gatheredDims()
    case "slice_by_index": return try slicedDims()
    case "concat", "stack": return try joinedDims()
    default: return nil
    }
  }

  /// Tensors of more integers than this are data, not shapes.
  private static let mostDims = 64

  private func integerDims(_ name: String) throws -> [Dim]? {
    guard case .tensor(let type)? = try? valueType(of: name), type.dtype.isInteger, type.rank <= 1,
      let count = type.count, count <= Self.mostDims
    else { return nil }
    return try dims(name)
  }

  /// The elements of a cast to an integer type that holds them all.
  private func castDims() throws -> [Dim]? {
    guard let target = DType(milName: try string("dtype")), target.isInteger,
      let dims = try integerDims("x")
    else { return nil }
    if target == .int32 { return dims }
    let most =
      target.isSignedInteger ? Int.max >> (64 - target.bitWidth) : (1 << target.bitWidth) - 1
    let least = target.isSignedInteger ? -most - 1 : 0
    let fits = dims.allSatisfy { dim in
      let (low, high) = bounds(dim)
      return low.map { $0 >= least } ?? false && high.map { $0 <= most } ?? false
    }
    return fits ? dims : nil
  }

  private func zipDims(_ combine: (Dim, Dim) -> Dim) throws -> [Dim]? {
    guard let x = try integerDims("x"), let y = try integerDims("y") else { return nil }
    if x.count == y.count { return zip(x, y).map(combine) }
    if x.count == 1 { return y.map { combine(x[0], $0) } }
    return y.count == 1 ? x.map { combine($0, y[0]) } : nil
  }

  private func gatheredDims() throws -> [Dim]? {
    guard let x = try integerDims("x"), try rank("x") == 1, let indices = try intsIfKnown("indices")
    else { return nil }
    let wrapped = indices.map { $0 < 0 ? $0 + x.count : $0 }
    guard wrapped.allSatisfy(x.indices.contains) else { return nil }
    return wrapped.map { x[$0] }
  }

  private func slicedDims() throws -> [Dim]? {
    guard let x = try integerDims("x"), try rank("x") == 1,
      let begin = try intsIfKnown("begin")?.first, let end = try intsIfKnown("end")?.first
    else { return nil }
    let step = try intsIfKnown("stride")?.first ?? 1
    let fromStart = try bools("begin_mask")?.first ?? false
    let toEnd = try bools("end_mask")?.first ?? false
    if try bools("squeeze_mask")?.first ?? false {
      let index = begin < 0 ? begin + x.count : begin
      return x.indices.contains(index) ? [x[index]] : nil
    }
    guard step > 0 else { return nil }
    let first = fromStart ? 0 : min(max(begin < 0 ? begin + x.count : begin, 0), x.count)
    let last = toEnd ? x.count : min(max(end < 0 ? end + x.count : end, 0), x.count)
    return first < last ? stride(from: first, to: last, by: step).map { x[$0] } : []
  }

  private func joinedDims() throws -> [Dim]? {
    var all: [Dim] = []
    for argument in operation.arguments("values") {
      guard case .value(let id) = argument, let type = values[id].type.tensor,
        type.dtype.isInteger, type.rank <= 1, let count = type.count, count <= Self.mostDims
      else { return nil }
      if let dims = values[id].dims {
        all += dims
      } else if let data = try values[id].constant?.smallTensor() {
        all += data.ints.map { .fixed($0) }
      } else {
        return nil
      }
    }
    return all
  }
}
