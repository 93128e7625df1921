// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension ONNXLowering {
  static let transpose: [ONNXLowering] = [
    ONNXLowering("Transpose", "data", attributes: "perm") { node, build in
      let rank = try node.rank("data")
      let permutation = try node.ints("perm") ?? (0..<rank).reversed()
      guard permutation.sorted() == Array(0..<rank) else {
        throw node.fault(
          .malformed, "attribute 'perm' is \(permutation), no permutation of \(rank) axes")
      }
      return try build.transpose(node.value("data"), permutation)
    }
  ]
}
