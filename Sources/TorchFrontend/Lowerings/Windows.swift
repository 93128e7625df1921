// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Tensors

extension ATenLowering {
  /// Sliding windows laid out as columns, and back.
  static let windows: [ATenLowering] = [
    ATenLowering("aten.im2col.default") { call, build in
      let x = try call.value("self")
      let shape = try build.shape(of: x)
      let image = shape.suffix(3).dropFirst().compactMap(\.fixed)
      let windows = try Windows(call, image)
      let flat = try build.padded(x, by: windows.padding)
      let line = try build.reshape(flat, to: shape.dropLast(2) + [.fixed(windows.area)])
      let gathered = try build.gather(line, .ints(windows.places), axis: shape.count - 2)
      return try build.reshape(gathered, to: call.resultShape())
    },
    ATenLowering("aten.col2im.default") { call, build in
      let x = try call.floatValue("self")
      let result = try call.resultShape()
      let windows = try Windows(call, call.ints("output_size"))
      let lead = Array(result.dropLast(2))
      let columns = try build.reshape(x, to: lead + [.fixed(windows.places.count)])
      let empty = try build.filled(
        build.scalarConstant(0, .float32), lead + [.fixed(windows.area)])
      let summed = try build.scatter(
        empty, at: .ints(windows.places), columns, axis: lead.count, mode: "add")
      let size = windows.paddedSize
      var image = try build.reshape(summed, to: lead + size.map { .fixed($0) })
      for (k, pad) in windows.padding.enumerated() where pad > 0 {
        image = try build.part(
          image, axis: lead.count + k, from: .fixed(pad), count: .fixed(size[k] - 2 * pad))
      }
      return image
    },
    .custom("aten.as_strided.default", aliases: true) { call, build in
      let source = try call.tensor("self")
      guard let meta = call.operandMetas["self"], source.views.isEmpty, meta.isContiguous else {
        throw call.fault(
          "'as_strided' of a view is not supported", fix: "make the tensor contiguous before")
      }
      let sizes = try call.ints("size")
      let strides = try call.ints("stride")
      let offset = try call.int("storage_offset", default: 0)
      guard sizes.count == strides.count, let total = elementCount(sizes), total <= 1 << 22 else {
        throw call.fault("'size' \(sizes) and 'stride' \(strides) are not supported")
      }
      let places = zip(sizes, strides).reduce([offset]) { places, axis in
        places.flatMap { place in (0..<axis.0).map { place + $0 * axis.1 } }
      }
      return [
        .tensor(
          source.viewed(
            .opaque(
              { x, build in
                let line = try build.flattened(x)
                return try build.reshape(
                  build.gather(line, .ints(places), axis: 0), to: sizes.map { .fixed($0) })
              }, put: Set(places).count == places.count ? putting(at: places) : nil)))
      ]
    },
  ]

  /// Writes elements, in row-major order, to `places` of the flat base.
  private static func putting(
    at places: [Int]
  ) -> (_ base: Value, _ value: Value, FunctionBuilder) throws -> Value {
    { base, value, build in
      let line = try build.asNumber(build.flattened(base)) { line in
        try build.scatter(
          line, at: .ints(places), build.cast(build.flattened(value), to: build.dtype(of: line)),
          axis: 0, mode: "update")
      }
      return try build.reshape(line, to: build.shape(of: base))
    }
  }
}

/// The windows of `im2col` over an image: where each of their elements lies.
private struct Windows {
  let padding: [Int]
  let paddedSize: [Int]
  /// Flat positions in the padded image: kernel positions outside, windows inside.
  let places: [Int]

  var area: Int { paddedSize.reduce(1, *) }

  init(_ call: TorchCall, _ image: [Int]) throws {
    guard image.count == 2 else {
      throw call.fault("the size of the image is not fixed", fix: "export with a fixed size")
    }
    let kernel = try call.perAxis("kernel_size", 2, default: 1)
    let dilation = try call.perAxis("dilation", 2, default: 1)
    let stride = try call.perAxis("stride", 2, default: 1)
    let padding = try call.perAxis("padding", 2, default: 0)
    guard (kernel + dilation + stride).allSatisfy({ $0 > 0 }), padding.allSatisfy({ $0 >= 0 })
    else { throw call.fault("the kernel, dilation and stride must be positive") }
    let size = (0..<2).map { image[$0] + 2 * padding[$0] }
    let counts = (0..<2).map { axis -> Int in
      let span: Int = dilation[axis] * (kernel[axis] - 1) + 1
      return size[axis] < span ? 0 : (size[axis] - span) / stride[axis] + 1
    }
    let (height, width) = (counts[0], counts[1])
    var places: [Int] = []
    for i in 0..<kernel[0] {
      for j in 0..<kernel[1] {
        let corner: Int = i * dilation[0] * size[1] + j * dilation[1]
        for row in 0..<height {
          let start: Int = corner + row * stride[0] * size[1]
          for column in 0..<width { places.append(start + column * stride[1]) }
        }
      }
    }
    self.padding = padding
    self.paddedSize = size
    self.places = places
  }
}

extension TensorMeta {
  /// Whether elements lie in row-major order without gaps from the start of their storage.
  var isContiguous: Bool {
    var expected = Dim.fixed(1)
    for (size, stride) in zip(sizes, strides).reversed() where size != 1 {
      if stride != expected { return false }
      expected = expected * size
    }
    return offset == 0
  }
}

extension FunctionBuilder {
  /// `x` with zeros around its last axes.
  func padded(_ x: Value, by amounts: [Int]) throws -> Value {
    if amounts.allSatisfy({ $0 == 0 }) { return x }
    let rank = try rank(of: x)
    let pairs =
      Array(repeating: 0, count: 2 * (rank - amounts.count)) + amounts.flatMap { [$0, $0] }
    let dtype = try self.dtype(of: x)
    let padded = try mil.pad(
      x: cast(x, to: .float32), pad: .ints(pairs), mode: "constant", constant_val: 0.0)
    return try convert(padded, to: dtype)
  }
}
