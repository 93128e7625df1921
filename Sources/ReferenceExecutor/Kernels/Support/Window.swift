// SPDX-License-Identifier: Apache-2.0
import Tensors

/// How a kernel moves over the spatial axes of a tensor.
struct Window {
  var kernel: [Int]
  var strides: [Int]
  var dilations: [Int]
  var before: [Int] = []
  var after: [Int] = []
  var output: [Int] = []

  /// Reads `strides` and `dilations`. C1: one to three spatial axes. C2: all positive.
  init(_ call: KernelCall, kernel: [Int]) throws {
    let ones = Array(repeating: 1, count: kernel.count)
    self.kernel = kernel
    strides = try call.ints("strides", default: ones)
    dilations = try call.ints("dilations", default: ones)
    guard (1...3).contains(kernel.count), strides.count == kernel.count,
      dilations.count == kernel.count, (kernel + strides + dilations).allSatisfy({ $0 > 0 })
    else {
      throw call.fault("kernel \(kernel), strides \(strides) and dilations \(dilations) do not fit")
    }
  }

  /// Extent of a dilated kernel.
  func reach(_ axis: Int) -> Int { (kernel[axis] - 1) * dilations[axis] + 1 }

  /// `pad` as pairs; zeros when absent.
  static func customPadding(_ call: KernelCall, axes: Int) throws -> [(Int, Int)] {
    let pad = try call.ints("pad", default: Array(repeating: 0, count: 2 * axes))
    guard pad.count == 2 * axes else { throw call.fault("'pad' must have \(2 * axes) elements") }
    return (0..<axes).map { (pad[2 * $0], pad[2 * $0 + 1]) }
  }

  /// Sets padding and output extents of a window that moves over `input`.
  mutating func place(over input: [Int], _ call: KernelCall, ceiling: Bool = false) throws {
    let type = try call.string("pad_type", default: "valid")
    let custom = try Self.customPadding(call, axes: kernel.count)
    for axis in kernel.indices {
      let (extent, stride) = (input[axis], strides[axis])
      switch type {
      case "valid": append((0, 0))
      case "custom": append(custom[axis])
      case "same", "same_lower":
        let total = max(0, (extent + stride - 1) / stride * stride - extent + reach(axis) - stride)
        append(type == "same" ? (total / 2, total - total / 2) : (total - total / 2, total / 2))
      default: throw call.fault("no padding '\(type)'", .unsupportedArgument)
      }
      let padded = extent + before[axis] + after[axis]
      guard before[axis] >= 0, after[axis] >= 0, padded >= reach(axis) else {
        throw call.fault("a kernel of \(kernel) does not fit an input of \(input)")
      }
      var count = (padded - reach(axis) + (ceiling ? stride - 1 : 0)) / stride + 1
      if ceiling && (count - 1) * stride >= extent + before[axis] && before[axis] + after[axis] > 0
      {
        count -= 1
      }
      output.append(count)
    }
  }

  private mutating func append(_ padding: (Int, Int)) {
    before.append(padding.0)
    after.append(padding.1)
  }

  /// Sets padding and output extents of a transposed convolution over `input`.
  mutating func placeTransposed(over input: [Int], _ call: KernelCall) throws {
    let type = try call.string("pad_type", default: "valid")
    let custom = try Self.customPadding(call, axes: kernel.count)
    let given = call.has("output_shape") ? try call.ints("output_shape") : nil
    guard given == nil || given?.count == kernel.count + 2 else {
      throw call.fault("'output_shape' must have \(kernel.count + 2) elements")
    }
    for axis in kernel.indices {
      let full = (input[axis] - 1) * strides[axis] + reach(axis)
      var extent = full
      switch type {
      case "valid": append((0, 0))
      case "custom":
        append(custom[axis])
        extent = full - custom[axis].0 - custom[axis].1
      case "same":
        extent = given?[axis + 2] ?? input[axis] * strides[axis]
        append((max(0, full - extent) / 2, 0))
      default: throw call.fault("no padding '\(type)'", .unsupportedArgument)
      }
      extent = given?[axis + 2] ?? extent
      guard extent >= 0, before[axis] >= 0 else {
        throw call.fault("an output of extent \(extent) does not exist")
      }
      output.append(extent)
    }
  }
}
