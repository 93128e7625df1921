// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Tensors
import Testing

@testable import ReferenceExecutor

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Operands and results of one operation, recorded by `scripts/make-kernel-fixtures`, which says
/// what the files hold.
struct RecordedCase: Sendable, CustomStringConvertible {
  var operation: String
  var opset: Opset
  /// How far a value may be off, in units in the last place of its dtype.
  var ulps: Int
  /// Or absolutely.
  var tolerance: Double
  var operands: [(name: String, tensors: [Tensor])] = []
  var results: [Tensor] = []
  /// Where the case is: file and line.
  var place: String

  var description: String {
    "\(operation) at \(place): "
      + operands.map { "\($0.name) \($0.tensors)" }.joined(separator: ", ")
  }

  /// The names of all files.
  static let families = [
    "binary", "cast", "compression", "convolutions", "indexing", "linear", "norms", "pools",
    "recurrent", "reductions", "resizing", "shapes", "slices", "unary",
  ]

  static func load(_ family: String) throws -> [RecordedCase] {
    var cases: [RecordedCase] = []
    for (number, line) in try lines(family).enumerated() {
      let fields = line.split(separator: " ").map(String.init)
      switch fields.first {
      case "case":
        let opset = try #require(Opset(rawValue: Int(fields[2]) ?? 0))
        cases.append(
          RecordedCase(
            operation: fields[1], opset: opset, ulps: Int(fields[3]) ?? 0,
            tolerance: Double(fields[4]) ?? 0, place: "\(family).txt:\(number + 1)"))
      case "in":
        let tensor = try tensor(fields[2...])
        let last = cases.count - 1
        if let at = cases[last].operands.firstIndex(where: { $0.name == fields[1] }) {
          cases[last].operands[at].tensors.append(tensor)
        } else {
          cases[last].operands.append((fields[1], [tensor]))
        }
      case "out": cases[cases.count - 1].results.append(try tensor(fields[1...]))
      default: continue
      }
    }
    return cases
  }

  private static func tensor(_ fields: ArraySlice<String>) throws -> Tensor {
    let fields = Array(fields)
    if fields[0] == "string" { return try Tensor(strings: [fields[2]], shape: []) }
    let dtype = try #require(DType(rawValue: fields[0]))
    let shape = fields[1] == "scalar" ? [] : fields[1].split(separator: "x").compactMap { Int($0) }
    let values = fields[2...].compactMap { Double($0) }
    return try Tensor(TensorData(values, as: dtype, shape: shape))
  }

  private static func lines(_ family: String) throws -> [String] {
    var folder = #filePath[...]
    while !folder.isEmpty, !folder.hasSuffix("/Tests/") { folder = folder.dropLast() }
    let path = folder.dropLast("Tests/".count) + "Fixtures/kernels/\(family).txt"
    let file = try #require(fopen(String(path), "rb"), "\(path) is missing")
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = fread(&chunk, 1, chunk.count, file), count > 0 {
      bytes += chunk[..<count]
    }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
  }
}

/// The first element in which `found` is not `expected`, in words; `nil` where they agree.
func difference(
  _ found: Tensor, _ expected: Tensor, ulps: Int, tolerance: Double
) -> String? {
  guard found.dtype == expected.dtype, found.shape == expected.shape else {
    return "\(found) where \(expected) is expected"
  }
  for (i, (a, b)) in zip(found.doubles, expected.doubles).enumerated() {
    if a == b || (a.isNaN && b.isNaN) || abs(a - b) <= tolerance { continue }
    guard found.isFloat, ulpDistance(a, b, found.dtype) <= ulps else {
      return "element \(i) is \(a) where \(b) is expected"
    }
  }
  return nil
}

private func ulpDistance(_ a: Double, _ b: Double, _ dtype: DType) -> Int {
  if a.isNaN || b.isNaN { return .max }
  if dtype == .float16 { return abs(ordinal(Float16(a)) - ordinal(Float16(b))) }
  return abs(ordinal(Float(a)) - ordinal(Float(b)))
}

private func ordinal(_ x: Float) -> Int {
  let bits = Int(Int32(bitPattern: x.bitPattern & 0x7FFF_FFFF))
  return x.sign == .minus ? -bits : bits
}

private func ordinal(_ x: Float16) -> Int {
  let bits = Int(x.bitPattern & 0x7FFF)
  return x.sign == .minus ? -bits : bits
}
