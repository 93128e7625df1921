// SPDX-License-Identifier: Apache-2.0
import Tensors

extension Kernel {
  /// The label with the largest probability, and the probability of every label.
  static let classify = Kernel(
    "classify",
    values: { call in
      let probabilities = try call.floatTensor("probabilities")
      let labels = try call.labels("classes")
      guard labels.count == probabilities.count, labels.count > 0 else {
        throw call.fault("\(labels.count) classes do not fit \(probabilities.count) probabilities")
      }
      let values = probabilities.floats
      var best = 0
      for i in values.indices where values[i] > values[best] { best = i }
      return [
        .tensor(try call.element(labels, best)), .scores(labels: labels, values: probabilities),
      ]
    })
}

extension KernelCall {
  /// The elements of a list of scalars, or of a tensor, as one tensor.
  fileprivate func labels(_ name: String) throws -> Tensor {
    if let tensor = try value(name).tensor { return tensor }
    let items = try list(name).items.compactMap { $0 }
    guard let first = items.first else { throw fault("'\(name)' is empty") }
    if first.dtype == .string {
      return try Tensor(strings: items.flatMap(\.strings), shape: [items.flatMap(\.strings).count])
    }
    let values = items.flatMap(\.integers)
    let y = try make(first.dtype, [values.count])
    for (i, value) in values.enumerated() { y.ints[i] = Int32(clamping: value) }
    return y
  }

  fileprivate func element(_ labels: Tensor, _ index: Int) throws -> Tensor {
    if labels.dtype == .string { return try Tensor(strings: [labels.strings[index]], shape: []) }
    let y = try make(labels.dtype, [])
    y.words[0] = labels.words[index]
    return y
  }
}
