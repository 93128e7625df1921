// SPDX-License-Identifier: Apache-2.0
import Tensors

extension Kernel {
  /// Operations that repeat or drop elements along axes.
  static let padding: [Kernel] = [
    Kernel("pad", moves: true) { call in
      let x = try call.tensor("x")
      let pad = try call.ints("pad")
      let mode = try call.string("mode", default: "constant")
      guard pad.count % 2 == 0, pad.count / 2 <= x.rank, pad.allSatisfy({ $0 >= 0 }) else {
        throw call.fault("'pad' \(pad) does not fit x of shape \(x.shape)")
      }
      let fill = try call.filled(x.dtype, [], call.optionalTensor("constant_val"))
      var y = x
      for (i, axis) in (x.rank - pad.count / 2..<x.rank).enumerated() {
        let (before, after) = (pad[2 * i], pad[2 * i + 1])
        if before + after == 0 { continue }
        let extent = x.shape[axis]
        _ = try call.product([before + extent + after, x.count / max(extent, 1)])
        let picks = try (-before..<extent + after).map { index in
          try paddedIndex(index, extent, mode, call)
        }
        y = try call.taken(y, axis, picks, fill: fill.words[0])
      }
      return y
    },
    Kernel("crop", moves: true) { call in
      let x = try call.tensor("x")
      let (height, width) = (try call.ints("crop_height"), try call.ints("crop_width"))
      guard x.rank >= 2, height.count == 2, width.count == 2 else {
        throw call.fault("'crop_height' and 'crop_width' must have 2 elements")
      }
      var y = x
      for (axis, crop) in [(x.rank - 2, height), (x.rank - 1, width)] {
        let extent = x.shape[axis]
        guard crop.allSatisfy({ $0 >= 0 }), crop[0] + crop[1] <= extent else {
          throw call.fault("cannot crop \(crop) from an axis of \(extent)")
        }
        y = try call.taken(y, axis, Array(crop[0]..<extent - crop[1]))
      }
      return y
    },
    Kernel("sliding_windows", moves: true) { call in
      let x = try call.tensor("x")
      let axis = try call.axis("axis", rank: x.rank)
      let size = try call.int("size")
      let stride = try call.int("stride", default: 1)
      guard size > 0, stride > 0, size <= x.shape[axis] else {
        throw call.fault("windows of \(size) by \(stride) do not fit an axis of \(x.shape[axis])")
      }
      let count = (x.shape[axis] - size) / stride + 1
      _ = try call.product([count, size, x.count / max(x.shape[axis], 1)])
      let picks = (0..<count * size).map { $0 / size * stride + $0 % size }
      var shape = x.shape
      shape.replaceSubrange(axis...axis, with: [count, size])
      return try call.taken(x, axis, picks).viewed(shape)
    },
    Kernel("space_to_batch", moves: true) { call in
      let x = try call.tensor("x")
      let (block, margins) = try call.blocks("paddings", x)
      var y = x
      for k in 0..<2 {
        let extent = x.shape[2 + k]
        let picks = (-margins[2 * k]..<extent + margins[2 * k + 1]).map {
          $0 >= 0 && $0 < extent ? $0 : nil
        }
        guard picks.count % block[k] == 0 else {
          throw call.fault("an axis of \(picks.count) is not divisible by \(block[k])")
        }
        y = try call.taken(y, 2 + k, picks)
      }
      let s = y.shape
      let fine = [s[0], s[1], s[2] / block[0], block[0], s[3] / block[1], block[1]]
      return try call.permuted(y.viewed(fine), [3, 5, 0, 1, 2, 4])
        .viewed([s[0] * block[0] * block[1], s[1], fine[2], fine[4]])
    },
    Kernel("batch_to_space", moves: true) { call in
      let x = try call.tensor("x")
      let (block, crops) = try call.blocks("crops", x)
      let s = x.shape
      guard s[0] % (block[0] * block[1]) == 0 else {
        throw call.fault("a batch of \(s[0]) is not divisible by blocks of \(block)")
      }
      let n = s[0] / (block[0] * block[1])
      var y = try call.permuted(
        x.viewed([block[0], block[1], n, s[1], s[2], s[3]]), [2, 3, 4, 0, 5, 1]
      ).viewed([n, s[1], s[2] * block[0], s[3] * block[1]])
      for k in 0..<2 {
        let extent = y.shape[2 + k]
        guard crops[2 * k] + crops[2 * k + 1] <= extent else {
          throw call.fault("'crops' \(crops) do not fit an axis of \(extent)")
        }
        y = try call.taken(y, 2 + k, Array(crops[2 * k]..<extent - crops[2 * k + 1]))
      }
      return y
    },
  ]

  /// The element that a padded position shows; `nil` for the constant.
  private static func paddedIndex(
    _ index: Int, _ extent: Int, _ mode: String, _ call: KernelCall
  ) throws -> Int? {
    if index >= 0 && index < extent { return index }
    switch mode {
    case "constant": return nil
    case "reflect":
      let mirrored = index < 0 ? -index : 2 * (extent - 1) - index
      guard mirrored >= 0, mirrored < extent else {
        throw call.fault("an axis of \(extent) cannot be reflected that far")
      }
      return mirrored
    case "replicate":
      guard extent > 0 else { throw call.fault("an empty axis cannot be replicated") }
      return index < 0 ? 0 : extent - 1
    default: throw call.fault("no mode '\(mode)'", .unsupportedArgument)
    }
  }
}

extension KernelCall {
  /// The elements of `x` at `picks` along `axis`; `fill` where there is none.
  func taken(_ x: Tensor, _ axis: Int, _ picks: [Int?], fill: UInt32 = 0) throws -> Tensor {
    var shape = x.shape
    shape[axis] = picks.count
    let y = try make(x.dtype, shape)
    let inner = x.shape[(axis + 1)...].reduce(1, *)
    for outer in 0..<x.shape[..<axis].reduce(1, *) {
      for (i, pick) in picks.enumerated() {
        let target = (outer * picks.count + i) * inner
        if let pick {
          let source = (outer * x.shape[axis] + pick) * inner
          (y.memory.base + 4 * target).copyMemory(
            from: x.memory.base + 4 * source, byteCount: 4 * inner)
        } else {
          y.words[target..<target + inner].update(repeating: fill)
        }
      }
    }
    return y
  }

  /// `block_shape` and the margins of `name`, for x of rank 4.
  fileprivate func blocks(_ name: String, _ x: Tensor) throws -> ([Int], [Int]) {
    let (block, margins) = (try ints("block_shape"), try ints(name))
    guard x.rank == 4, block.count == 2, block.allSatisfy({ (1...(1 << 15)).contains($0) }),
      margins.count == 4, margins.allSatisfy({ (0...(1 << 24)).contains($0) })
    else { throw fault("blocks \(block) and \(name) \(margins) do not fit x of \(x.shape)") }
    return (block, margins)
  }
}
