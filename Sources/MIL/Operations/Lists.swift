// SPDX-License-Identifier: Apache-2.0
import Tensors

extension OpSpec {
  /// Lists of tensors of one type.
  static let lists: [OpSpec] = [
    listGather, listLength, listRead, listScatter, listWrite, makeList,
  ]

  /// An empty list of tensors of `elem_shape` and `dtype`, `init_length` long unless it grows.
  ///
  /// C1: `elem_shape` holds constants: numbers, or names of extents known at run time.
  /// C2: `dtype` is one of bool, fp16, fp32, int32. C3: a length that does not grow is constant.
  static let makeList = OpSpec(
    "make_list",
    operands: [
      .optional("init_length", .int32, default: 1),
      .optionalConstant("dynamic_length", .bool, default: true), .variadic("elem_shape"),
      .optionalConstant("dtype", .string, default: "fp32"),
    ],
    constraints: [
      Constraint("elem_shape holds constants") { op in _ = try op.elementShape() },
      Constraint("dtype in {bool, fp16, fp32, int32}") { op in
        _ = try op.namedDType("dtype", in: [.bool, .float16, .float32, .int32])
      },
      Constraint("init_length is constant unless dynamic_length") { op in
        if try !op.bool("dynamic_length") { _ = try op.int("init_length") }
      },
    ],
    results: { op in
      let dtype = try op.namedDType("dtype", in: [.bool, .float16, .float32, .int32])
      let length: Dim? = try op.bool("dynamic_length") ? nil : .fixed(op.int("init_length"))
      return [.list(.tensor(dtype, try op.elementShape()), length: length)]
    })

  /// The number of elements of `ls`.
  static let listLength = OpSpec(
    "list_length", operands: [.list("ls")], results: { _ in [.scalar(.int32)] })

  /// The element of `ls` at `index`. C1: `index` is one number.
  static let listRead = OpSpec(
    "list_read", operands: [.list("ls"), .tensor("index", .int32)],
    constraints: [.single("index")], results: { op in [.tensor(try op.elementType())] })

  /// `ls` with `value` at `index`. C1: `index` is one number. C2: `value` has the type of the
  /// elements.
  static let listWrite = OpSpec(
    "list_write", operands: [.list("ls"), .tensor("index", .int32), .tensor("value", .T)],
    domains: [.T: .numbersAndBool],
    constraints: [
      .single("index"),
      Constraint("value has the type of the elements") { op in
        let (element, value) = (try op.elementType(), try op.type(of: "value"))
        guard element.dtype == value.dtype, op.mayEqual(element.shape, value.shape) else {
          throw op.fault("'value' is \(value) but the elements are \(element)", .typeMismatch)
        }
      },
    ],
    results: { op in [try op.valueType(of: "ls")] })

  /// The elements of `ls` at `indices`, stacked along a new first axis. C1: `indices` has rank 1.
  static let listGather = OpSpec(
    "list_gather", operands: [.list("ls"), .tensor("indices", .int32)],
    constraints: [.vector("indices")],
    results: { op in
      let element = try op.elementType()
      return [.tensor(element.dtype, [try op.length("indices")] + element.shape)]
    })

  /// `ls` with the slices of `value` along its first axis at `indices`.
  ///
  /// C1: `indices` has rank 1. C2: `value` has the type of the elements behind one more axis, of the
  /// extent of `indices`.
  static let listScatter = OpSpec(
    "list_scatter", operands: [.list("ls"), .tensor("indices", .int32), .tensor("value", .T)],
    domains: [.T: .numbersAndBool],
    constraints: [
      .vector("indices"),
      Constraint("value is indices by the type of the elements") { op in
        let element = try op.elementType()
        let expected = TensorType(element.dtype, [try op.length("indices")] + element.shape)
        let value = try op.type(of: "value")
        guard value.dtype == expected.dtype, op.mayEqual(value.shape, expected.shape) else {
          throw op.fault("'value' is \(value), not \(expected)", .typeMismatch)
        }
      },
    ],
    results: { op in [try op.valueType(of: "ls")] })
}

extension OpContext {
  /// The type of the elements of `ls`.
  fileprivate func elementType() throws -> TensorType {
    guard case .list(let element, _) = try valueType(of: "ls"), let type = element.tensor else {
      throw fault("'ls' must be a list of tensors", .typeMismatch)
    }
    return type
  }

  /// `elem_shape`, names as symbols.
  fileprivate func elementShape() throws -> [Dim] {
    try constants(of: "elem_shape").map { constant in
      if let name = constant?.string, !name.isEmpty { return .symbol(name) }
      guard let data = try constant?.smallTensor(), data.dtype == .int32, data.count == 1,
        data.ints[0] >= 0
      else { throw fault("'elem_shape' must hold extents or names", .unsupportedArgument) }
      return .fixed(data.ints[0])
    }
  }
}
