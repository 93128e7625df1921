// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension ONNXLowering {
  static let transpose: [ONNXLowering] = [
    ONNXLowering(
      "Transpose", "data", attributes: "perm",
      fold: { node in
        guard let data = try node.known("data") else { return nil }
        return data.permuted(try node.permutation(rank: data.rank))
      }
    ) { node, build in
      try build.transpose(node.value("data"), node.permutation(rank: node.rank("data")))
    }
  ]
}

extension NodeCall {
  fileprivate func permutation(rank: Int) throws -> [Int] {
    let permutation = try ints("perm") ?? (0..<rank).reversed()
    guard permutation.sorted() == Array(0..<rank) else {
      throw fault(
        .malformed, "attribute 'perm' is \(permutation), no permutation of \(rank) axes")
    }
    return permutation
  }
}
