// SPDX-License-Identifier: Apache-2.0
import Tensors

extension OpSpec {
  static let linearAlgebra: [OpSpec] = [linear, matmul, einsum]

  /// A batched matrix product over axis -3 and -1 of its two operands: the only equations that
  /// Core ML takes are `nchw,nwhu->nchu` and `chw,whu->chu`, under any letters.
  ///
  /// C1: two operands of equal rank and dtype. C2: `equation` is one of the two and fits the
  /// rank. C3: `x.shape[-1] == y.shape[-3]`. C4: the other shared axes broadcast.
  private static let einsum = OpSpec(
    "einsum", operands: [.variadic("values"), .constant("equation", .string)],
    constraints: [
      Constraint("two values of equal rank and dtype") { op in _ = try einsumOperands(op) },
      Constraint("equation is nchw,nwhu->nchu or chw,whu->chu") { op in
        let equation = try op.string("equation")
        let pattern = normalized(equation)
        let rank = try einsumOperands(op).0.rank
        guard pattern == (rank == 4 ? "abcd,adce->abce" : "abc,cbd->abd"), rank == 3 || rank == 4
        else {
          throw op.fault(
            "'equation' is '\(equation)' for operands of rank \(rank), not one of "
              + "nchw,nwhu->nchu, chw,whu->chu", .unsupportedArgument)
        }
      },
    ]
  ) { op in
    let (x, y) = try einsumOperands(op)
    let rank = x.rank
    guard op.mayEqual(x.shape[rank - 1], y.shape[rank - 3]) else {
      throw op.fault(
        "the shapes \(op.describe(x.shape)) and \(op.describe(y.shape)) do not fit 'equation'",
        .shapeMismatch)
    }
    let shared = try op.broadcast([x.shape[rank - 2]], [y.shape[rank - 2]])
    let batch = rank == 4 ? try op.broadcast([x.shape[0]], [y.shape[0]]) : []
    return [.tensor(x.dtype, batch + [x.shape[rank - 3]] + shared + [y.shape[rank - 1]])]
  }

  private static func einsumOperands(_ op: OpContext) throws -> (TensorType, TensorType) {
    let values = try op.tensorTypes(of: "values")
    guard values.count == 2 else {
      throw op.fault("'values' holds \(values.count) tensors, not 2")
    }
    guard values[0].rank == values[1].rank, values[0].dtype == values[1].dtype else {
      throw op.fault(
        "'values' are \(values[0]) and \(values[1]); their ranks and dtypes must be equal",
        .typeMismatch)
    }
    return (values[0], values[1])
  }

  /// The equation with its letters renamed in the order they appear: `nchw,nwhu` to `abcd,adce`.
  private static func normalized(_ equation: String) -> String {
    var names: [Character: Character] = [:]
    return String(
      equation.map { letter in
        guard letter.isLetter else { return letter }
        if let name = names[letter] { return name }
        let name = Character(UnicodeScalar(UInt8(97 + min(names.count, 25))))
        names[letter] = name
        return name
      })
  }
}
