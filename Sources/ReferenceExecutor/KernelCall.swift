// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Tensors

/// One execution of an operation: its operands by name, and where its results come from.
///
/// Keeps the storage of all operands and of everything made for the call alive until it ends, so
/// that kernels may work on plain pointers.
package final class KernelCall {
  /// One value of an operand, and what may be done with its storage.
  struct Argument {
    var value: RuntimeValue
    var storage = Storage.shared

    enum Storage {
      /// Others may read it: leave it alone.
      case shared
      /// Nothing else reads it, but a state may have to be restored from it.
      case protected
      /// Nothing else reads it.
      case free
    }
  }

  let type: String
  let location: Location
  let opset: Opset
  let dense: any DenseBackend
  private var operands: [(name: String, arguments: [Argument])]
  private var kept: [Memory] = []
  private(set) var journal: Journal?

  init(
    _ type: String, at location: Location, opset: Opset, dense: any DenseBackend,
    operands: [(name: String, arguments: [Argument])], journal: Journal? = nil
  ) {
    self.type = type
    self.location = location
    self.opset = opset
    self.dense = dense
    self.operands = operands
    self.journal = journal
    for operand in operands {
      for argument in operand.arguments {
        switch argument.value {
        case .tensor(let tensor): kept.append(tensor.memory)
        case .list(let list): kept += list.items.compactMap { $0?.memory }
        default: break
        }
      }
    }
  }

  /// A diagnostic about this operation.
  func fault(_ message: String, _ code: Diagnostic.Code = .executionFailed) -> Diagnostic {
    .error(code, at: location, "\(type): \(message)")
  }
}

/// Operands as tensors.
extension KernelCall {
  func arguments(_ name: String) -> [Argument] {
    operands.first { $0.name == name }?.arguments ?? []
  }

  func has(_ name: String) -> Bool { !arguments(name).isEmpty }

  func value(_ name: String) throws -> RuntimeValue {
    guard let argument = arguments(name).first else { throw fault("operand '\(name)' is missing") }
    return argument.value
  }

  /// A numeric operand that must be present.
  func tensor(_ name: String) throws -> Tensor {
    guard let tensor = try value(name).tensor, tensor.dtype != .string else {
      throw fault("'\(name)' must be a tensor of numbers")
    }
    return tensor
  }

  /// A numeric operand of a float dtype.
  func floatTensor(_ name: String) throws -> Tensor {
    let tensor = try tensor(name)
    guard tensor.isFloat else { throw fault("'\(name)' is \(tensor.dtype.rawValue), not a float") }
    return tensor
  }

  /// A numeric operand of an integer dtype or bool.
  func integerTensor(_ name: String) throws -> Tensor {
    let tensor = try tensor(name)
    guard !tensor.isFloat else {
      throw fault("'\(name)' is \(tensor.dtype.rawValue), not an integer")
    }
    return tensor
  }

  func optionalTensor(_ name: String) throws -> Tensor? {
    has(name) ? try tensor(name) : nil
  }

  /// All tensors of a variadic operand.
  func tensors(_ name: String) throws -> [Tensor] {
    try arguments(name).map { argument in
      guard let tensor = argument.value.tensor, tensor.dtype != .string else {
        throw fault("'\(name)' must hold tensors of numbers")
      }
      return tensor
    }
  }

  func list(_ name: String) throws -> TensorList {
    guard case .list(let list) = try value(name) else { throw fault("'\(name)' must be a list") }
    return list
  }
}

/// Operands as numbers.
extension KernelCall {
  func ints(_ name: String, default value: [Int]? = nil) throws -> [Int] {
    if let tensor = try optionalTensor(name) { return tensor.integers }
    guard let value else { throw fault("operand '\(name)' is missing") }
    return value
  }

  func int(_ name: String, default value: Int? = nil) throws -> Int {
    let values = try ints(name, default: value.map { [$0] })
    guard values.count == 1 else {
      throw fault("'\(name)' must be one integer, not \(values.count)")
    }
    return values[0]
  }

