// SPDX-License-Identifier: Apache-2.0
import Compression
import Diagnostics
import MIL
import Tensors
import Testing

@Suite struct BudgetAllocationTests {
  private static func menus(_ seed: UInt64, count: Int) -> [[BudgetOffer]] {
    var numbers = Numbers(seed: seed)
    func number(_ range: ClosedRange<Double>) -> Double {
      range.lowerBound + (range.upperBound - range.lowerBound) * abs(Double(numbers.unit()))
    }
    return (0..<count).map { _ in
      let size = number(10...50)
      let variance = number(0.1...5)
      // Errors fall with size, with some that are worse than they should be.
      return (0..<5).map { step in
        let bits = Double(step) + number(1...2)
        return BudgetOffer(
          bytes: Int(size * bits), error: size * variance * number(0.5...1.5) / (bits * bits))
      }
    }
  }

  /// The least error of all combinations that fit.
  private func optimum(_ menus: [[BudgetOffer]], _ limit: Int) -> Double? {
    var best: Double?
    func visit(_ index: Int, _ bytes: Int, _ error: Double) {
      guard bytes <= limit else { return }
      if index == menus.count {
        best = min(best ?? .infinity, error)
        return
      }
      for offer in menus[index] { visit(index + 1, bytes + offer.bytes, error + offer.error) }
    }
    visit(0, 0, 0)
    return best
  }

  @Test(arguments: 1...12)
  func isNearlyTheOptimum(seed: UInt64) throws {
    let menus = Self.menus(seed, count: 6)
    let smallest = BudgetAllocation.smallest(menus)
    let largest = menus.reduce(0) { $0 + ($1.map(\.bytes).max() ?? 0) }
    for part in 0...8 {
      let limit = smallest + (largest - smallest) * part / 8
      let choice = try #require(BudgetAllocation(menus, limit: limit)).choice
      let taken = zip(menus, choice).map { $0[$1] }
      #expect(taken.reduce(0) { $0 + $1.bytes } <= limit)
      let error = taken.reduce(0) { $0 + $1.error }
      let least = try #require(optimum(menus, limit))
      #expect(error >= least - 1e-9)
      // One of six weights may miss a step for want of room.
      #expect(error <= 1.35 * least, "\(error / least)")
    }
    #expect(BudgetAllocation(menus, limit: smallest - 1) == nil)
  }

  @Test func takesTheLowerHull() {
    let offers = [(40, 1.0), (10, 9.0), (20, 8.0), (20, 4.0), (30, 3.9), (50, 1.0), (5, 20.0)]
      .map { BudgetOffer(bytes: $0, error: $1) }
    #expect(BudgetAllocation.hull(offers) == [6, 1, 3, 0])
    // What is off the hull serves where nothing else fits.
    #expect(BudgetAllocation([offers], limit: 30)?.choice == [4])
    #expect(BudgetAllocation([offers], limit: 29)?.choice == [3])
    #expect(BudgetAllocation([], limit: 0)?.choice == [])
  }
}

@Suite struct BudgetPlannerTests {
  /// Two functions with `linear` weights of these deviations, the first of which they share.
  private func program(
    _ deviations: [Float], shape: [Int] = [64, 96], opset: Opset = .iOS18
  ) throws -> Program {
    var numbers = Numbers(seed: 3)
    var functions: [Function] = []
    let weights = try deviations.map { deviation in
      MemorySource(
        try TensorData(
          (0..<shape.reduce(1, *)).map { _ in Double(deviation * numbers.unit()) }, as: .float16,
          shape: shape))
    }
    for name in ["main", "other"] {
      let build = FunctionBuilder(name: name, opset: opset)
      let x = build.input("x", .tensor(.float16, fixed: [1, shape[1]]))
      var outputs: [(name: String, value: Value)] = []
      for (index, weight) in weights.enumerated() where name == "main" || index == 0 {
        let w = build.const("w\(index)", Constant(weight))
        let bias = build.const(
          "b\(index)",
          Constant(try TensorData([Double](repeating: 0, count: shape[0]), as: .float16)))
        outputs.append(
          (name: "y\(index)", value: try build.mil.linear(x: x, weight: w, bias: bias)))
      }
      functions.append(try build.finish(outputs: outputs))
    }
    return Program(functions: functions)
  }

  private func options(minElements: Int = 100) -> CompressionOptions {
    var options = CompressionOptions(nil)
    options.minElements = minElements
    return options
  }

  private func bits(_ plan: BudgetPlan) -> [String: String] {
    var found: [String: String] = [:]
    for part in plan.parts {
      for name in part.names { found[name] = part.scheme?.description ?? "none" }
    }
    return found
  }

