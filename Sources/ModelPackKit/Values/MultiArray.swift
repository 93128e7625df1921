// SPDX-License-Identifier: Apache-2.0
import Diagnostics
package import Tensors

/// A dense tensor, row-major: what predictions take and give. Of numbers, but for the label that a
/// classifier gives, which may be a string. Its scores are numbers with labels.
public struct MultiArray: Hashable, Sendable {
  package let data: TensorData
  /// The elements of a tensor of strings; empty for numbers.
  public let strings: [String]
  /// What each element is the score of, in row-major order; empty but for a dictionary output.
  public let labels: [String]

  package init(_ data: TensorData, labels: [String] = []) {
    self.data = data
    strings = []
    self.labels = labels
  }

  /// A tensor of strings. Throws a `Diagnostic` when `shape` does not have as many elements.
  public init(strings: [String], shape: [Int]) throws {
    guard elementCount(shape) == strings.count else {
      throw Diagnostic.error(.usage, "\(strings.count) strings cannot have the shape \(shape)")
    }
    data = try TensorData(dtype: .string, shape: shape, bytes: [])
    self.strings = strings
    labels = []
  }

  /// A float32 tensor; of one axis unless a shape is given.
  ///
  /// Throws a `Diagnostic` when `shape` does not have as many elements.
  public init(_ values: [Float], shape: [Int]? = nil) throws {
    try self.init(checking: TensorData(float32: values), shape)
  }

  /// A float16 tensor; of one axis unless a shape is given.
  public init(_ values: [Float16], shape: [Int]? = nil) throws {
    try self.init(checking: TensorData(float16: values), shape)
  }

  /// An int32 tensor; of one axis unless a shape is given.
  public init(_ values: [Int32], shape: [Int]? = nil) throws {
    try self.init(checking: TensorData(int32: values), shape)
  }

  /// A tensor of `elementType`, a type of whole bytes, to which the values are rounded (floats) or
  /// truncated with saturation (integers).
  public init(_ values: [Double], as elementType: ElementType, shape: [Int]? = nil) throws {
    try self.init(checking: TensorData(values, as: elementType.dtype), shape)
  }

  private init(checking data: TensorData, _ shape: [Int]?) throws {
    strings = []
    labels = []
    guard let shape else {
      self.data = data
      return
    }
    guard elementCount(shape) == data.count else {
      throw Diagnostic.error(
        .usage, "\(data.count) elements cannot have the shape \(shape)",
        fix: "give a shape whose extents multiply to \(data.count)")
    }
    self.data = try data.reshaped(shape)
  }

  public var elementType: ElementType { ElementType(data.dtype) }
  public var shape: [Int] { data.shape }
  public var count: Int { data.count }

  /// The elements in row-major order.
  public var floats: [Float] { data.floats }
  /// The elements in row-major order; exact for every type up to 53 bits.
  public var doubles: [Double] { data.doubles }
  /// The elements in row-major order, floats truncated toward zero.
  public var integers: [Int] { data.ints }

  /// The element at a position, one index per axis. The position must lie inside the shape.
  public subscript(position: Int...) -> Double {
    precondition(position.count == shape.count, "a position needs an index for each axis")
    var index = 0
    for (i, extent) in zip(position, shape) {
      precondition(i >= 0 && i < extent, "the position lies outside the shape")
      index = index * extent + i
    }
    return data.doubles[index]
  }
}

extension MultiArray: CustomStringConvertible {
  /// `float32[1, 16, 64]`.
  public var description: String {
    "\(elementType.rawValue)[\(shape.map(String.init).joined(separator: ", "))]"
  }
}
