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

    /// What tells whether another blob is equal.
    fileprivate var base: any WeightSource { source.derivation?.base ?? source }

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
    /// How the elements are computed, where that is expensive.
    let recipe: String?

    init(_ source: any WeightSource) {
      dtype = source.dtype
      count = source.count
      recipe = source.derivation?.recipe
    }
  }

  private(set) var blobs: [Blob] = []
  /// Bytes of the whole file.
  private(set) var fileSize = BlobRecord.alignment
  private var byKey: [String: Int] = [:]
  private var byKind: [Kind: [Int]] = [:]
  /// Of blobs that had to be looked at, by index.
  private var samples: [Int: ContentHash] = [:]
  private var hashes: [Int: ContentHash] = [:]

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
    byKind[Kind(source), default: []].append(blobs.count - 1)
    return blobs.count - 1
  }

  /// A blob that holds the same bytes: found by size, then by samples, then by a hash of all; of
  /// what bytes are computed from where that is expensive.
  private mutating func indexOfEqual(_ source: any WeightSource) throws -> Int? {
    let candidates = byKind[Kind(source)] ?? []
    if candidates.isEmpty { return nil }
    let source = source.derivation?.base ?? source
    let sample = try WeightHash.ofSamples(source)
    let alike = try candidates.filter { try self.sample($0) == sample }
    if !alike.isEmpty {
      let hash = try WeightHash.ofAll(source)
      for index in alike where try self.hash(index) == hash { return index }
      hashes[blobs.count] = hash
    }
    // What `append` is about to number.
    samples[blobs.count] = sample
    return nil
  }

  private mutating func sample(_ index: Int) throws -> ContentHash {
    if let known = samples[index] { return known }
    let hash = try WeightHash.ofSamples(blobs[index].base)
    samples[index] = hash
    return hash
  }

  private mutating func hash(_ index: Int) throws -> ContentHash {
    if let known = hashes[index] { return known }
    let hash = try WeightHash.ofAll(blobs[index].base)
    hashes[index] = hash
    return hash
  }
}

/// Hashes of the elements of weights, never holding one whole.
enum WeightHash {
  private static let sample = 128
  private static let tile = 1 << 17

  /// Of the beginning, the middle and the end.
  static func ofSamples(_ source: any WeightSource) throws -> ContentHash {
    let count = source.count
    let starts = [0, count / 2 & ~7, max(0, count - sample) & ~7]
    return try hash(source, starts.map { $0..<min($0 + sample, count) })
  }

  static func ofAll(_ source: any WeightSource) throws -> ContentHash {
    let count = source.count
    return try hash(
      source, stride(from: 0, to: count, by: tile).lazy.map { $0..<min($0 + tile, count) })
  }

  private static func hash(
    _ source: any WeightSource, _ ranges: some Sequence<Range<Int>>
  ) throws -> ContentHash {
    var hasher = ContentHasher()
    let room = source.dtype.byteCount(min(tile, source.count)) ?? 0
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: room, alignment: 64)
    defer { buffer.deallocate() }
    for range in ranges {
      let bytes = source.dtype.byteCount(range.count) ?? 0
      let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<bytes])
      try source.read(range, into: part)
      hasher.update(UnsafeRawBufferPointer(part))
    }
    return hasher.hash
  }
}
