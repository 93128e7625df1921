// SPDX-License-Identifier: Apache-2.0
import MIL
import ReferenceExecutor
import Tensors
import Testing
import TorchFrontend

/// Views and writes through chains of them, held against positions computed one by one.
@Suite struct ViewTests {
  /// Which elements of the base a view shows: their flat positions, and the view's shape.
  struct Positions {
    var flat: [Int]
    var shape: [Int]

    init(of shape: [Int]) {
      self.shape = shape
      flat = Array(0..<shape.reduce(1, *))
    }

    private func at(_ index: [Int]) -> Int {
      flat[zip(index, shape).reduce(0) { $0 * $1.1 + $1.0 }]
    }

    private static func indices(_ shape: [Int]) -> [[Int]] {
      shape.reduce([[]]) { all, extent in all.flatMap { one in (0..<extent).map { one + [$0] } } }
    }

    /// The positions with another shape, each index of it mapped to one of this.
    private func mapped(_ new: [Int], _ index: ([Int]) -> [Int]) -> Positions {
      var copy = self
      copy.shape = new
      copy.flat = Self.indices(new).map { at(index($0)) }
      return copy
    }

    func applying(_ step: ViewStep) -> Positions {
      switch step {
      case .select(let axis, let index):
        var new = shape
        new.remove(at: axis)
        return mapped(new) { old in
          var full = old
          full.insert(index.fixed ?? 0, at: axis)
          return full
        }
      case .slice(let axis, let start, let extent, let by):
        var new = shape
        new[axis] = extent.fixed ?? 0
        return mapped(new) { old in
          var full = old
          full[axis] = (start.fixed ?? 0) + old[axis] * by
          return full
        }
      case .permute(let axes):
        return mapped(axes.map { shape[$0] }) { old in
          var full = old
          for (new, axis) in axes.enumerated() { full[axis] = old[new] }
          return full
        }
      case .unsqueeze(let axis):
        var copy = self
        copy.shape.insert(1, at: axis)
        return copy
      case .squeeze(let axes):
        var copy = self
        copy.shape = shape.indices.filter { !axes.contains($0) }.map { shape[$0] }
        return copy
      case .reshape(let dims):
        var copy = self
        copy.shape = dims.compactMap(\.fixed)
        return copy
      case .expand, .opaque: return self
      }
    }
  }

  struct Chain: CustomTestStringConvertible, Sendable {
    let name: String
    let steps: @Sendable () -> [ViewStep]
    var testDescription: String { name }

    init(_ name: String, _ steps: @escaping @autoclosure @Sendable () -> [ViewStep]) {
      self.name = name
      self.steps = steps
    }
  }

  private static func part(_ axis: Int, _ start: Int, _ count: Int, by step: Int = 1) -> ViewStep {
    .slice(axis: axis, start: .fixed(start), extent: .fixed(count), step: step)
  }

