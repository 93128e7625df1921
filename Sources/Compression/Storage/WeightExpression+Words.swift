// SPDX-License-Identifier: Apache-2.0
import MIL
package import Tensors

extension WeightExpression {
  /// How the weight is stored, in words: `int4 blocks of 32`; `sparse 50 %, 4-bit palette per
  /// tensor`; `none` for a plain constant. Nothing is read.
  package var words: String {
    let parts = SchemeWords.parts(self)
    return parts.isEmpty ? "none" : parts.joined(separator: ", ")
  }
}

extension WeightExpression {
  /// The dtype of the elements as they are stored: of codes, indices or values that are not zero.
  package var storedDType: DType? {
    guard case .result(let operation, _) = self else { return type?.dtype }
    let operands = [
      "indices", "indices_nonzero_data", "nonzero_data", "quantized_data", "source_val", "data",
    ]
    guard let operand = operands.lazy.compactMap({ operation[$0] }).first else { return nil }
    // iOS 16 packs indices into bytes.
    if operation["shape"] != nil, let entries = operation["lut"]?.type?.count {
      return [2: .uint1, 4: .uint2, 16: .uint4, 64: .uint6, 256: .uint8][entries]
    }
    return operand.storedDType
  }
}

/// The words for what `constexpr_*` operations undo, the outermost first.
private enum SchemeWords {
  static func parts(_ expression: WeightExpression) -> [String] {
    guard case .result(let operation, _) = expression else { return [] }
    switch operation.type {
    case "constexpr_blockwise_shift_scale": return scaled(operation, "data")
    case "constexpr_sparse_blockwise_shift_scale": return scaled(operation, "nonzero_data")
    case "constexpr_affine_dequantize": return affine(operation)
    case "constexpr_lut_to_dense": return palette(operation, "indices")
    case "constexpr_lut_to_sparse": return palette(operation, "indices_mask")
    case "constexpr_sparse_to_dense": return sparse(operation)
    case "constexpr_cast": return ["float16 read as float32"]
    default: return [operation.type]
    }
  }

  private static func type(_ operation: WeightOperation, _ name: String) -> TensorType? {
    operation[name]?.type
  }

  private static func shape(_ operation: WeightOperation, _ name: String) -> [Int] {
    type(operation, name)?.fixedShape ?? []
  }

  private static func scaled(_ operation: WeightOperation, _ name: String) -> [String] {
    guard let data = operation[name] else { return ["scaled"] }
    let isSparse = name != "data"
    let whole = isSparse ? shape(operation, "data_mask") : shape(operation, "data")
    let blocks = self.blocks(whole, shape(operation, "scale"))
    let inner = parts(data)
    if inner.isEmpty {
      let zeros = operation["offset"] == nil ? [] : ["zero points"]
      return ["\(data.type?.dtype.rawValue ?? "?") \(blocks)"] + zeros
    }
    // A table of integers is scaled, or every channel of what a table gave.
    let dtype = data.type?.dtype ?? .float16
    if dtype.isInteger { return inner + ["\(dtype.rawValue) table"] }
    return inner + ["scale \(blocks)"]
  }

  private static func affine(_ operation: WeightOperation) -> [String] {
    let dtype = type(operation, "quantized_data")?.dtype.rawValue ?? "?"
    let count = max(
      shape(operation, "scale").reduce(1, *), shape(operation, "zero_point").reduce(1, *))
    return [dtype + (count == 1 ? " per tensor" : " per channel")]
  }

  /// `per tensor`, `per channel` or `blocks of 32`.
  private static func blocks(_ data: [Int], _ scale: [Int]) -> String {
    guard data.count == scale.count, !scale.contains(where: { $0 < 1 }) else { return "per block" }
    if scale.allSatisfy({ $0 == 1 }) { return "per tensor" }
    let sizes = zip(data, scale).map { $0 / $1 }
    let split = sizes.indices.filter { scale[$0] > 1 && sizes[$0] > 1 }
    if split.isEmpty { return "per channel" }
    return "blocks of " + split.map { "\(sizes[$0])" }.joined(separator: " x ")
  }

  private static func palette(_ operation: WeightOperation, _ indices: String) -> [String] {
    let lut = shape(operation, "lut")
    guard !lut.isEmpty else { return ["palette"] }
    // Since iOS 18 the last axes are entries and the length of a vector; before, all are entries.
    let entries = lut.count > 1 ? lut[lut.count - 2] : lut[0]
    var words = ["\(max(0, entries.bitWidth - 1 - entries.leadingZeroBitCount))-bit palette"]
    let groups = Array(lut.dropLast(2))
    if groups.allSatisfy({ $0 == 1 }) {
      words[0] += " per tensor"
    } else {
      let whole = shape(operation, indices)
      let sizes = zip(whole, groups).enumerated().filter { $1.1 > 1 && $1.0 > $1.1 }.map {
        axis, extents in
        "\(extents.0 / max(1, extents.1)) along axis \(axis)"
      }
      words.append(
        sizes.isEmpty ? "a table per channel" : "groups of " + sizes.joined(separator: " x "))
    }
    if lut.count > 2, let vector = lut.last, vector > 1 { words.append("vectors of \(vector)") }
    if let table = operation["lut"], case .result = table {
      let dtype = table.storedDType ?? .float16
      words.append(dtype.isFloat ? "scaled table" : "\(dtype.rawValue) table")
    }
    return words
  }

  private static func sparse(_ operation: WeightOperation) -> [String] {
    guard case .result? = operation["nonzero_data"] else { return [share(operation)] }
    return [share(operation)] + (operation["nonzero_data"].map(parts) ?? [])
  }

  /// `sparse 50 %`: the share of zeros that are not stored.
  private static func share(_ operation: WeightOperation) -> String {
    let count = operation.outputs.last?.count ?? 0
    let kept = shape(operation, "nonzero_data").reduce(1, *)
    guard count > 0, kept <= count else { return "sparse" }
    let tenths = (Double(count - kept) / Double(count) * 1000).rounded() / 10
    return tenths == tenths.rounded() ? "sparse \(Int(tenths)) %" : "sparse \(tenths) %"
  }
}
