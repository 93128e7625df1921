// SPDX-License-Identifier: Apache-2.0
import Tensors

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension Kernel {
  /// Reading images at computed positions; positions and weights in double precision.
  static let resampling: [Kernel] = [
    Kernel("resample") { call in
      let (x, points) = (try call.floatTensor("x"), try call.tensor("coordinates"))
      guard x.rank == 4, points.rank == 4, points.shape[3] == 2, points.shape[0] == x.shape[0]
      else {
        throw call.fault("coordinates of \(points.shape) do not fit x of shape \(x.shape)")
      }
      let sampler = try ImageSampler(call, x)
      let values = points.doubles
      return try sampler.image(points.shape[1], points.shape[2]) { n, h, w in
        let at = ((n * points.shape[1] + h) * points.shape[2] + w) * 2
        return (values[at], values[at + 1])
      }
    },
    Kernel("affine") { call in
      let (x, matrix) = (try call.floatTensor("x"), try call.floatTensor("transform_matrix"))
      let (height, width) = (try call.int("output_height"), try call.int("output_width"))
      guard x.rank == 4, matrix.rank == 2, matrix.shape[1] == 6,
        matrix.shape[0] == 1 || matrix.shape[0] == x.shape[0], height >= 0, width >= 0
      else { throw call.fault("a matrix of \(matrix.shape) does not fit x of shape \(x.shape)") }
      let m = matrix.doubles
      let sampler = try ImageSampler(call, x)
      return try sampler.image(height, width) { n, h, w in
        // The output's own coordinates run from -1 to 1, as those of the input do.
        let (px, py) = (ImageSampler.normalized(w, width), ImageSampler.normalized(h, height))
        let row = matrix.shape[0] == 1 ? 0 : 6 * n
        return (
          m[row] * px + m[row + 1] * py + m[row + 2], m[row + 3] * px + m[row + 4] * py + m[row + 5]
        )
      }
    },
    Kernel("crop_resize") { call in
      let x = try call.floatTensor("x")
      guard x.rank == 4 else { throw call.fault("x has rank \(x.rank), not 4") }
      return try call.has("boxes") ? cropBoxes(call, x) : cropRegions(call, x)
    },
  ]

  /// The form of iOS 17: `[N, 4]` boxes, each of one image.
  private static func cropBoxes(_ call: KernelCall, _ x: Tensor) throws -> Tensor {
    let boxes = try call.tensor("boxes")
    guard boxes.rank == 2, boxes.shape[1] == 4 else {
      throw call.fault("'boxes' has shape \(boxes.shape)")
    }
    let images = try call.ints("box_indices", default: Array(0..<boxes.shape[0]))
    guard images.count == boxes.shape[0], images.allSatisfy({ $0 >= 0 && $0 < x.shape[0] }) else {
      throw call.fault("box indices \(images) do not fit \(x.shape[0]) images")
    }
    let values = boxes.doubles
    let crops = images.indices.map { (image: images[$0], box: Array(values[4 * $0..<4 * $0 + 4])) }
    return try call.crop(x, crops, leading: [boxes.shape[0]])
  }

  /// The form before: `[N, 1, 4, 1, 1]` boxes of every image or `[N, 1, 5, 1, 1]` with an index.
  private static func cropRegions(_ call: KernelCall, _ x: Tensor) throws -> Tensor {
    let regions = try call.floatTensor("roi")
    guard regions.rank == 5, [4, 5].contains(regions.shape[2]),
      regions.count == regions.shape[0] * regions.shape[2]
    else { throw call.fault("'roi' has shape \(regions.shape)") }
    let (count, width) = (regions.shape[0], regions.shape[2])
    let values = regions.doubles
    var crops: [(image: Int, box: [Double])] = []
    for i in 0..<count {
      let box = Array(values[i * width..<(i + 1) * width])
      if width == 4 {
        for n in 0..<x.shape[0] { crops.append((n, box)) }
      } else {
        guard box[0] >= 0, box[0] < Double(x.shape[0]) else {
          throw call.fault("region \(i) is of image \(box[0]) of \(x.shape[0])")
        }
        crops.append((Int(box[0]), Array(box[1...])))
      }
    }
    return try call.crop(x, crops, leading: [count, width == 4 ? x.shape[0] : 1])
  }
}

