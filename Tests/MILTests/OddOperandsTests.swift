// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Tensors
import Testing

/// Operands of odd ranks, extents and values: each gives types or a diagnostic, never a trap.
@Suite struct OddOperandsTests {
  @Test(arguments: Catalogue.standard.specs.keys.sorted())
  func neverTraps(_ name: String) throws {
    let spec = try #require(Catalogue.standard[name])
    var random = Numbers(seed: name)
    for _ in 0..<400 {
      let opset = random.pick(Opset.allCases)
      guard let signature = spec.signature(in: opset) else { continue }
      let builder = FunctionBuilder(opset: opset)
      do {
        let inputs = try signature.operands.map { operand -> (String, Value?) in
          (operand.name, try random.value(for: operand, signature, builder))
        }
        let results = try builder.emit(name, inputs: inputs)
        let negative = results.compactMap { builder.valueType(of: $0).tensor }.flatMap(\.shape)
          .first { ($0.fixed ?? 0) < 0 }
        #expect(negative == nil, "\(inputs)")
      } catch let diagnostic as Diagnostic {
        #expect(diagnostic.code != .internalError, "\(diagnostic)")
      }
    }
  }

  /// Operations that are right but for one operand.
  @Test(arguments: InferenceTests.Recorded.all.filter { $0.types != ["error"] })
  func oneOddOperand(_ recorded: InferenceTests.Recorded) throws {
    let spec = try #require(Catalogue.standard[recorded.operation.name])
    let signature = try #require(spec.signature(in: recorded.operation.opset))
    var random = Numbers(seed: recorded.operation.text)
    for operand in signature.operands {
      for _ in 0..<20 {
        let builder = FunctionBuilder(opset: recorded.operation.opset)
        let odd = try random.value(for: operand, signature, builder)
        do {
          try recorded.operation.emit(builder, replacing: operand.name, with: odd)
        } catch let diagnostic as Diagnostic {
          #expect(diagnostic.code != .internalError, "\(diagnostic)")
        }
      }
    }
  }
}

/// Reproducible choices, among them many that nobody would make.
private struct Numbers {
  private var state: UInt64

  init(seed: String) {
    state = seed.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }

  mutating func next(_ bound: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int(state >> 33) % bound
  }

  mutating func pick<C: RandomAccessCollection>(_ items: C) -> C.Element {
    items[items.index(items.startIndex, offsetBy: next(items.count))]
  }

  mutating func value(
    for operand: Operand, _ signature: Signature, _ builder: FunctionBuilder
  ) throws -> Value? {
    if operand.isOptional, next(3) == 0 { return nil }
    switch operand.kind {
    case .state: return builder.input("state", .state(type(operand, signature)))
    case .list:
      return builder.input("list", .list(.tensor(type(operand, signature)), length: nil))
    case .variadic:
      return .many(
        (0..<next(4)).map { _ in builder.input("x", .tensor(type(operand, signature))) })
    case .tensor: break
    }
    let isConstant = operand.isConstant ? next(20) != 0 : next(3) == 0
    guard isConstant else { return builder.input("x", .tensor(type(operand, signature))) }
    return .constant(try constant(type(operand, signature)))
  }

  private mutating func type(_ operand: Operand, _ signature: Signature) -> TensorType {
    let allowed = signature.dtypes(of: operand)
    let dtype = next(30) == 0 || allowed.isEmpty ? pick(DType.allCases) : pick(allowed.prefix(2))
    let rank = pick([0, 1, 1, 1, 2, 3, 3, 4, 4, 4, 5, 6])
    return TensorType(dtype, (0..<rank).map { _ in extent() })
  }

  private mutating func extent() -> Dim {
    switch next(12) {
    case 0: .symbol("s")
    case 1: .symbol("t") * .fixed(2) - .fixed(1)
    case 2: 0
    default: .fixed(pick([1, 2, 2, 3, 4, 4, 8]))
    }
  }

  private mutating func constant(_ type: TensorType) throws -> Constant {
    let shape = type.shape.map { $0.fixed ?? 2 }
    if type.dtype == .string {
      return Constant(
        .strings(
          [pick(["valid", "same", "custom", "fp16", "int32", "LINEAR", "forward", "?"])], shape: [])
      )
    }
    let count = shape.reduce(1, *)
    guard
      let data = try? TensorData((0..<count).map { _ in number() }, as: type.dtype, shape: shape)
    else {
      let size = type.dtype.byteCount(count) ?? 0
      return Constant(
        try TensorData(dtype: type.dtype, shape: shape, bytes: Array(repeating: 0x5a, count: size)))
    }
    return Constant(data)
  }

  private mutating func number() -> Double {
    pick([-2_147_483_648, -7, -2, -1, 0, 0, 1, 1, 1, 2, 2, 3, 4, 100, 2_147_483_647])
  }
}