  func bools(_ name: String, default value: [Bool]? = nil) throws -> [Bool] {
    try ints(name, default: value.map { $0.map { $0 ? 1 : 0 } }).map { $0 != 0 }
  }

  func bool(_ name: String, default value: Bool? = nil) throws -> Bool {
    try int(name, default: value.map { $0 ? 1 : 0 }) != 0
  }

  func float(_ name: String, default value: Double? = nil) throws -> Float {
    Float(try double(name, default: value))
  }

  func double(_ name: String, default value: Double? = nil) throws -> Double {
    guard let tensor = try optionalTensor(name) else {
      guard let value else { throw fault("operand '\(name)' is missing") }
      return value
    }
    guard tensor.count == 1 else {
      throw fault("'\(name)' must be one number, not \(tensor.count)")
    }
    return tensor.doubles[0]
  }

  func string(_ name: String, default value: String? = nil) throws -> String {
    guard has(name) else {
      guard let value else { throw fault("operand '\(name)' is missing") }
      return value
    }
    guard let strings = try self.value(name).tensor?.strings, strings.count == 1 else {
      throw fault("'\(name)' must be a string")
    }
    return strings[0]
  }

  /// An axis operand as a number in `0..<rank`. Throws when it lies outside.
  func axis(_ name: String, default value: Int? = nil, rank: Int) throws -> Int {
    try normalized(int(name, default: value), name, rank: rank)
  }

  /// Distinct axes in `0..<rank`, sorted; every axis when the operand is absent.
  func axes(_ name: String, rank: Int) throws -> [Int] {
    guard has(name) else { return Array(0..<rank) }
    let axes = try ints(name).map { try normalized($0, name, rank: rank) }
    guard Set(axes).count == axes.count else { throw fault("'\(name)' names an axis twice") }
    return axes.sorted()
  }

  func normalized(_ axis: Int, _ name: String, rank: Int) throws -> Int {
    guard axis >= -rank, axis < rank else {
      throw fault("'\(name)' is \(axis) but the operand has rank \(rank)")
    }
    return axis < 0 ? axis + rank : axis
  }
}

/// Results.
extension KernelCall {
  /// Uninitialized elements, kept alive until the call ends.
  func make(_ dtype: DType, _ shape: [Int]) throws -> Tensor {
    guard Tensor.count(shape) != nil else {
      throw fault("a result of shape \(shape) does not exist")
    }
    let tensor: Tensor
    do {
      tensor = try Tensor(uninitialized: dtype, shape)
    } catch let diagnostic as Diagnostic {
      throw fault("a result of shape \(shape) is refused: \(diagnostic.message)")
    }
    kept.append(tensor.memory)
    return tensor
  }

  /// Storage for a result of the type of operand `name`: that of the operand itself where nothing
  /// else reads it. For kernels that are done with an element before they write it.
  func output(like name: String) throws -> Tensor {
    let x = try tensor(name)
    if case .free? = arguments(name).first?.storage { return Tensor(x.dtype, x.shape, x.memory) }
    return try make(x.dtype, x.shape)
  }

  /// Operand `name` as a tensor to be changed in part: in place if nothing else reads it, else a
  /// copy. The words of `regions` (position, count) are noted where a state may have to be restored.
  func updatable(_ name: String, noting regions: () -> [(Int, Int)]) throws -> Tensor {
    let x = try tensor(name)
    switch arguments(name).first?.storage ?? .shared {
    case .free: return Tensor(x.dtype, x.shape, x.memory)
    case .protected:
      guard let journal else { break }
      journal.note(x.memory, regions())
      return Tensor(x.dtype, x.shape, x.memory)
    case .shared: break
    }
    let copy = try make(x.dtype, x.shape)
    copy.memory.base.copyMemory(from: x.memory.base, byteCount: 4 * x.memory.count)
    return copy
  }

  /// Every element `value`.
  func make(_ dtype: DType, _ shape: [Int], filledWith value: Float) throws -> Tensor {
    let tensor = try make(dtype, shape)
    if tensor.isFloat {
      tensor.floats.update(repeating: value)
    } else {
      tensor.ints.update(repeating: Int32(saturating: Double(value)))
    }
    return tensor
  }
}