extension KernelCall {
  /// Boxes cut out of images and resized, `leading + [C, height, width]`.
  fileprivate func crop(
    _ x: Tensor, _ crops: [(image: Int, box: [Double])], leading: [Int]
  ) throws -> Tensor {
    let (height, width) = (
      try int("target_height", default: 1), try int("target_width", default: 1)
    )
    let mode = try SamplingMode(self)
    let pad = try float("pad_value", default: 0)
    let (rows, columns) = (x.shape[2], x.shape[3])
    let y = try make(x.dtype, leading + [x.shape[1], height, width])
    var target = 0
    for (image, box) in crops {
      let (h, w) = try bounds(box, rows, columns)
      for channel in 0..<x.shape[1] {
        let plane = (image * x.shape[1] + channel) * rows * columns
        for i in 0..<height {
          let py = h.0 + mode.position(i, of: height, span: h.1 - h.0 + 1)
          for j in 0..<width {
            let px = w.0 + mode.position(j, of: width, span: w.1 - w.0 + 1)
            let inside =
              py >= 0 && py <= Double(rows - 1) && px >= 0 && px <= Double(columns - 1)
            y.floats[target] =
              inside ? bilinear(x.floats, plane, rows, columns, px, py) : pad
            target += 1
          }
        }
      }
    }
    return y
  }

  /// First and last row and column of a box, in pixels.
  private func bounds(
    _ box: [Double], _ rows: Int, _ columns: Int
  ) throws -> ((Double, Double), (Double, Double)) {
    let mode = try string("box_coordinate_mode", default: "CORNERS_HEIGHT_FIRST")
    let scale = try double("spatial_scale", default: 1)
    let normalized = try bool("normalized_coordinates", default: false)
    var (h, w): ((Double, Double), (Double, Double))
    switch mode {
    case "CORNERS_HEIGHT_FIRST": (h, w) = ((box[0], box[2]), (box[1], box[3]))
    case "CORNERS_WIDTH_FIRST": (h, w) = ((box[1], box[3]), (box[0], box[2]))
    case "CENTER_SIZE_HEIGHT_FIRST": (h, w) = (ends(box[0], box[2]), ends(box[1], box[3]))
    case "CENTER_SIZE_WIDTH_FIRST": (h, w) = (ends(box[1], box[3]), ends(box[0], box[2]))
    default: throw fault("no mode '\(mode)'", .unsupportedArgument)
    }
    let (hs, ws) =
      normalized ? (scale * Double(rows - 1), scale * Double(columns - 1)) : (scale, scale)
    h = (h.0 * hs, h.1 * hs)
    w = (w.0 * ws, w.1 * ws)
    return (h, w)
  }

  private func ends(_ center: Double, _ size: Double) -> (Double, Double) {
    (center - size / 2, center + size / 2)
  }
}

/// The value of an image plane between its pixels. C1: the point lies within the plane.
func bilinear(
  _ x: UnsafeMutableBufferPointer<Float>, _ plane: Int, _ rows: Int, _ columns: Int, _ px: Double,
  _ py: Double
) -> Float {
  let (i, j) = (Int(py.rounded(.down)), Int(px.rounded(.down)))
  let (down, right) = (min(i + 1, rows - 1), min(j + 1, columns - 1))
  let (u, v) = (py - Double(i), px - Double(j))
  func pixel(_ row: Int, _ column: Int) -> Double { Double(x[plane + row * columns + column]) }
  let top = pixel(i, j) * (1 - v) + pixel(i, right) * v
  let bottom = pixel(down, j) * (1 - v) + pixel(down, right) * v
  return Float(top * (1 - u) + bottom * u)
}

/// Reads an image at any position, with padding around it.
struct ImageSampler {
  private enum Padding: String { case constant, border, reflection, symmetric }

  private let call: KernelCall
  private let x: Tensor
  private let nearest: Bool
  private let padding: Padding
  private let fill: Double
  private let coordinates: String
  private let aligned: Bool

