// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Tensors

extension ATenLowering {
  /// Rearrangements that are not views.
  static let shapes: [ATenLowering] = [
    ATenLowering("aten.flip.default") { call, build in
      let x = try call.value("self")
      let axes = try call.axes("dims", rank: build.rank(of: x))
      return try build.mil.reverse(x: x, axes: .ints(axes))
    },
    ATenLowering("aten.repeat.default", "aten.tile.default") { call, build in
      let x = try call.value("self")
      let repeats = try call.dims(call.has("repeats") ? "repeats" : "dims")
      return try tile(x, repeats, build)
    },
    ATenLowering("aten.repeat_interleave.self_int") { call, build in
      // Each element of the axis, `repeats` times in a row.
      let source = try call.value("self")
      let flat = !call.has("dim")
      let x =
        flat
        ? try build.reshape(source, to: [build.shape(of: source).reduce(1) { $0 * $1 }]) : source
      let shape = try build.shape(of: x)
      let axis = flat ? 0 : try call.axis("dim", rank: shape.count)
      let repeats = try call.dim("repeats")
      if repeats == 1 { return try build.mil.identity(x: x) }
      let lifted = try build.mil.expand_dims(x: x, axes: .ints([axis + 1]))
      var wide = try build.shape(of: lifted)
      wide[axis + 1] = repeats
      let repeated = try build.expand(lifted, to: wide)
      var target = shape
      target[axis] = shape[axis] * repeats
      return try build.reshape(repeated, to: target)
    },
    ATenLowering("aten.roll.default") { call, build in try roll(call, build) },
    ATenLowering("aten.constant_pad_nd.default") { call, build in
      try build.pad(call, mode: "constant", value: call.float("value", default: 0))
    },
    ATenLowering("aten.pad.default") { call, build in
      switch try call.string("mode", default: "constant") {
      case "constant":
        try build.pad(call, mode: "constant", value: call.float("value", default: 0))
      case "reflect": try build.pad(call, mode: "reflect", value: 0)
      case "replicate": try build.pad(call, mode: "replicate", value: 0)
      case "circular": try circularPad(call, build)
      case let mode: throw call.fault("'mode' is '\(mode)'")
      }
    },
    ATenLowering("aten.reflection_pad1d.default", "aten.reflection_pad2d.default") { call, build in
      try build.pad(call, mode: "reflect", value: 0, name: "padding")
    },
    ATenLowering("aten.replication_pad1d.default", "aten.replication_pad2d.default") {
      call, build in
      try build.pad(call, mode: "replicate", value: 0, name: "padding")
    },
    ATenLowering("aten.pixel_shuffle.default") { call, build in
      try build.mil.pixel_shuffle(
        x: call.floatValue("self"), upscale_factor: .int(call.int("upscale_factor")))
    },
    ATenLowering("aten.pixel_unshuffle.default") { call, build in
      let x = try call.floatValue("self")
      let factor = try call.int("downscale_factor")
      let shape = try build.shape(of: x)
      guard shape.count == 4 else { throw call.fault("needs a tensor of rank 4") }
      let r = Dim.fixed(factor)
      let (height, width) = (Dim.floorDiv(shape[2], r), Dim.floorDiv(shape[3], r))
      // Rank 6 is more than Core ML has: the two axes are split one after the other.
      let rows = try build.mil.transpose(
        x: build.reshape(x, to: [shape[0] * shape[1], height, r, shape[3]]), perm: [0, 2, 1, 3])
      let columns = try build.mil.transpose(
        x: build.reshape(rows, to: [shape[0] * shape[1] * r, height, width, r]), perm: [0, 3, 1, 2])
      return try build.reshape(columns, to: [shape[0], shape[1] * r * r, height, width])
    },
    ATenLowering("aten.channel_shuffle.default", "aten.native_channel_shuffle.default") {
      call, build in
      let x = try call.value("self")
      let shape = try build.shape(of: x)
      let groups = try call.dim("groups")
      let spatial = shape[2...].reduce(Dim.fixed(1)) { $0 * $1 }
      let grouped = try build.reshape(
        x, to: [shape[0], groups, .floorDiv(shape[1], groups), spatial])
      return try build.reshape(build.mil.transpose(x: grouped, perm: [0, 2, 1, 3]), to: shape)
    },
    ATenLowering("aten.unfold.default") { call, build in
      let x = try call.value("self")
      let rank = try build.rank(of: x)
      let axis = try call.axis("dimension", rank: rank)
      let windows = try build.mil.sliding_windows(
        x: x, axis: .int(axis), size: .int(call.int("size")), stride: .int(call.int("step")))
      // MIL puts the window after its axis, PyTorch last.
      let order = Array(0...rank).filter { $0 != axis + 1 } + [axis + 1]
      return try build.mil.transpose(x: windows, perm: .ints(order))
    },
  ]

