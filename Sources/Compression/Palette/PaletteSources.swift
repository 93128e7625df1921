// SPDX-License-Identifier: Apache-2.0
import Tensors

extension PalettizedWeight {
  /// Packs the indices of `range` into `buffer`.
  fileprivate func pack(
    _ range: Range<Int>, into buffer: UnsafeMutableRawBufferPointer
  ) throws {
    var packer = PackedWriter(palette.indexDType, buffer)
    try forEachPiece(in: range) { packer.append($0.codes, $0.range.count) }
    packer.finish()
  }
}

/// The indices of a palettized weight, packed.
final class PaletteIndices: WeightSource {
  private let weight: PalettizedWeight

  init(_ weight: PalettizedWeight) { self.weight = weight }

  var dtype: DType { weight.palette.indexDType }
  var shape: [Int] { weight.layout.indexShape }
  var key: String { "indices(\(weight.key))" }
  var derivation: SourceDerivation? { weight.derivation("indices") }

  func read(_ range: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws {
    try weight.pack(range, into: buffer)
  }
}

/// The same as iOS 16 stores them: a vector of bytes.
final class PaletteIndexBytes: WeightSource {
  private let weight: PalettizedWeight
  let shape: [Int]

  init(_ weight: PalettizedWeight) {
    self.weight = weight
    shape = [(weight.source.count * weight.palette.bits + 7) / 8]
  }

  var dtype: DType { .uint8 }
  var key: String { "index bytes(\(weight.key))" }
  var derivation: SourceDerivation? { weight.derivation("index bytes") }

  func read(_ range: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws {
    // Eight indices are `bits` bytes.
    let bits = weight.palette.bits
    let first = range.lowerBound / bits * bits
    let last = (range.upperBound + bits - 1) / bits * bits
    let indices = first / bits * 8..<min(last / bits * 8, weight.source.count)
    if first == range.lowerBound, min(last, shape[0]) == range.upperBound {
      return try weight.pack(indices, into: buffer)
    }
    try withUnsafeTemporaryAllocation(byteCount: last - first, alignment: 8) { bytes in
      try weight.pack(indices, into: bytes)
      let start = range.lowerBound - first
      buffer.copyMemory(from: .init(rebasing: bytes[start..<(start + range.count)]))
    }
  }
}

/// The tables of a palettized weight, in the dtype of the weight, or in int8 if they are quantized.
final class PaletteTables: WeightSource {
  private let weight: PalettizedWeight
  let shape: [Int]
  let dtype: DType

  init(_ weight: PalettizedWeight, shape: [Int]) {
    self.weight = weight
    self.shape = shape
    dtype = weight.palette.tableDType ?? weight.source.dtype
  }

  var key: String { "tables(\(shape),\(weight.key))" }
  var derivation: SourceDerivation? { weight.derivation("tables") }

  func read(_ range: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws {
    let size = weight.palette.entryCount * weight.layout.clusterSize
    try weight.forEachTable(range.lowerBound / size..<(range.upperBound + size - 1) / size) {
      group, table in
      let wanted = (group * size..<(group + 1) * size).clamped(to: range)
      for place in wanted {
        let (to, from) = (place - range.lowerBound, place - group * size)
        if let quantized = table.quantized {
          buffer.storeBytes(of: quantized.codes[from], toByteOffset: to, as: Int8.self)
        } else if weight.isHalf {
          buffer.storeBytes(
            of: Float16(table.entries[from]), toByteOffset: 2 * to, as: Float16.self)
        } else {
          buffer.storeBytes(of: table.entries[from], toByteOffset: 4 * to, as: Float.self)
        }
      }
    }
  }
}

/// Scales of a palettized weight, in its dtype.
final class PaletteScales: WeightSource {
  private let weight: PalettizedWeight
  private let isOfTables: Bool
  let shape: [Int]

  /// Those of its quantized tables, or those along its channels.
  init(_ weight: PalettizedWeight, ofTables: Bool) {
    self.weight = weight
    isOfTables = ofTables
    shape = ofTables ? weight.layout.tableScaleShape : weight.layout.scaleShape
  }

  var dtype: DType { weight.source.dtype }
  var key: String { "\(isOfTables ? "table" : "channel") scales(\(weight.key))" }

  func read(_ range: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws {
    var values: [Float] = []
    if isOfTables {
      try weight.forEachTable(range) { _, table in values.append(table.quantized?.scale ?? 1) }
    } else {
      values = Array((try weight.scales() ?? [])[range])
    }
    for (place, value) in values.enumerated() {
      if weight.isHalf {
        buffer.storeBytes(of: Float16(value), toByteOffset: 2 * place, as: Float16.self)
      } else {
        buffer.storeBytes(of: value, toByteOffset: 4 * place, as: Float.self)
      }
    }
  }
}

extension PalettizedWeight {
  /// Gives the tables of `groups` to `body`.
  func forEachTable(_ groups: Range<Int>, _ body: (Int, PaletteTable) throws -> Void) throws {
    if groups.isEmpty { return }
    if isLocal {
      for group in groups { try body(group, table(of: group)) }
    } else {
      for (group, table) in zip(groups, try tables(of: groups)) { try body(group, table) }
    }
  }
}
