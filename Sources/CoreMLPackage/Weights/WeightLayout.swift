// SPDX-License-Identifier: Apache-2.0
import Tensors

/// Where every weight of a program lies in its weight file: sizes are known before a byte is
/// computed. Equal weights share a place.
struct WeightLayout {
  struct Blob {
    let source: any WeightSource
    /// Where the record starts; the data follow it.
    let offset: Int
    let byteCount: Int

    var dataOffset: Int { offset + BlobRecord.size }
    var record: BlobRecord {
      BlobRecord(
        dtype: source.dtype, byteCount: byteCount, dataOffset: dataOffset,
        paddingBits: BlobRecord.paddingBits(source.dtype, count: source.count))
    }
  }

  private struct Kind: Hashable {
    let dtype: DType
    let count: Int
  }

  private(set) var blobs: [Blob] = []
  /// Bytes of the whole file.
  private(set) var fileSize = BlobRecord.alignment
  private var byKey: [String: Int] = [:]
  private var byKind: [Kind: [Int]] = [:]
  private var fingerprints: [Int: ContentHash] = [:]

  var dataSize: Int { blobs.reduce(0) { $0 + $1.byteCount } }

  /// Gives `source` a place, that of an equal weight where there is one, and the offset of its
  /// record. Throws when a source must be looked at and cannot be read.
  mutating func place(_ source: any WeightSource) throws -> Int {
    let key = source.key
    if let index = byKey[key] { return blobs[index].offset }
    let index = try indexOfEqual(source) ?? append(source)
    byKey[key] = index
    return blobs[index].offset
  }

  private mutating func append(_ source: any WeightSource) -> Int {
    let offset = BlobRecord.aligned(fileSize)
    let blob = Blob(source: source, offset: offset, byteCount: source.byteCount)
    fileSize = blob.dataOffset + blob.byteCount
    blobs.append(blob)
    byKind[Kind(dtype: source.dtype, count: source.count), default: []].append(blobs.count - 1)
    return blobs.count - 1
  }

  /// A blob that holds the same bytes: found by size, then by samples, then by comparing all.
  private mutating func indexOfEqual(_ source: any WeightSource) throws -> Int? {
    let candidates = byKind[Kind(dtype: source.dtype, count: source.count)] ?? []
    if candidates.isEmpty { return nil }
    let fingerprint = try WeightComparison.fingerprint(source)
    for index in candidates {
      let other = try self.fingerprint(index)
      if other == fingerprint, try WeightComparison.areEqual(blobs[index].source, source) {
        return index
      }
    }
    // What `append` is about to number.
    fingerprints[blobs.count] = fingerprint
    return nil
  }

  private mutating func fingerprint(_ index: Int) throws -> ContentHash {
    if let known = fingerprints[index] { return known }
    let hash = try WeightComparison.fingerprint(blobs[index].source)
    fingerprints[index] = hash
    return hash
  }
}

/// Equality of weights by their elements, never holding one whole.
enum WeightComparison {
  private static let sample = 128
  private static let tile = 1 << 18

  /// Elements of the beginning, the middle and the end.
  static func fingerprint(_ source: any WeightSource) throws -> ContentHash {
    let count = source.count
    var bytes: [UInt8] = []
    for start in [0, count / 2 & ~7, max(0, count - sample) & ~7] {
      bytes += try elements(source, start..<min(start + sample, count))
    }
    return ContentHash.of(bytes)
  }

  static func areEqual(_ a: any WeightSource, _ b: any WeightSource) throws -> Bool {
    for start in stride(from: 0, to: a.count, by: tile) {
      let range = start..<min(start + tile, a.count)
      if try elements(a, range) != elements(b, range) { return false }
    }
    return true
  }

  private static func elements(_ source: any WeightSource, _ range: Range<Int>) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: source.dtype.byteCount(range.count) ?? 0)
    try bytes.withUnsafeMutableBytes { try source.read(range, into: $0) }
    return bytes
  }
}