  private static func tile(_ x: Value, _ repeats: [Dim], _ build: FunctionBuilder) throws -> Value {
    let shape = try build.shape(of: x)
    let missing = repeats.count - shape.count
    let lifted =
      missing > 0 ? try build.mil.expand_dims(x: x, axes: .ints(Array(0..<missing))) : x
    let factors = missing < 0 ? Array(repeating: Dim.fixed(1), count: -missing) + repeats : repeats
    if factors.contains(0) {
      let full = try build.shape(of: lifted)
      return try build.filled(
        build.scalarConstant(0, build.dtype(of: x)), zip(full, factors).map { $0 * $1 })
    }
    if factors.allSatisfy({ $0 == 1 }) { return try build.mil.identity(x: lifted) }
    return try build.mil.tile(x: lifted, reps: .dims(factors))
  }

  /// Each axis continued by its own other end.
  private static func circularPad(_ call: TorchCall, _ build: FunctionBuilder) throws -> Value {
    var x = try call.value("self")
    let rank = try build.rank(of: x)
    let amounts = try call.ints("pad")
    for k in 0..<(amounts.count / 2) where k < rank {
      let axis = rank - 1 - k
      guard let extent = try build.shape(of: x)[axis].fixed,
        amounts[2 * k] >= 0, amounts[2 * k + 1] >= 0
      else { throw call.fault("circular padding that crops or of a flexible axis") }
      guard (1...(1 << 24)).contains(extent), amounts.allSatisfy({ $0 <= extent }) else {
        throw call.fault("an axis of \(extent) cannot be padded by \(amounts)")
      }
      let places = (-amounts[2 * k]..<(extent + amounts[2 * k + 1])).map {
        (($0 % extent) + extent) % extent
      }
      if places == Array(0..<extent) { continue }
      x = try build.gather(x, .ints(places), axis: axis)
    }
    return x
  }

  private static func roll(_ call: TorchCall, _ build: FunctionBuilder) throws -> Value {
    var x = try call.value("self")
    let shape = try build.shape(of: x)
    guard call.has("dims"), try !call.ints("dims").isEmpty else {
      let flat = try build.reshape(x, to: [shape.reduce(1) { $0 * $1 }])
      guard let shift = try call.ints("shifts").first else {
        throw call.fault("argument 'shifts' is empty")
      }
      return try build.reshape(rolled(flat, axis: 0, by: shift, call, build), to: shape)
    }
    for (axis, shift) in zip(try call.axes("dims", rank: shape.count), try call.ints("shifts")) {
      x = try rolled(x, axis: axis, by: shift, call, build)
    }
    return x
  }

  private static func rolled(
    _ x: Value, axis: Int, by shift: Int, _ call: TorchCall, _ build: FunctionBuilder
  ) throws -> Value {
    guard let extent = try build.shape(of: x)[axis].fixed else {
      throw call.fault("'roll' along a flexible axis is not supported")
    }
    if extent == 0 { return x }
    let cut = ((-shift % extent) + extent) % extent
    if cut == 0 { return x }
    let tail = try ViewStep.slice(
      axis: axis, start: .fixed(cut), extent: .fixed(extent - cut), step: 1)
    let head = try ViewStep.slice(axis: axis, start: 0, extent: .fixed(cut), step: 1)
    return try build.mil.concat(
      values: .many([tail.apply(to: x, build), head.apply(to: x, build)]), axis: .int(axis))
  }
}

extension FunctionBuilder {
  /// Padding given as PyTorch gives it: pairs from the last axis backward; negative ones crop.
  func pad(
    _ call: TorchCall, mode: String, value: Double, name: String = "pad"
  ) throws -> Value {
    var x = try call.value("self")
    let dtype = try self.dtype(of: x)
    let amounts = try call.dims(name)
    let rank = try self.rank(of: x)
    var before = [Dim](repeating: 0, count: rank)
    var after = before
    for k in 0..<(amounts.count / 2) where k < rank {
      before[rank - 1 - k] = amounts[2 * k]
      after[rank - 1 - k] = amounts[2 * k + 1]
    }
    for axis in 0..<rank {
      let (front, back) = (before[axis].fixed ?? 0, after[axis].fixed ?? 0)
      guard front < 0 || back < 0 else { continue }
      let extent = try self.shape(of: x)[axis] + .fixed(min(front, 0) + min(back, 0))
      x = try ViewStep.slice(axis: axis, start: .fixed(max(-front, 0)), extent: extent, step: 1)
        .apply(to: x, self)
      if front < 0 { before[axis] = 0 }
      if back < 0 { after[axis] = 0 }
    }
    let pairs = zip(before, after).flatMap { [$0, $1] }
    if pairs.allSatisfy({ $0 == 0 }) { return try mil.identity(x: x) }
    // MIL pads floats only.
    let padded = try mil.pad(
      x: cast(x, to: .float32), pad: .dims(pairs), mode: .string(mode),
      constant_val: .float(value))
    return try convert(padded, to: dtype)
  }
}
