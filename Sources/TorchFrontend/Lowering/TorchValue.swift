// SPDX-License-Identifier: Apache-2.0
package import MIL
import Tensors

/// What a name of the source graph stands for while the graph is lowered.
package enum TorchValue {
  case tensor(TorchTensor)
  case list([TorchValue])
  case dim(Dim)
  case float(Double)
  case bool(Bool)
  case string(String)
  case none
}

/// A tensor of the source: a chain of views over a storage.
///
/// PyTorch graphs mutate storages through views. Lowering keeps, for every storage, the MIL value
/// that it holds now; a view that was taken before a mutation is taken again after it.
package final class TorchTensor {
  let storage: TorchStorage
  /// From the storage outward.
  let views: [ViewStep]
  /// The type in MIL terms: `int64` is int32, `float64` and `bfloat16` are float32.
  let dtype: DType
  private var cached: (value: Value, version: Int)?

  init(storage: TorchStorage, views: [ViewStep] = [], dtype: DType) {
    self.storage = storage
    self.views = views
    self.dtype = dtype
  }

  /// A tensor that is a storage of its own.
  convenience init(_ value: Value, dtype: DType) {
    self.init(storage: TorchStorage(value), dtype: dtype)
  }

  /// The MIL value that the tensor has now.
  func value(_ build: FunctionBuilder) throws -> Value {
    if let cached, cached.version == storage.version { return cached.value }
    var value = try storage.read(build)
    for view in views { value = try view.apply(to: value, build) }
    if try build.dtype(of: value) != dtype {
      value = try build.mil.cast(x: value, dtype: .string(dtype.milName ?? dtype.rawValue))
    }
    cached = (value, storage.version)
    return value
  }

  /// Remembers the value just computed by the lowering that made this view.
  func remember(_ value: Value) {
    cached = (value, storage.version)
  }

  /// The tensor seen through one more view.
  func viewed(_ step: ViewStep) -> TorchTensor {
    TorchTensor(storage: storage, views: views + [step], dtype: dtype)
  }

  /// Replaces the elements that the tensor shows by those of `value` (of its shape and dtype).
  func assign(_ value: Value, _ build: FunctionBuilder) throws {
    var value = value
    let target = try storage.dtype(build)
    if try build.dtype(of: value) != target {
      value = try build.mil.cast(x: value, dtype: .string(target.milName ?? target.rawValue))
    }
    let whole =
      views.isEmpty
      ? value : try ViewStep.write(value, through: views[...], of: storage.read(build), build)
    try storage.write(whole, build)
  }
}

/// Memory that tensors of the source share: what it holds now, as a MIL value.
package final class TorchStorage {
  /// Bumped at every mutation.
  private(set) var version = 0
  private var current: Value?
  /// The state that holds the storage between predictions, if one does.
  let state: (value: Value, name: String)?
  /// Whether the state was written during this prediction.
  private(set) var isWritten = false

  init(_ value: Value) {
    current = value
    state = nil
  }

  init(state: Value, name: String) {
    self.state = (state, name)
  }

  func dtype(_ build: FunctionBuilder) throws -> DType {
    if let state, case .state(let type) = build.valueType(of: state.value) { return type.dtype }
    return try build.dtype(of: read(build))
  }

  /// The value held now; a state is read where it is first needed after a write.
  func read(_ build: FunctionBuilder) throws -> Value {
    if let current { return current }
    guard let state else { throw internalError("a storage without a value") }
    let value = try build.mil.read_state(input: state.value)
    current = value
    return value
  }

  func write(_ value: Value, _ build: FunctionBuilder) throws {
    version += 1
    isWritten = true
    if let state {
      var data = value
      if case .state(let type) = build.valueType(of: state.value), !build.hasEvidentShape(value) {
        data = try build.mil.reshape(x: value, shape: .dims(type.shape))
      }
      try build.emit("write_state", ["input": state.value, "data": data])
      current = nil
    } else {
      current = value
    }
  }
}
