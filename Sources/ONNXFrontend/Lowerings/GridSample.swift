// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension ONNXLowering {
  static let gridSample: [ONNXLowering] = [
    ONNXLowering(
      "GridSample", since: 16, "X grid", attributes: "align_corners mode padding_mode"
    ) { node, build in
      let mode = try node.string("mode", default: "bilinear")
      let sampling = ["bilinear": "bilinear", "linear": "bilinear", "nearest": "nearest"][mode]
      let padding = try node.choice(
        "padding_mode", ["zeros", "border", "reflection"], default: "zeros")
      guard let sampling, try node.rank("X") == 4 else {
        throw node.fault(
          .unsupportedArgument,
          "attribute 'mode' is '\(mode)' on a tensor of rank \(try node.rank("X")); Core ML has "
            + "bilinear and nearest on rank 4")
      }
      let aligned = try node.flag("align_corners")
      // Mirrored at the centres of the outermost pixels, or at their edges.
      let modes = ["zeros": "constant", "reflection": aligned ? "reflection" : "symmetric"]
      return try build.mil.resample(
        x: node.value("X"), coordinates: node.value("grid"), sampling_mode: .string(sampling),
        padding_mode: .string(modes[padding] ?? padding), padding_value: 0.0,
        coordinates_mode: "normalized_minus_one_to_one", align_corners: .bool(aligned))
    }
  ]
}
