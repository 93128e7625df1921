// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Buffers for tiles that are used over and over: a fresh one costs a page fault for every page.
enum Scratch {
  private struct Piece: @unchecked Sendable {
    let bytes: UnsafeMutableRawBufferPointer
  }

  private static let unused = Mutex<[Piece]>([])
  /// Larger ones are not kept.
  private static let limit = 1 << 20

  /// Gives `body` a buffer of `size` bytes, aligned to 64 and not initialized.
  static func withBytes<Result>(
    _ size: Int, _ body: (UnsafeMutableRawBufferPointer) throws -> Result
  ) rethrows -> Result {
    let piece = take(size)
    defer { give(piece) }
    return try body(UnsafeMutableRawBufferPointer(rebasing: piece.bytes[..<size]))
  }

  private static func take(_ size: Int) -> Piece {
    let found = unused.withLock { unused -> Piece? in
      unused.lastIndex { $0.bytes.count >= size }.map { unused.remove(at: $0) }
    }
    // Whole steps, so that tiles of almost equal sizes share.
    let capacity = (size + 0xffff) & ~0xffff
    return found ?? Piece(bytes: .allocate(byteCount: max(capacity, 64), alignment: 64))
  }

  private static func give(_ piece: Piece) {
    let kept = unused.withLock { unused -> Bool in
      guard piece.bytes.count <= limit, unused.count < 32 else { return false }
      unused.append(piece)
      return true
    }
    if !kept { piece.bytes.deallocate() }
  }
}
