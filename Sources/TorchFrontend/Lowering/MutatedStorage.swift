// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Tensors

/// The stored tensors that the graph changes.
///
/// Several names may share one storage: a cache registered as a buffer is also captured as a
/// constant where the model reached it another way. A write to one is a write to all, so one of
/// them, a buffer where there is one, carries the storage for all.
struct MutatedStorage {
  private var owners: [String: String] = [:]

  init(_ program: TorchProgram) {
    let written = program.graph.mutatedPlaceholders
    var mutated = Set<String>()
    for spec in program.inputs {
      guard let (argument, name) = spec.stored, written.contains(argument) else { continue }
      mutated.insert(Self.storage(program, name))
    }
    for case .bufferMutation(_, let buffer) in program.outputs {
      mutated.insert(Self.storage(program, buffer))
    }
    // Buffers claim first.
    for isBuffer in [true, false] {
      for spec in program.inputs where spec.isBuffer == isBuffer {
        guard let (_, name) = spec.stored else { continue }
        let storage = Self.storage(program, name)
        if mutated.contains(storage), owners[storage] == nil { owners[storage] = name }
      }
    }
  }

  /// Refuses tensors that show some, but not all, of the memory of one that the graph changes:
  /// a write to one would have to show in the other.
  func refuseOverlaps(_ program: TorchProgram) throws {
    let files = program.inputs.compactMap(\.stored?.name).compactMap { name in
      (program.weights[name] as? FileSource).map { (name: name, source: $0) }
    }
    for (name, written) in files where owners[Self.key(written, name)] == name {
      for (other, source) in files where source.key != written.key && source.overlaps(written) {
        throw Diagnostic.error(
          .unsupportedArgument, at: Location(file: program.file),
          "'\(name)', which the model changes, shares memory with '\(other)'",
          fix: "register one of them only, and take the other as a view of it in forward()")
      }
    }
  }

  /// The name that carries the storage of `source`, if the graph changes it.
  func owner(of source: any WeightSource, named name: String) -> String? {
    owners[Self.key(source, name)]
  }

  /// The names that carry a storage, in the order of the signature.
  func names(in program: TorchProgram) -> [String] {
    let carriers = Set(owners.values)
    return program.inputs.compactMap(\.stored?.name).filter(carriers.contains)
  }

  private static func storage(_ program: TorchProgram, _ name: String) -> String {
    program.weights[name].map { key($0, name) } ?? name
  }

  /// Equal for tensors that show the same elements of one storage.
  private static func key(_ source: any WeightSource, _ name: String) -> String {
    // An empty tensor has no elements to share.
    source.count == 0 ? name : source.key
  }
}

extension TorchProgram {
  /// Names of the buffers that the graph changes, in the order of the signature.
  package var mutatedBuffers: [String] { MutatedStorage(self).names(in: self) }
}

extension TorchProgram.InputSpec {
  /// Argument and qualified name of what is stored in the archive.
  var stored: (argument: String, name: String)? {
    switch self {
    case .parameter(let argument, let name), .buffer(let argument, let name),
      .constant(let argument, let name):
      (argument, name)
    default: nil
    }
  }

  var isBuffer: Bool { if case .buffer = self { true } else { false } }
}

extension WeightSource {
  /// Whether every element is zero.
  func isZero() throws -> Bool {
    let tile = 1 << 16
    var buffer = [UInt8](repeating: 0, count: dtype.byteCount(min(tile, count)) ?? 0)
    var start = 0
    while start < count {
      let part = start..<Swift.min(start + tile, count)
      let isZero = try buffer.withUnsafeMutableBytes { raw in
        try read(part, into: raw)
        let bytes = dtype.byteCount(part.count) ?? 0
        var seen: UInt64 = 0
        for offset in Swift.stride(from: 0, to: bytes & ~7, by: 8) {
          seen |= raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        }
        return seen == 0 && raw[(bytes & ~7)..<bytes].allSatisfy { $0 == 0 }
      }
      if !isZero { return false }
      start = part.upperBound
    }
    return true
  }
}
