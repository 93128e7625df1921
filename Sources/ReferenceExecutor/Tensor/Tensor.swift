// SPDX-License-Identifier: Apache-2.0
import Diagnostics
package import Tensors

/// A value while a program runs: a dense row-major tensor.
///
/// Every float dtype is held as float32, its values rounded to the declared dtype; every integer
/// dtype and bool as int32, its values within the declared range. Copies share their storage until
/// an operation that holds the only reference writes in place.
package struct Tensor: Sendable {
  package let dtype: DType
  package private(set) var shape: [Int]
  fileprivate var handle: Handle
  /// The elements of a string tensor; the labels of a tensor of scores, one for each element.
  package private(set) var strings: [String]

  init(_ dtype: DType, _ shape: [Int], _ memory: Memory) {
    self.dtype = dtype
    self.shape = shape
    handle = Handle(memory)
    strings = []
  }

  /// A string tensor. C1: `strings` has as many elements as `shape`.
  package init(strings: [String], shape: [Int]) throws {
    guard elementCount(shape) == strings.count else {
      throw Diagnostic.error(.malformed, "\(strings.count) strings cannot have shape \(shape)")
    }
    dtype = .string
    self.shape = shape
    self.strings = strings
    handle = Handle(try Memory(count: 0))
  }

  /// The same numbers, each with a label.
  func labelled(_ labels: [String]) -> Tensor {
    var copy = self
    copy.strings = labels
    return copy
  }

  /// Uninitialized elements of a type that is not string.
  init(uninitialized dtype: DType, _ shape: [Int]) throws {
    guard let count = Tensor.count(shape) else {
      throw Diagnostic.error(.executionFailed, "a tensor of shape \(shape) does not fit in memory")
    }
    self.init(dtype, shape, try Memory(count: count))
  }

  /// The number of elements; `nil` for shapes whose sizes could overflow further arithmetic.
  static func count(_ shape: [Int]) -> Int? {
    guard shape.allSatisfy({ $0 >= 0 && $0 <= Int32.max }),
      elementCount(shape.map { max($0, 1) }) ?? .max <= 1 << 56
    else { return nil }
    return elementCount(shape)
  }

  /// Every element zero (false).
  package init(zeros dtype: DType, _ shape: [Int]) throws {
    try self.init(uninitialized: dtype, shape)
    words.update(repeating: 0)
  }

  package var count: Int { dtype == .string ? strings.count : memory.count }
  package var rank: Int { shape.count }
  var memory: Memory { handle.memory }

  /// Whether no other tensor shares the storage.
  mutating func isUnique() -> Bool { isKnownUniquelyReferenced(&handle) }

  /// The same elements under another shape. C1: of equal count.
  func viewed(_ shape: [Int]) -> Tensor {
    var copy = self
    copy.shape = shape
    return copy
  }

  fileprivate init(_ dtype: DType, _ shape: [Int], _ handle: Handle) {
    self.dtype = dtype
    self.shape = shape
    self.handle = handle
    strings = []
  }

  /// The same words under another dtype of the same kind, which every value must fit.
  func relabelled(_ dtype: DType) -> Tensor {
    Tensor(dtype, shape, handle)
  }
}

/// Elements in place. The pointers are good while a tensor over the storage lives, which a
/// `KernelCall` ensures for its operands and for what it makes.
extension Tensor {
  var words: UnsafeMutableBufferPointer<UInt32> { bound() }
  var floats: UnsafeMutableBufferPointer<Float> { bound() }
  var ints: UnsafeMutableBufferPointer<Int32> { bound() }

  private func bound<Word: BitwiseCopyable>() -> UnsafeMutableBufferPointer<Word> {
    UnsafeMutableBufferPointer(
      start: memory.base.bindMemory(to: Word.self, capacity: memory.count), count: memory.count)
  }

  /// Whether elements are held as float32.
  package var isFloat: Bool { dtype.isFloat }

  /// The elements as doubles, whatever the dtype.
  package var doubles: [Double] {
    withExtendedLifetime(handle) { isFloat ? floats.map(Double.init) : ints.map(Double.init) }
  }

  /// The elements as integers; floats are truncated toward zero and clamped to int32.
  package var integers: [Int] {
    withExtendedLifetime(handle) {
      isFloat ? floats.map { Int(Int32(saturating: Double($0))) } : ints.map(Int.init)
    }
  }
}

extension Tensor: CustomStringConvertible {
  /// `float16[2, 3]`.
  package var description: String {
    dtype.rawValue + "[" + shape.map(\.description).joined(separator: ", ") + "]"
  }
}

/// Remembers a tensor's storage without counting as a holder of it.
struct TensorBackup {
  private let dtype: DType
  private let shape: [Int]
  private let memory: Memory
  private weak var handle: Handle?

  init(_ tensor: Tensor) {
    dtype = tensor.dtype
    shape = tensor.shape
    memory = tensor.memory
    handle = tensor.handle
  }

  /// The tensor again, sharing with whoever still holds it.
  func restored() -> Tensor { Tensor(dtype, shape, handle ?? Handle(memory)) }
}
