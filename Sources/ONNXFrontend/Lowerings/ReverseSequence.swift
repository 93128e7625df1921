// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension ONNXLowering {
  static let reverseSequence: [ONNXLowering] = [
    ONNXLowering(
      "ReverseSequence", since: 10, "input sequence_lens", attributes: "batch_axis time_axis"
    ) { node, build in
      try build.mil.reverse_sequence(
        x: node.value("input"), lengths: node.value("sequence_lens"),
        seq_axis: .int(node.int("time_axis", default: 0)),
        batch_axis: .int(node.int("batch_axis", default: 1)))
    }
  ]
}
