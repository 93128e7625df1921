// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Tensors

/// Finds the weights of functions: constants of the weight file, and what `constexpr_*` operations
/// make of them. Nothing is read from the file.
struct WeightSurvey {
  private(set) var weights: [Inspection.WeightSummary] = []
  /// Weights seen before, by what they consist of: functions share them.
  private var seen: Set<[String]> = []

  /// A weight of which not all consumers have been seen yet.
  private struct Candidate {
    var name: String
    var dtype: DType
    var shape: [Int]
    var bytes: Int
    var compression: [String] = []
    var parts: [String] = []
    var isStored: Bool
  }

  mutating func visit(_ function: Function) {
    var walk = Walk(function: function)
    walk.visit(function.body)
    for candidate in walk.candidates.compactMap({ $0 }) where candidate.isStored {
      guard seen.insert(candidate.parts.sorted()).inserted else { continue }
      weights.append(
        .init(
          name: candidate.name, function: function.name, elementType: ElementType(candidate.dtype),
          shape: candidate.shape, bytes: candidate.bytes,
          compression: candidate.compression.isEmpty
            ? "none" : candidate.compression.joined(separator: " + ")))
    }
  }

  private struct Walk {
    let function: Function
    /// In order; nil where another weight has taken the candidate in.
    var candidates: [Candidate?] = []
    private var places: [ValueID: Int] = [:]

    init(function: Function) { self.function = function }

    mutating func visit(_ block: Block) {
      for operation in block.operations {
        if operation.type == "const" {
          add(operation)
        } else if operation.type.hasPrefix("constexpr_") {
          decompress(operation)
        }
        for nested in operation.blocks { visit(nested) }
      }
    }

    private mutating func add(_ operation: Operation) {
      guard let id = operation.outputs.first, let constant = function.values[id].constant,
        let candidate = candidate(function.values[id].name, constant)
      else { return }
      places[id] = candidates.count
      candidates.append(candidate)
    }

    private func candidate(_ name: String, _ constant: Constant) -> Candidate? {
      switch constant.payload {
      case .weights(let source):
        Candidate(
          name: name, dtype: source.dtype, shape: source.shape, bytes: source.byteCount,
          parts: [source.key], isStored: true)
      case .tensor(let data):
        Candidate(
          name: name, dtype: data.dtype, shape: data.shape, bytes: data.bytes.count,
          isStored: false)
      default: nil
      }
    }

    /// The operands of a `constexpr_*` become part of its result.
    private mutating func decompress(_ operation: Operation) {
      guard let id = operation.outputs.first else { return }
      let info = function.values[id]
      var operands: [String: Candidate] = [:]
      for input in operation.inputs {
        for argument in input.arguments {
          if let part = take(argument) { operands[input.name] = part }
        }
      }
      let data = Compression.data(of: operation.type).compactMap { operands[$0] }.last
      var whole = Candidate(
        name: info.name, dtype: data?.dtype ?? .float16,
        shape: info.type.tensor?.fixedShape ?? data?.shape ?? [], bytes: 0,
        isStored: operands.values.contains(where: \.isStored))
      for (_, part) in operands.sorted(by: { $0.key < $1.key }) {
        whole.bytes += part.bytes
        whole.parts += part.parts
        for step in part.compression where !whole.compression.contains(step) {
          whole.compression.append(step)
        }
      }
      let own = Compression.words(operation.type, operands.mapValues { ($0.dtype, $0.shape) })
      if let own, !whole.compression.contains(own) { whole.compression.append(own) }
      for output in operation.outputs { places[output] = candidates.count }
      candidates.append(whole)
    }

    private mutating func take(_ argument: Argument) -> Candidate? {
      switch argument {
      case .literal(let constant): return candidate("", constant)
      case .value(let id):
        guard let place = places[id] else { return nil }
        defer { candidates[place] = nil }
        return candidates[place]
      }
    }
  }
}

/// The words for what `constexpr_*` operations undo.
private enum Compression {
  /// The operands that hold the elements, the one that counts last.
  static func data(of type: String) -> [String] {
    switch type {
    case "constexpr_lut_to_dense": ["lut", "indices"]
    case "constexpr_lut_to_sparse": ["lut", "indices_mask", "indices_nonzero_data"]
    case "constexpr_sparse_to_dense": ["mask", "nonzero_data"]
    case "constexpr_sparse_blockwise_shift_scale": ["data_mask", "nonzero_data"]
    case "constexpr_affine_dequantize": ["quantized_data"]
    case "constexpr_cast": ["source_val"]
    default: ["data"]
    }
  }

  static func words(_ type: String, _ operands: [String: (dtype: DType, shape: [Int])]) -> String? {
    func dtype(_ name: String) -> String { operands[name]?.dtype.rawValue ?? "?" }
    switch type {
    case "constexpr_blockwise_shift_scale":
      guard let data = operands["data"], let scale = operands["scale"] else { return nil }
      return "\(data.dtype.rawValue) \(blocks(data.shape, scale.shape))"
    case "constexpr_affine_dequantize":
      let count = operands["scale"]?.shape.reduce(1, *) ?? 1
      return "\(dtype("quantized_data")) \(count == 1 ? "per tensor" : "per channel")"
    case "constexpr_lut_to_dense", "constexpr_lut_to_sparse": return palette(operands["lut"]?.shape)
    case "constexpr_sparse_to_dense": return "sparse"
    case "constexpr_sparse_blockwise_shift_scale": return "\(dtype("nonzero_data")) scaled"
    case "constexpr_cast": return "cast"
    default: return type
    }
  }

  /// `per tensor`, `per channel` or `blocks of 32`.
  private static func blocks(_ data: [Int], _ scale: [Int]) -> String {
    guard data.count == scale.count, !scale.contains(where: { $0 < 1 }) else { return "scaled" }
    if scale.allSatisfy({ $0 == 1 }) { return "per tensor" }
    let sizes = zip(data, scale).map { $0 / $1 }
    let split = sizes.indices.filter { scale[$0] > 1 && sizes[$0] > 1 }
    if split.isEmpty { return "per channel" }
    return "blocks of " + split.map { "\(sizes[$0])" }.joined(separator: " x ")
  }

  private static func palette(_ lut: [Int]?) -> String {
    guard let lut, !lut.isEmpty else { return "palette" }
    // Since iOS 18 the last axes are entries and the length of a vector; before, all are entries.
    let entries = lut.count > 1 ? lut[lut.count - 2] : lut[0]
    let tables = lut.dropLast(2).reduce(1, *)
    return "palette of \(entries)" + (tables > 1 ? ", \(tables) tables" : "")
  }
}
