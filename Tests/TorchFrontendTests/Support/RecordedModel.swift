// SPDX-License-Identifier: Apache-2.0
import Containers
import Diagnostics
import MIL
import Passes
import ReferenceExecutor
import Tensors
import TestSupport
import TorchFrontend

/// An exported program of `Fixtures` with the inputs and outputs that PyTorch recorded.
struct RecordedModel {
  let name: String
  let stem: String
  let signature: JSONNode

  init(_ folder: String, _ name: String) throws {
    self.name = name
    stem = Self.root + folder + "/" + name
    signature = JSONNode(
      try JSON(parsing: ScratchFolder.read(stem + ".json"), file: stem, entry: nil))
  }

  private static var root: String {
    var folder = #filePath[...]
    while !folder.isEmpty, !folder.hasSuffix("/Tests/") { folder = folder.dropLast() }
    return folder.dropLast("Tests/".count) + "Fixtures/"
  }

  /// Every program in a folder of `Fixtures`.
  static func names(in folder: String) -> [String] {
    ScratchFolder.names(root + folder).filter { $0.hasSuffix(".pt2") }.map {
      String($0.dropLast(4))
    }
  }

  var path: String { stem + ".pt2" }

  func program() throws -> TorchProgram { try TorchProgram(path: path) }

  /// Inputs and expected outputs of every call, in order.
  func calls() throws -> [(inputs: [String: TensorData], expected: [String: TensorData])] {
    let isSingle = ScratchFolder.exists(stem + ".inputs.npz")
    let count = Int(try signature.int("calls"))
    return try (0..<count).map { index in
      let part = isSingle ? "" : ".\(index)"
      return (
        try Self.arrays("\(stem).inputs\(part).npz"), try Self.arrays("\(stem).expected\(part).npz")
      )
    }
  }

  /// The mutated buffers after the last call.
  func states() throws -> [String: TensorData] {
    let path = stem + ".states.npz"
    return ScratchFolder.exists(path) ? try Self.arrays(path) : [:]
  }

  /// Names of the tensors among the outputs, in the order of the signature.
  func outputNames() throws -> [String] {
    try signature.elements("outputs").filter { try $0.string("kind") == "TensorArgument" }
      .map { try $0.string("name") }
  }

  static func arrays(_ path: String) throws -> [String: TensorData] {
    Dictionary(try NPZ.read(path).map { ($0.name, $0.data) }, uniquingKeysWith: { a, _ in a })
  }
}

/// A lowered program that runs on values by the names of the source.
struct LoweredModel {
  let program: Program
  let executable: Executable
  private let inputNames: [(source: String, model: String)]
  private let outputNames: [(source: String, model: String)]

  init(_ source: TorchProgram, _ options: TorchOptions, isHalf: Bool = false) throws {
    var program = try source.lower(options)
    var context = PassContext(evaluate: { function, operation in
      try? Evaluator.evaluate(operation, values: function.values, opset: function.opset)
    })
    var passes: [any Pass] = [FoldConstants(), RemoveDeadCode()]
    if isHalf { passes += [ConvertToFloat16(), RemoveDeadCode()] as [any Pass] }
    try PassPipeline(passes).run(on: &program, &context)
    self.program = program
    executable = try Executable(program)
    let states = Set(executable.states.map(\.name))
    let inputs = executable.inputs.map(\.name).filter { !states.contains($0) }
    inputNames = zip(source.userInputs, inputs).map { ($0, $1) }
    // Values that two outputs share have two names, in the order of the signature.
    let outputs = source.outputs.compactMap { spec -> String? in
      if case .user(.tensor(let name)) = spec { name } else { nil }
    }
    outputNames = zip(outputs, executable.outputs.map(\.name)).map { ($0, $1) }
  }

  /// What the verifier and the target check have to say.
  func problems() -> [String] {
    let opset = program.functions.first?.opset ?? .iOS18
    return (program.functions.flatMap { $0.verify() } + violations(of: program, for: opset))
      .map { "\($0)" }
  }

  func run(
    _ inputs: [String: TensorData], state: SessionState? = nil
  ) throws -> [String: TensorData] {
    var bound: [String: Tensor] = [:]
    let types = Dictionary(
      executable.inputs.map { ($0.name, $0.type) }, uniquingKeysWith: { a, _ in a })
    for (source, model) in inputNames {
      guard let data = inputs[source] else { continue }
      guard case .tensor(let type)? = types[model], type.dtype != data.dtype else {
        bound[model] = try Tensor(data)
        continue
      }
      bound[model] = try Tensor(TensorData(data.doubles, as: type.dtype, shape: data.shape))
    }
    let results = try executable.run(bound, state: state)
    var named: [String: TensorData] = [:]
    for (source, model) in outputNames { named[source] = try results[model]?.data() }
    return named
  }
}

/// The largest difference relative to the range of `expected`; infinite where shapes, NaNs or
/// infinities differ.
func deviation(_ actual: TensorData?, _ expected: TensorData) -> Double {
  guard let actual, actual.shape == expected.shape else { return .infinity }
  let (a, b) = (actual.doubles, expected.doubles)
  let finite = b.filter(\.isFinite)
  let low = finite.min() ?? 0
  let high = finite.max() ?? 0
  let range = max(high - low, abs(low), abs(high), 1e-30)
  return zip(a, b).reduce(0) { worst, pair in
    if pair.0 == pair.1 || (pair.0.isNaN && pair.1.isNaN) { return worst }
    let gap = abs(pair.0 - pair.1) / range
    return gap.isNaN ? .infinity : max(worst, gap)
  }
}
