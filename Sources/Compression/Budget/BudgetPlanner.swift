// SPDX-License-Identifier: Apache-2.0
import Diagnostics
package import MIL
import Synchronization
import Tensors

/// Chooses a scheme for each weight so that all of them take no more than a budget, at the least
/// squared error in all.
///
/// Every candidate is tried on every weight, or on some of the rows of a large one; then
/// `BudgetAllocation` chooses.
package struct BudgetPlanner {
  /// Weights that must have one scheme: the same data, or a name that functions share.
  private struct Unit: Sendable {
    var names: Set<String> = []
    var weights: [(weight: Weight, opset: Opset)] = []
    var keys: Set<String> = []
  }

  private struct Menu: Sendable {
    let names: Set<String>
    let elements: Int
    /// `nil` leaves the weights as they are.
    let schemes: [CompressionScheme?]
    let offers: [BudgetOffer]
  }

  private let menus: [Menu]

  /// Elements of all weights that are planned, each counted once.
  package var elements: Int { menus.reduce(0) { $0 + $1.elements } }
  /// Bytes that they take now.
  package var current: Int { menus.reduce(0) { $0 + $1.offers[0].bytes } }
  /// Bytes that they take at least.
  package var smallest: Int { BudgetAllocation.smallest(menus.map(\.offers)) }

  /// Measures what each scheme would do to the weights of `program` that `options` compress, but
  /// for those that a rule gives a scheme of its own.
  ///
  /// - Parameter progress: called with the bytes of the weights that are measured, and of all.
  ///
  /// Throws when a weight cannot be read, and `.unsupportedByTarget` where weights cannot be
  /// compressed.
  package init(
    _ program: Program, _ options: CompressionOptions, _ families: Set<WeightBudget.Family>,
    progress: (@Sendable (Int, Int) -> Void)? = nil
  ) throws {
    var options = options
    options.indivisible = .perChannel
    let settings = options
    let units = try Self.units(of: program, options, families)
    let sizes = units.map { unit in unit.weights.reduce(0) { $0 + $1.weight.storedBytes } }
    let total = sizes.reduce(0, +)
    let done = Mutex(0)
    menus = try ParallelItems.map(count: units.count) { index in
      let menu = try Self.menu(units[index], settings, families)
      done.withLock { done in
        done += sizes[index]
        progress?(done, total)
      }
      return menu
    }
  }

  /// The choice for `bytes`, or `nil` where weights cannot be made as small.
  package func plan(bytes: Int) -> BudgetPlan? {
    guard let allocation = BudgetAllocation(menus.map(\.offers), limit: bytes) else { return nil }
    var plan = BudgetPlan(elements: elements)
    for (menu, choice) in zip(menus, allocation.choice) {
      plan.bytes += menu.offers[choice].bytes
      plan.error += menu.offers[choice].error
      plan.add(menu.names, menu.schemes[choice])
    }
    return plan
  }

  // MARK: Finding

  private static func units(
    of program: Program, _ options: CompressionOptions, _ families: Set<WeightBudget.Family>
  ) throws -> [Unit] {
    var units: [Unit] = []
    for function in program.functions {
      // Any scheme does, to find the weights that get one.
      var options = options
      options.scheme = try WeightBudget.candidates(families, in: function.opset).first
      let search = WeightSearch(function)
      for weight in search.order.compactMap({ search.weights[$0] }) where weight.mask == nil {
        guard case .compress(_, isCommon: true) = options.treatment(of: weight) else { continue }
        add(weight, function.opset, to: &units)
      }
    }
    return units
  }

  /// Adds a weight to the units that hold its name or its data, which become one.
  private static func add(_ weight: Weight, _ opset: Opset, to units: inout [Unit]) {
    let key = weight.source.key
    let same = units.indices.filter {
      units[$0].keys.contains(key) || units[$0].names.contains(weight.name)
    }
    guard let first = same.first else {
      units.append(Unit(names: [weight.name], weights: [(weight, opset)], keys: [key]))
      return
    }
    for other in same.dropFirst().reversed() {
      let unit = units.remove(at: other)
      units[first].names.formUnion(unit.names)
      units[first].keys.formUnion(unit.keys)
      units[first].weights += unit.weights
    }
    units[first].names.insert(weight.name)
    if units[first].keys.insert(key).inserted { units[first].weights.append((weight, opset)) }
  }

  // MARK: Measuring

  private static func menu(
    _ unit: Unit, _ options: CompressionOptions, _ families: Set<WeightBudget.Family>
  ) throws -> Menu {
    let sizes = unit.weights.map(\.weight.storedBytes)
    var schemes: [CompressionScheme?] = [nil]
    var offers = [BudgetOffer(bytes: sizes.reduce(0, +), error: 0)]
    guard let opset = unit.weights.map(\.opset).min() else {
      return Menu(names: unit.names, elements: 0, schemes: schemes, offers: offers)
    }
    for scheme in try WeightBudget.candidates(families, in: opset) {
      guard let offer = try offer(scheme, unit, options) else { continue }
      schemes.append(scheme)
      offers.append(offer)
    }
    let elements = unit.weights.reduce(0) { $0 + $1.weight.source.count }
    return Menu(names: unit.names, elements: elements, schemes: schemes, offers: offers)
  }

  /// What `scheme` makes of the weights; `nil` where it does not fit one of them.
  private static func offer(
    _ scheme: CompressionScheme, _ unit: Unit, _ options: CompressionOptions
  ) throws -> BudgetOffer? {
    var offer = BudgetOffer(bytes: 0, error: 0)
    for (weight, opset) in unit.weights {
      var part = weight
      // Along other axes the sample would have other scales than the whole.
      if weight.axes?.output == 0 { part.source = SampledSource.sample(of: weight.source) }
      guard
        let whole = try expression(of: weight, scheme, opset, options),
        let sample = try expression(of: part, scheme, opset, options)
      else { return nil }
      let pair = (part.source, try sample.decoded())
      do {
        let difference = try WeightMeasurement.differences([pair])[0]
        offer.bytes += whole.byteCount
        offer.error += difference.noise * Double(weight.source.count) / Double(part.source.count)
      } catch let problem as Diagnostic where problem.code == .notRepresentable {
        return nil
      }
    }
    return offer.error.isFinite ? offer : nil
  }

  private static func expression(
    of weight: Weight, _ scheme: CompressionScheme, _ opset: Opset, _ options: CompressionOptions
  ) throws -> WeightExpression? {
    let choice = CompressionChoice(weight: weight, opset: opset, options: options)
    guard case .compress(let compressed, _) = try choice.decide(scheme) else { return nil }
    return try compressed.expression(in: opset)
  }
}

/// A scheme for each weight.
package struct BudgetPlan {
  /// Names of weights by scheme, in the order in which weights come; `nil` leaves them as they are.
  package private(set) var parts: [(scheme: CompressionScheme?, names: [String])] = []
  /// Elements of the weights.
  package let elements: Int
  /// Bytes that they take.
  package internal(set) var bytes = 0
  /// The sum of the squared errors, as far as it is known from samples.
  package internal(set) var error = 0.0

  init(elements: Int) { self.elements = elements }

  mutating func add(_ names: Set<String>, _ scheme: CompressionScheme?) {
    if let index = parts.firstIndex(where: { $0.scheme == scheme }) {
      parts[index].names += names.sorted()
    } else {
      parts.append((scheme, names.sorted()))
    }
  }
}
