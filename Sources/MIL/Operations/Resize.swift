// SPDX-License-Identifier: Apache-2.0
import Tensors

extension OpSpec {
  /// The last `resized_dims` extents of `x` become the last ones of `shape`; 0 keeps an extent.
  ///
  /// C1: `rank(shape) == 1`. C2: `resized_dims <= count(shape) <= rank(x)`.
  /// C3: `interpolation_mode` is `LINEAR` or `NEAREST_NEIGHBOR`. C4: `sampling_mode` is known.
  static let resize = OpSpec(
    "resize", since: .iOS17,
    operands: [
      .tensor("x", .T), .tensor("shape", .U), .constant("resized_dims", .uint32),
      .optionalConstant("interpolation_mode", .string, default: "LINEAR"),
      .optionalConstant("sampling_mode", .string, default: "DEFAULT"),
    ],
    domains: [.T: .numbers, .U: [.int32, .int16, .uint16, .uint32]],
    constraints: [
      .rank("shape", 1),
      Constraint("resized_dims <= count(shape) <= rank(x)") { op in
        let (resized, rank) = (try op.int("resized_dims"), try op.rank("x"))
        let count = try op.shape("shape")[0].fixed ?? resized
        guard resized <= count, count <= rank, resized >= 0 else {
          throw op.fault(
            "'resized_dims' is \(resized), 'shape' has \(count) elements and 'x' has rank \(rank); "
              + "they must not decrease in this order", .shapeMismatch)
        }
      },
      .choice("interpolation_mode", ["LINEAR", "NEAREST_NEIGHBOR"]),
      .choice("sampling_mode", samplingModes),
    ]
  ) { op in
    let x = try op.type(of: "x")
    let count = try op.int("resized_dims")
    let targets: [Dim]
    if let dims = try op.dims("shape"), dims.count >= count {
      targets = Array(dims.suffix(count))
    } else {
      targets = (0..<count).map { _ in op.freshDim(lower: 1) }
    }
    let extents = try zip(x.shape.suffix(count), targets).map { extent, target in
      if target == 0 { return extent }
      if let fixed = target.fixed, fixed < 0 {
        throw op.fault("'shape' holds \(fixed), which is no extent", .shapeMismatch)
      }
      return target
    }
    return [.tensor(x.dtype, x.shape.dropLast(count) + extents)]
  }
}
