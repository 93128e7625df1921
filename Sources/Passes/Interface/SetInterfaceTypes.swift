// SPDX-License-Identifier: Apache-2.0
import Diagnostics
package import MIL
package import Tensors

/// Gives inputs and outputs the dtypes that a caller sees, with a cast inside where the program
/// computes in another one.
///
///     func main(%x: float32[4])       func main(%x: float16[4])
///                                       %x_to_fp32 = cast(x: %x, dtype: "fp32")
package struct SetInterfaceTypes: Pass {
  package static let id = "set-interface-types"

  /// The dtype of every floating-point input and output; `nil` leaves them as the source has them.
  private let floats: DType?
  /// The dtype of single inputs and outputs, by name.
  private let named: [String: DType]

  package init(floats: DType?, named: [String: DType] = [:]) {
    self.floats = floats
    self.named = named
  }

  package func run(on function: inout Function, _ context: inout PassContext) throws {
    for id in function.inputs { try setInput(id, in: &function) }
    for id in function.body.outputs { setOutput(id, in: &function) }
  }

  private func wanted(_ info: ValueInfo) -> DType? {
    guard let dtype = info.type.tensor?.dtype else { return nil }
    let chosen = named[info.name] ?? (dtype.isFloat ? floats : nil)
    return chosen == dtype ? nil : chosen
  }

  private func setInput(_ id: ValueID, in function: inout Function) throws {
    guard let dtype = wanted(function.values[id]), var type = function.values[id].type.tensor else {
      return
    }
    let inner = type
    type.dtype = dtype
    function.values[id].type = .tensor(type)
    let name = function.values[id].name
    let copy = function.values.add(
      ValueInfo(name: name + "_cast", type: .tensor(inner), dims: function.values[id].dims))
    let origin = function.body.firstUse(of: id)?.origin
    function.body.replaceUses(of: id, with: copy)
    let (const, cast) = function.cast(id, to: inner.dtype, as: copy, origin)
    function.body.operations.insert(contentsOf: [const, cast], at: 0)
  }

  private func setOutput(_ id: ValueID, in function: inout Function) {
    guard let dtype = wanted(function.values[id]), var type = function.values[id].type.tensor,
      let index = function.body.operations.lastIndex(where: { $0.outputs == [id] }),
      function.body.operations[index].type == "identity",
      let x = function.body.operations[index].argument("x")?.value
    else { return }
    type.dtype = dtype
    function.values[id].type = .tensor(type)
    let origin = function.body.operations[index].origin
    let (const, cast) = function.cast(x, to: dtype, as: id, origin)
    function.body.operations.replaceSubrange(index...index, with: [const, cast])
  }
}

extension Function {
  /// `result = cast(x)` and the constant that names its dtype, both of `origin`.
  fileprivate mutating func cast(
    _ x: ValueID, to dtype: DType, as result: ValueID, _ origin: Location?
  ) -> (const: Operation, cast: Operation) {
    let text = Constant(string: dtype.milName ?? dtype.rawValue)
    let id = values.add(ValueInfo(name: "dtype", type: text.type, constant: text))
    var const = Operation("const", name: values[id].name, origin: origin)
    const.outputs = [id]
    var cast = Operation("cast", name: values[result].name, origin: origin)
    cast.inputs = [.init("x", [.value(x)]), .init("dtype", [.value(id)])]
    cast.outputs = [result]
    return (const, cast)
  }
}

extension Block {
  /// The first operation that reads `id`, itself or in a block of it.
  fileprivate func firstUse(of id: ValueID) -> Operation? {
    operations.first { operation in
      operation.operands.contains(id) || operation.blocks.contains { $0.uses(id) }
    }
  }

  private func uses(_ id: ValueID) -> Bool { outputs.contains(id) || firstUse(of: id) != nil }

  /// Every operand and result that is `old` becomes `new`, nested blocks included.
  mutating func replaceUses(of old: ValueID, with new: ValueID) {
    outputs = outputs.map { $0 == old ? new : $0 }
    for index in operations.indices {
      for k in operations[index].inputs.indices {
        for a in operations[index].inputs[k].arguments.indices {
          if case .value(old) = operations[index].inputs[k].arguments[a] {
            operations[index].inputs[k].arguments[a] = .value(new)
          }
        }
      }
      for k in operations[index].blocks.indices {
        operations[index].blocks[k].replaceUses(of: old, with: new)
      }
    }
  }
}