  @Test func givesBitsWhereTheyCount() throws {
    let planner = try BudgetPlanner(
      program([1, 1, 0.05, 0.05]), options(), Set(WeightBudget.Family.allCases))
    #expect(planner.elements == 4 * 64 * 96)
    let plan = try #require(planner.plan(bytes: planner.elements * 45 / 80))
    #expect(plan.bytes <= planner.elements * 45 / 80)
    let found = bits(plan)
    #expect(Set(found.keys) == ["w0", "w1", "w2", "w3"])
    #expect(found["w0"]?.hasPrefix("6-bit palette") ?? false, "\(found)")
    #expect(found["w2"] == found["w3"])
    #expect(found["w2"]?.hasPrefix("2-bit palette") ?? false, "\(found)")
    // Everything fits: nothing is compressed. Nothing does: there is no plan.
    #expect(planner.plan(bytes: 1 << 30)?.parts.map(\.scheme) == [nil])
    #expect(planner.plan(bytes: 1 << 30)?.error == 0)
    #expect(planner.plan(bytes: planner.smallest) != nil)
    #expect(planner.plan(bytes: planner.smallest - 1) == nil)
  }

  /// What is foreseen is what comes about, in bytes exactly.
  @Test(arguments: [[64, 96], [6400, 96]])
  func foresees(shape: [Int]) throws {
    var program = try program([1, 0.2, 0.03], shape: shape)
    let planner = try BudgetPlanner(program, options(), Set(WeightBudget.Family.allCases))
    let plan = try #require(planner.plan(bytes: planner.elements / 2))
    var options = options()
    options.rules = plan.parts.map { part in
      CompressionOptions.Rule(weights: Set(part.names), scheme: part.scheme)
    }
    let report = try WeightCompressor(options).run(&program)
    let entries = report.entries.filter { $0.function == "main" }
    #expect(entries.count == 3)
    #expect(entries.reduce(0) { $0 + $1.bytesAfter } == plan.bytes)
    let pairs = try entries.compactMap(\.compressed).map {
      ($0.source, try $0.expression(in: .iOS18).decoded())
    }
    let noise = try WeightMeasurement.differences(pairs).reduce(0) { $0 + $1.noise }
    // Of the larger ones only a part is looked at.
    let tolerance = shape[0] == 64 ? 1e-9 : 0.02
    #expect(abs(noise - plan.error) <= tolerance * noise, "\(noise) \(plan.error)")
  }

  @Test func keepsToTheOptions() throws {
    var settings = options()
    settings.exclude = ["w1"]
    settings.rules = [.init(names: ["w2"], scheme: .linear(try .init(.int8, .perChannel)))]
    let planner = try BudgetPlanner(program([1, 1, 1, 1]), settings, [.linear])
    let plan = try #require(planner.plan(bytes: planner.elements))
    let found = bits(plan)
    #expect(Set(found.keys) == ["w0", "w3"])
    #expect(found.values.allSatisfy { $0.hasPrefix("int") }, "\(found)")
    let palettes = try BudgetPlanner(program([1], opset: .iOS16), options(), [.palette])
    #expect(
      palettes.plan(bytes: palettes.elements * 7 / 10).map(bits)
        == ["w0": "4-bit palette (k-means), per tensor"])
    let problem = try #require(throws: Diagnostic.self) {
      try BudgetPlanner(program([1], opset: .iOS15), options(), [.linear])
    }
    #expect(problem.code == .unsupportedByTarget)
  }

  @Test func leavesWhatCannotBeMeasured() throws {
    let planner = try BudgetPlanner(program([.infinity, 1]), options(), [.linear])
    let plan = try #require(planner.plan(bytes: planner.smallest))
    #expect(bits(plan) == ["w0": "none", "w1": "int4 symmetric, per channel, least error"])
  }
}

@Suite struct SampledSourceTests {
  @Test func takesRunsOfRows() throws {
    let (rows, columns) = (10_000, 64)
    let values = (0..<rows * columns).map { Float($0 / columns) }
    let source = MemorySource(TensorData(float32: values, shape: [rows, columns]))
    let sample = SampledSource.sample(of: source)
    #expect(sample.shape == [4096, 64])
    let taken = try sample.materialized().floats
    let firsts = stride(from: 0, to: taken.count, by: 64 * columns).map { Int(taken[$0]) }
    #expect(firsts.count == 64 && Set(firsts).count == 64)
    #expect(firsts.allSatisfy { $0 % 64 == 0 } && firsts == firsts.sorted())
    #expect(firsts[0] < 200 && firsts[63] > 9700)
    // Any part of it is the same.
    try withUnsafeTemporaryAllocation(byteCount: 4 * 10_000, alignment: 4) { buffer in
      try sample.read(4000..<14_000, into: buffer)
      #expect(Array(buffer.bindMemory(to: Float.self)) == Array(taken[4000..<14_000]))
    }
    let small = MemorySource(TensorData(float32: [1, 2], shape: [2, 1]))
    #expect(SampledSource.sample(of: small) === small)
  }
}
