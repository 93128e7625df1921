// SPDX-License-Identifier: Apache-2.0

/// One way to store a weight.
package struct BudgetOffer: Hashable, Sendable {
  package var bytes: Int
  /// Sum of the squared errors of its elements.
  package var error: Double

  package init(bytes: Int, error: Double) {
    self.bytes = bytes
    self.error = error
  }
}

/// Chooses one of several offers for each weight: the least error in all within a number of bytes.
///
/// Offers on the lower convex hull of (bytes, error) are taken in the order of what a byte buys,
/// over all weights, as long as there is room: the optimum of the relaxed problem (Lagrange). What
/// room is left then goes to whatever it buys most with, off the hull too.
package struct BudgetAllocation {
  private let menus: [[BudgetOffer]]
  private let limit: Int
  private var bytes: Int
  /// The offer of each menu that is taken.
  package private(set) var choice: [Int]

  /// C1: no menu is empty, and no error is NaN. `nil` where even the smallest offers do not fit.
  package init?(_ menus: [[BudgetOffer]], limit: Int) {
    self.menus = menus
    self.limit = limit
    let hulls = menus.map(Self.hull)
    choice = hulls.map { $0[0] }
    bytes = Self.smallest(menus)
    guard bytes <= limit else { return nil }
    takeSteps(hulls)
    while improve() {}
  }

  /// The bytes of the smallest offers.
  package static func smallest(_ menus: [[BudgetOffer]]) -> Int {
    menus.reduce(0) { sum, menu in sum + (menu.map(\.bytes).min() ?? 0) }
  }

  private struct Step {
    let menu: Int
    let place: Int
    /// Error that a byte takes away.
    let gain: Double
  }

  private mutating func takeSteps(_ hulls: [[Int]]) {
    var steps: [Step] = []
    for (menu, hull) in hulls.enumerated() {
      for place in hull.indices.dropFirst() {
        let (from, to) = (menus[menu][hull[place - 1]], menus[menu][hull[place]])
        let gain = (from.error - to.error) / Double(to.bytes - from.bytes)
        steps.append(Step(menu: menu, place: place, gain: gain))
      }
    }
    // Along a hull gains fall, so that a weight's steps stay in order.
    steps.sort { ($1.gain, $0.menu, $0.place) < ($0.gain, $1.menu, $1.place) }
    var isFull = [Bool](repeating: false, count: menus.count)
    for step in steps where !isFull[step.menu] {
      isFull[step.menu] = !take(hulls[step.menu][step.place], of: step.menu)
    }
  }

  /// Whether there was room.
  private mutating func take(_ offer: Int, of menu: Int) -> Bool {
    let change = menus[menu][offer].bytes - menus[menu][choice[menu]].bytes
    guard bytes + change <= limit else { return false }
    bytes += change
    choice[menu] = offer
    return true
  }

  /// Takes the offer that lowers the error most and still fits; false if there is none.
  private mutating func improve() -> Bool {
    var best: (menu: Int, offer: Int, gain: Double)?
    for (menu, offers) in menus.enumerated() {
      let current = offers[choice[menu]]
      for (index, offer) in offers.enumerated()
      where bytes + offer.bytes - current.bytes <= limit && offer.error < current.error {
        let gain = current.error - offer.error
        if gain > best?.gain ?? 0 { best = (menu, index, gain) }
      }
    }
    guard let best else { return false }
    return take(best.offer, of: best.menu)
  }

  /// Indices of the offers on the lower convex hull, by growing size.
  package static func hull(_ offers: [BudgetOffer]) -> [Int] {
    let order = offers.indices.sorted {
      (offers[$0].bytes, offers[$0].error, $0) < (offers[$1].bytes, offers[$1].error, $1)
    }
    var hull: [Int] = []
    for index in order {
      let offer = offers[index]
      if let last = hull.last, offer.error >= offers[last].error { continue }
      while hull.count >= 2 {
        let (a, b) = (offers[hull[hull.count - 2]], offers[hull[hull.count - 1]])
        // Whether the way from a to the offer passes below b.
        let across = (a.error - offer.error) * Double(b.bytes - a.bytes)
        if (a.error - b.error) * Double(offer.bytes - a.bytes) > across { break }
        hull.removeLast()
      }
      hull.append(index)
    }
    return hull
  }
}
