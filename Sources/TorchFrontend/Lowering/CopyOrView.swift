// SPDX-License-Identifier: Apache-2.0
import MIL

/// Operators that give a view where memory allows it, and else a copy: what tracing recorded of the
/// layouts tells which. A write to a copy does not show in the original.
extension TorchGraph {
  /// Whether the result of `node` is a copy though its operator may give a view.
  func isCopy(_ node: TorchNode) -> Bool {
    guard let source = node.inputs.first?.argument.names.first.flatMap({ tensors[$0] }),
      let result = node.outputs.first?.names.first.flatMap({ tensors[$0] })
    else { return false }
    switch node.operatorName {
    case "reshape", "reshape_as", "flatten", "ravel": return !source.isViewable(as: result.sizes)
    case "contiguous": return !source.hasLayout(of: result)
    case "to", "type_as": return source.dtype != result.dtype || !source.hasLayout(of: result)
    default: return false
    }
  }
}

extension TensorMeta {
  /// Whether the elements of both lie in the same order with the same gaps.
  fileprivate func hasLayout(of other: TensorMeta) -> Bool {
    if sizes.contains(0) { return true }
    return sizes == other.sizes
      && sizes.indices.allSatisfy { sizes[$0] == 1 || strides[$0] == other.strides[$0] }
  }

  /// Whether strides exist that show the same memory under `shape`: each run of axes that lie
  /// without gaps must be made of whole axes of `shape`.
  fileprivate func isViewable(as shape: [Dim]) -> Bool {
    guard sizes.count == strides.count else { return false }
    if sizes.isEmpty || sizes.contains(0) { return true }
    var rest = shape[...]
    var run = Dim.fixed(1)
    var base = strides[sizes.count - 1]
    for axis in sizes.indices.reversed() {
      run = run * sizes[axis]
      if axis > 0, sizes[axis - 1] == 1 || strides[axis - 1] == run * base { continue }
      var taken = Dim.fixed(1)
      while let last = rest.last, taken != run || last == 1 {
        taken = taken * last
        rest.removeLast()
      }
      if taken != run { return false }
      if axis > 0 { (run, base) = (1, strides[axis - 1]) }
    }
    return rest.isEmpty
  }
}
