// SPDX-License-Identifier: Apache-2.0
import CKernels
import Tensors

/// `(data - offset) * scale`, a scale and an offset for each block: what
/// `constexpr_blockwise_shift_scale` and `constexpr_affine_dequantize` stand for.
///
/// The arithmetic is that of coremltools: of a float16 scale, the data and, unless the offset is
/// float32, the difference are rounded to float16; the product always is.
final class ShiftScaleSource: DecodedSource {
  private let data: any WeightSource
  private let scale: any WeightSource
  private let offset: (any WeightSource)?
  private let grid: BlockGrid
  private let roundsData: Bool
  private let roundsDifference: Bool
  let key: String

  var dtype: DType { scale.dtype }
  var shape: [Int] { data.shape }

  /// C1: the elements of `scale` and `offset` are the blocks of `grid`, which is one of `data`.
  /// C2: `scale` is float16 or float32. `isAffine` for the arithmetic of iOS 16: all in float32.
  init(
    _ data: any WeightSource, scale: any WeightSource, offset: (any WeightSource)?,
    grid: BlockGrid, isAffine: Bool
  ) {
    self.data = data
    self.scale = scale
    self.offset = offset
    self.grid = grid
    let isHalf = scale.dtype == .float16 && !isAffine
    roundsData = isHalf && data.dtype == .float32
    // Differences of codes are exact.
    roundsDifference =
      isHalf
      && offset.map { $0.dtype != .float32 && ($0.dtype.isFloat || data.dtype.isFloat) }
        ?? false
    key =
      "shiftscale(\(data.key),\(scale.key),\(offset?.key ?? ""),\(data.shape),\(scale.shape),"
      + "\(isAffine))"
  }

  func decode(_ range: Range<Int>, into target: UnsafeMutableRawPointer) throws {
    if range.isEmpty { return }
    if dtype == .float32 {
      return try floats(range, into: target.assumingMemoryBound(to: Float.self))
    }
    try Decoding.withScratch(Float.self, range.count) { values in
      try floats(range, into: values)
      mpk_f32_to_f16(values, target.assumingMemoryBound(to: UInt16.self), range.count)
    }
  }

  private func floats(_ range: Range<Int>, into values: UnsafeMutablePointer<Float>) throws {
    let blocks = grid.blocks(of: range)
    try Decoding.withScratch(Float.self, range.count) { codes in
      try data.readFloats(range, into: codes)
      if roundsData { mpk_round_to_f16(codes, range.count) }
      try Decoding.withScratch(Float.self, blocks.count) { scales in
        try scale.readFloats(blocks, into: scales)
        guard let offset else { return run(range, blocks, codes, scales, nil, values) }
        try Decoding.withScratch(Float.self, blocks.count) { offsets in
          try offset.readFloats(blocks, into: offsets)
          run(range, blocks, codes, scales, offsets, values)
        }
      }
    }
  }

  private func run(
    _ range: Range<Int>, _ blocks: Range<Int>, _ codes: UnsafePointer<Float>,
    _ scales: UnsafePointer<Float>, _ offsets: UnsafePointer<Float>?,
    _ values: UnsafeMutablePointer<Float>
  ) {
    grid.forEachRun(in: range) { start, count, block, phase in
      let place = start - range.lowerBound
      let first = block - blocks.lowerBound
      mpk_shift_scale(
        codes + place, count, phase, grid.inner, scales + first, offsets.map { $0 + first },
        roundsDifference ? 1 : 0, values + place)
    }
  }
}
