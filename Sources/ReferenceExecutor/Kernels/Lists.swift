// SPDX-License-Identifier: Apache-2.0
import Tensors

extension Kernel {
  /// Lists of tensors. An operation that writes gives a new list that shares what did not change.
  static let lists: [Kernel] = [
    Kernel(
      "make_list",
      values: { call in
        let length = try call.int("init_length", default: 1)
        let name = try call.string("dtype", default: "fp32")
        guard let dtype = DType(mil: name), length >= 0, length <= 1 << 24 else {
          throw call.fault("no list of \(length) elements of dtype '\(name)'")
        }
        // An extent given as a string is a name for what is not known yet.
        let shape = call.arguments("elem_shape").flatMap { argument -> [Int?] in
          guard let tensor = argument.value.tensor else { return [nil] }
          return tensor.dtype == .string ? tensor.strings.map { _ in nil } : tensor.integers
        }
        return [
          .list(
            TensorList(
              shape: shape, dtype: dtype, items: Array(repeating: nil, count: length),
              grows: try call.bool("dynamic_length", default: true)))
        ]
      }),
    Kernel(
      "list_length",
      values: { call in
        let y = try call.make(.int32, [])
        y.ints[0] = Int32(clamping: try call.list("ls").items.count)
        return [.tensor(y)]
      }),
    Kernel(
      "list_write",
      values: { call in
        var list = try call.list("ls")
        try list.write(call.tensor("value"), at: call.int("index"), call)
        return [.list(list)]
      }),
    Kernel(
      "list_scatter",
      values: { call in
        var list = try call.list("ls")
        let (indices, value) = (try call.ints("indices"), try call.tensor("value"))
        guard value.shape.first == indices.count else {
          throw call.fault("\(indices.count) indices do not fit values of shape \(value.shape)")
        }
        let element = Array(value.shape.dropFirst())
        for (i, index) in indices.enumerated() {
          try list.write(call.taken(value, 0, [i]).viewed(element), at: index, call)
        }
        return [.list(list)]
      }),
    Kernel(
      "list_read",
      values: { call in
        [.tensor(try call.list("ls").read(call.int("index"), call))]
      }),
    Kernel(
      "list_gather",
      values: { call in
        let list = try call.list("ls")
        let items = try call.ints("indices").map { try list.read($0, call) }
        let shape = try items.first?.shape ?? list.knownShape(call)
        let y = try call.make(list.dtype, [items.count] + shape)
        let size = shape.reduce(1, *)
        for (i, item) in items.enumerated() {
          guard item.shape == shape else { throw call.fault("elements differ in shape") }
          (y.memory.base + 4 * i * size).copyMemory(from: item.memory.base, byteCount: 4 * size)
        }
        return [.tensor(y)]
      }),
  ]
}

extension TensorList {
  mutating func write(_ value: Tensor, at index: Int, _ call: KernelCall) throws {
    guard index >= 0, index < items.count || (grows && index < 1 << 24) else {
      throw call.fault("index \(index) lies outside a list of \(items.count)")
    }
    guard value.dtype == dtype else {
      throw call.fault("a list of \(dtype.rawValue) cannot hold \(value)")
    }
    if index >= items.count {
      items += Array(repeating: nil, count: index + 1 - items.count)
    }
    items[index] = value
  }

  /// An element; zeros where none was written and the shape is known.
  func read(_ index: Int, _ call: KernelCall) throws -> Tensor {
    guard items.indices.contains(index) else {
      throw call.fault("index \(index) lies outside a list of \(items.count)")
    }
    return try items[index] ?? call.make(dtype, knownShape(call), filledWith: 0)
  }

  func knownShape(_ call: KernelCall) throws -> [Int] {
    let known = shape.compactMap { $0 }
    if known.count == shape.count { return known }
    guard let written = items.lazy.compactMap({ $0 }).first else {
      throw call.fault("an element is read before its shape is known")
    }
    return written.shape
  }
}
