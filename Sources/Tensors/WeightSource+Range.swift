// SPDX-License-Identifier: Apache-2.0

extension WeightSource {
  /// The first element that `int32` cannot hold, where the type has any.
  package func firstPastInt32() throws -> String? {
    guard [.int64, .uint64, .uint32].contains(dtype) else { return nil }
    let tile = 1 << 16
    for start in stride(from: 0, to: count, by: tile) {
      let range = start..<min(start + tile, count)
      var bytes = [UInt8](repeating: 0, count: range.count * dtype.bitWidth / 8)
      try bytes.withUnsafeMutableBytes { try read(range, into: $0) }
      let data = try TensorData(dtype: dtype, shape: [range.count], bytes: bytes)
      let found =
        dtype == .int64
        ? data.ints.first { Int32(exactly: $0) == nil }.map { "\($0)" }
        : data.doubles.first { $0 > Double(Int32.max) }.map { "\(UInt64(saturating: $0))" }
      if let found { return found }
    }
    return nil
  }
}
