// SPDX-License-Identifier: Apache-2.0
import CProtobufC

/// Memory of the C structures of one decoded or encoded message tree; freed all at once.
///
/// Filled by one thread and never changed afterwards, hence the unchecked `Sendable`.
final class ProtoArena: @unchecked Sendable {
  /// Set when fields of the decoded tree were left in the file.
  var hasRanges = false
  private let state: UnsafeMutablePointer<State>

  fileprivate struct State {
    var chunks: [UnsafeMutableRawPointer] = []
    var next: UnsafeMutableRawPointer?
    var left = 0
    var chunkSize = 4096
  }

  init() {
    state = .allocate(capacity: 1)
    state.initialize(to: State())
  }

  deinit {
    for chunk in state.pointee.chunks { chunk.deallocate() }
    state.deinitialize(count: 1)
    state.deallocate()
  }

  /// `count` bytes, aligned for any C type.
  func allocate(_ count: Int) -> UnsafeMutableRawPointer { state.pointee.allocate(count) }

  /// Runs `body` with an allocator of protobuf-c that takes from this arena.
  func withAllocator<T>(_ body: (UnsafeMutablePointer<ProtobufCAllocator>) -> T) -> T {
    var allocator = ProtobufCAllocator(
      alloc: { data, size in
        data?.assumingMemoryBound(to: State.self).pointee.allocate(size)
      },
      free: { _, _ in },
      allocator_data: UnsafeMutableRawPointer(state))
    return body(&allocator)
  }
}

extension ProtoArena.State {
  mutating func allocate(_ count: Int) -> UnsafeMutableRawPointer {
    let size = (max(count, 1) + 15) & ~15
    if size > left { grow(for: size) }
    guard let pointer = next else { return grow(for: size) }
    next = pointer + size
    left -= size
    return pointer
  }

  @discardableResult
  private mutating func grow(for size: Int) -> UnsafeMutableRawPointer {
    chunkSize = min(chunkSize * 2, 1 << 20)
    left = max(chunkSize, size)
    let chunk = UnsafeMutableRawPointer.allocate(byteCount: left, alignment: 16)
    chunks.append(chunk)
    next = chunk
    return chunk
  }
}
