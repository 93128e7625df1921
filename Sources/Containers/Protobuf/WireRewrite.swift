// SPDX-License-Identifier: Apache-2.0

/// A message in wire format without its large fields: pieces of the file and new bytes.
struct WireRewrite {
  private enum Piece {
    case file(Range<Int>)
    case new([UInt8])
  }

  private var pieces: [Piece] = []
  private(set) var count = 0

  mutating func copy(_ range: Range<Int>) {
    if range.isEmpty { return }
    pieces.append(.file(range))
    count += range.count
  }

  /// A submessage, with the length that it has now.
  mutating func nest(_ number: UInt32, _ part: WireRewrite) {
    add(Self.varint(UInt64(number) << 3 | 2) + Self.varint(UInt64(part.count)))
    pieces += part.pieces
    count += part.count
  }

  /// Notes in the message where a field of it lies in the file.
  mutating func leave(_ note: RangeNote) {
    let content = note.bytes
    add(Self.varint(UInt64(ProtoView.rangeNote) << 3 | 2) + Self.varint(UInt64(content.count)))
    add(content)
  }

  private mutating func add(_ bytes: [UInt8]) {
    pieces.append(.new(bytes))
    count += bytes.count
  }

  /// Joins the pieces, taking from `file` what is in the file.
  func bytes(of file: UnsafeRawBufferPointer) -> [UInt8] {
    var joined: [UInt8] = []
    joined.reserveCapacity(count)
    for piece in pieces {
      switch piece {
      case .file(let range): joined.append(contentsOf: file[range])
      case .new(let bytes): joined.append(contentsOf: bytes)
      }
    }
    return joined
  }

  private static func varint(_ value: UInt64) -> [UInt8] {
    var rest = value
    var bytes: [UInt8] = []
    while rest >= 0x80 {
      bytes.append(UInt8(rest & 0x7f) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
    return bytes
  }
}

/// Where the content of field `number` lies in the file; travels as an unknown field.
struct RangeNote {
  let number: UInt32
  let offset: Int
  let count: Int

  init(number: UInt32, _ range: Range<Int>) {
    self.number = number
    offset = range.lowerBound
    count = range.count
  }

  /// Reads the payload of the unknown field: its length, then three integers.
  init?(_ field: UnsafeRawBufferPointer) {
    guard field.count == 25 else { return nil }
    number = UInt32(truncatingIfNeeded: field.loadUnaligned(fromByteOffset: 1, as: UInt64.self))
    offset = field.loadUnaligned(fromByteOffset: 9, as: Int.self)
    count = field.loadUnaligned(fromByteOffset: 17, as: Int.self)
  }

  var bytes: [UInt8] {
    [Int(number), offset, count].flatMap { value in withUnsafeBytes(of: value) { Array($0) } }
  }
}