  static let chains = [
    Chain("nothing", []),
    Chain("select front", [.select(axis: 0, index: 1)]),
    Chain("select back", [.select(axis: 2, index: 4)]),
    Chain("two selects", [.select(axis: 1, index: 2), .select(axis: 1, index: 3)]),
    Chain("slice", [part(1, 1, 2)]),
    Chain("slice of nothing less", [part(1, 0, 4)]),
    Chain("slice with a step", [part(2, 1, 2, by: 2)]),
    Chain("steps on two axes", [part(2, 0, 3, by: 2), part(1, 1, 2, by: 2)]),
    Chain("slice of a slice", [part(1, 1, 3), part(1, 1, 2)]),
    Chain("step of a step", [part(2, 0, 3, by: 2), part(2, 0, 2, by: 2)]),
    Chain("select of a slice", [part(2, 1, 2, by: 2), .select(axis: 2, index: 1)]),
    Chain("slice after select", [.select(axis: 0, index: 2), part(1, 2, 2)]),
    Chain("transpose", [.permute([2, 0, 1])]),
    Chain("slice of a transpose", [.permute([2, 0, 1]), part(0, 1, 3)]),
    Chain("transpose of a slice", [part(0, 1, 2), .permute([1, 0, 2])]),
    Chain(
      "select of a transpose of a slice",
      [part(2, 1, 4), .permute([2, 1, 0]), .select(axis: 0, index: 2)]),
    Chain("unsqueeze", [.unsqueeze(axis: 1)]),
    Chain(
      "unsqueeze and select", [.unsqueeze(axis: 0), .select(axis: 0, index: 0), part(0, 0, 2)]),
    Chain("squeeze of a slice", [part(1, 2, 1), .squeeze(axes: [1])]),
    Chain("squeeze of nothing", [.squeeze(axes: [])]),
    Chain("reshape", [.reshape([12, 5])]),
    Chain("row of a reshape", [.reshape([12, 5]), .select(axis: 0, index: 7)]),
    Chain("slice of a reshape of a slice", [part(0, 1, 2), .reshape([8, 5]), part(0, 2, 4)]),
    Chain("reshape of a transpose", [.permute([1, 0, 2]), .reshape([12, 5]), part(1, 1, 2)]),
  ]

  private static let shape = [3, 4, 5]

  private func run(
    _ opset: Opset, _ update: [Int]?, _ body: (Value, Value, FunctionBuilder) throws -> Value
  ) throws -> TensorData {
    let build = FunctionBuilder(name: "main", opset: opset)
    let x = build.input("x", .tensor(.float32, Self.shape.map { .fixed($0) }))
    let y = build.input("y", .tensor(.float32, (update ?? [1]).map { .fixed($0) }))
    let result = try build.mil.identity(x: body(x, y, build))
    let function = try build.finish(outputs: [("result", result)])
    #expect(function.verify().map { "\($0)" } == [])
    let base = (0..<60).map { Float($0) }
    let count = (update ?? [1]).reduce(1, *)
    let values = (0..<count).map { Float(-1 - $0) }
    let results = try Executable(Program(functions: [function])).run([
      "x": Tensor(TensorData(float32: base, shape: Self.shape)),
      "y": Tensor(TensorData(float32: values, shape: update ?? [1])),
    ])
    return try #require(results["result"]).data()
  }

  @Test(arguments: chains) func readsWhatTheViewShows(_ chain: Chain) throws {
    let expected = chain.steps().reduce(Positions(of: Self.shape)) { $0.applying($1) }
    let result = try run(.iOS18, nil) { x, y, build in
      let view = try chain.steps().reduce(x) { try $1.apply(to: $0, build) }
      // The second input takes part, as every input of a function must.
      return try build.mil.add(x: view, y: build.mil.mul(x: y, y: 0.0))
    }
    #expect(result.shape == expected.shape)
    #expect(result.doubles == expected.flat.map { Double($0) })
  }

  @Test(arguments: [Opset.iOS15, .iOS18], chains)
  func writesThroughTheView(_ opset: Opset, _ chain: Chain) throws {
    let shown = chain.steps().reduce(Positions(of: Self.shape)) { $0.applying($1) }
    var expected = (0..<60).map { Double($0) }
    for (order, place) in shown.flat.enumerated() { expected[place] = Double(-1 - order) }
    let result = try run(opset, shown.shape) { x, y, build in
      try ViewStep.write(y, through: chain.steps()[...], of: x, build)
    }
    #expect(result.shape == Self.shape)
    #expect(result.doubles == expected)
  }

  @Test func expandedViewsCannotBeWritten() {
    let text = thrown {
      _ = try run(.iOS18, [2, 3, 4, 5]) { x, y, build in
        try ViewStep.write(y, through: [.expand([2, 3, 4, 5])], of: x, build)
      }
    }
    #expect(text.contains("a write through an expanded or reinterpreted view cannot be expressed"))
  }

  private func thrown(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "nothing"
    } catch {
      return "\(error)"
    }
  }
}