  init(_ call: KernelCall, _ x: Tensor) throws {
    self.call = call
    self.x = x
    let mode = try call.string("sampling_mode")
    guard mode == "bilinear" || mode == "nearest",
      let padding = Padding(rawValue: try call.string("padding_mode"))
    else { throw call.fault("unknown sampling or padding mode", .unsupportedArgument) }
    nearest = mode == "nearest"
    self.padding = padding
    fill = try call.double("padding_value", default: 0)
    coordinates = try call.string("coordinates_mode")
    aligned = try call.bool("align_corners")
    let known = ["unnormalized", "normalized_minus_one_to_one", "normalized_zero_to_one"]
    guard known.contains(coordinates) else {
      throw call.fault("no coordinates mode '\(coordinates)'", .unsupportedArgument)
    }
  }

  /// Pixel `i` of `extent` in coordinates from -1 to 1.
  static func normalized(_ i: Int, _ extent: Int) -> Double {
    extent == 1 ? 0 : 2 * Double(i) / Double(extent - 1) - 1
  }

  /// An image whose pixel (n, h, w) shows the input at the (x, y) that `point` gives.
  func image(_ height: Int, _ width: Int, _ point: (Int, Int, Int) -> (Double, Double)) throws
    -> Tensor
  {
    let (batch, channels, rows, columns) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
    let y = try call.make(x.dtype, [batch, channels, height, width])
    guard rows > 0, columns > 0 else { throw call.fault("x of shape \(x.shape) has no pixels") }
    for n in 0..<batch {
      for h in 0..<height {
        for w in 0..<width {
          let (a, b) = point(n, h, w)
          let px = folded(pixels(a, columns), columns)
          let py = folded(pixels(b, rows), rows)
          for c in 0..<channels {
            let plane = (n * channels + c) * rows * columns
            y.floats[((n * channels + c) * height + h) * width + w] =
              Float(value(plane, px, py, rows, columns))
          }
        }
      }
    }
    return y
  }

  /// A coordinate as a position in pixels.
  private func pixels(_ value: Double, _ extent: Int) -> Double {
    let size = Double(extent)
    switch coordinates {
    case "normalized_minus_one_to_one":
      return aligned ? (value + 1) / 2 * (size - 1) : ((value + 1) * size - 1) / 2
    case "normalized_zero_to_one": return aligned ? value * (size - 1) : value * size - 0.5
    default: return value
    }
  }

  /// A position brought back into the image, where padding repeats the image.
  private func folded(_ position: Double, _ extent: Int) -> Double {
    let last = Double(extent - 1)
    guard position.isFinite else { return -2 }
    switch padding {
    case .constant: return min(max(position, -2), last + 2)
    case .border: return min(max(position, 0), last)
    case .reflection: return mirrored(position, 0, last)
    case .symmetric: return min(max(mirrored(position, -0.5, last + 0.5), 0), last)
    }
  }

  private func mirrored(_ position: Double, _ low: Double, _ high: Double) -> Double {
    let span = high - low
    if span <= 0 { return low }
    let offset = fmod(abs(position - low), 2 * span)
    return low + (offset > span ? 2 * span - offset : offset)
  }

  private func value(
    _ plane: Int, _ px: Double, _ py: Double, _ rows: Int, _ columns: Int
  ) -> Double {
    func pixel(_ row: Int, _ column: Int) -> Double {
      guard row >= 0, row < rows, column >= 0, column < columns else { return fill }
      return Double(x.floats[plane + row * columns + column])
    }
    if nearest {
      return pixel(Int(py.rounded(.toNearestOrEven)), Int(px.rounded(.toNearestOrEven)))
    }
    let (i, j) = (Int(py.rounded(.down)), Int(px.rounded(.down)))
    let (u, v) = (py - Double(i), px - Double(j))
    let top = pixel(i, j) * (1 - v) + (v == 0 ? 0 : pixel(i, j + 1) * v)
    if u == 0 { return top }
    return top * (1 - u) + (pixel(i + 1, j) * (1 - v) + (v == 0 ? 0 : pixel(i + 1, j + 1) * v)) * u
  }
}
