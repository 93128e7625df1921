// SPDX-License-Identifier: Apache-2.0
import MIL
import Testing

@Suite struct DimTests {
  static let t = Dim.symbol("T")
  static let s = Dim.symbol("S")

  @Test(
    "canonical text",
    arguments: [
      (t - s + s, "T"),
      (t + t + 1, "2 * T + 1"),
      (s * (t + 2) - 2 * s, "S * T"),
      (-t, "-T"),
      (1 - t, "-T + 1"),
      (t * t, "T * T"),
      (t - t, "0"),
      (.floorDiv(4 * t + 6, 4), "T + 1"),
      (.floorDiv(t, 1), "T"),
      (.floorDiv(t - 1, 2) + 1, "floordiv(T + 1, 2)"),
      (.floorDiv(t + 1, 2), "floordiv(T + 1, 2)"),
      (.floorDiv(2 * t + 1, 4), "floordiv(T, 2)"),
      (.floorDiv(6 * t, 4), "floordiv(3 * T, 2)"),
      (.floorDiv(.floorDiv(t, 3), 5), "floordiv(T, 15)"),
      (.floorDiv(t * s, t), "S"),
      (.floorDiv(2 * t * s, 2 * s), "T"),
      (.floorDiv(t, s), "floordiv(T, S)"),
      (.floorDiv(0, s), "0"),
      (.floorDiv(t, -2), "floordiv(-T, 2)"),
      (.floorDiv(7, -2), "-4"),
      (.floorDiv(-7, 2), "-4"),
      (.floorDiv(t, 0), "floordiv(T, 0)"),
      (.mod(8 * t + 11, 8), "3"),
      (.mod(t + 9, 8), "mod(T + 1, 8)"),
      (.mod(-7, 4), "1"),
      (.mod(t, t), "0"),
      (.max(t, s), "max(S, T)"),
      (.max(s, t), "max(S, T)"),
      (.max(t + 1, t), "T + 1"),
      (.min(t, t - 1), "T - 1"),
      (.symbol("batch size") + .symbol("max"), "`batch size` + `max`"),
    ] as [(Dim, String)])
  func canonical(_ dim: Dim, _ text: String) {
    #expect(dim.description == text)
  }

  @Test("arithmetic agrees with numbers", arguments: [-9, -4, -1, 0, 1, 3, 8, 1000])
  func evaluation(_ value: Int) {
    let t = Self.t
    for k in [1, 2, 3, 4, 7] {
      for (a, b) in [(1, 0), (1, 5), (2, 3), (6, -4), (-3, 1)] {
        let x = a * value + b
        let dim = Dim.fixed(a) * t + .fixed(b)
        let quotient = Int((Double(x) / Double(k)).rounded(.down))
        let substitute = { (name: String) in name == "T" ? value : nil }
        #expect(Dim.floorDiv(dim, .fixed(k)).evaluated(substitute) == quotient)
        #expect(Dim.mod(dim, .fixed(k)).evaluated(substitute) == x - quotient * k)
        #expect(
          Dim.floorDiv(.floorDiv(dim, 3), .fixed(k)).evaluated(substitute)
            == Int((Double(x) / Double(3 * k)).rounded(.down)))
        #expect(Dim.max(dim, 2).evaluated(substitute) == max(x, 2))
        #expect(Dim.min(dim, t).evaluated(substitute) == min(x, value))
      }
    }
  }

  @Test func divisionByZeroHasNoValue() {
    #expect(Dim.floorDiv(Self.t, Self.s).evaluated { _ in 0 } == nil)
    #expect(Dim.mod(Self.t, Self.s).evaluated { _ in 0 } == nil)
    #expect(Dim.floorDiv(Self.t, Self.t) == 1)
  }

  @Test("arithmetic past Int gives no number")
  func overflow() {
    let most = Dim.fixed(.max)
    let least = Dim.fixed(.min)
    for dim in [most + 1, least - 1, most * 2, -least, (most * Self.t) * 2, most * most] {
      #expect(!dim.isFixed)
      #expect(dim == .unrepresentable)
    }
    #expect(Dim.floorDiv(least, -1) == .unrepresentable)
    #expect(Dim.mod(least, -1).fixed == 0)
  }

  @Test func substitution() {
    let dim = Dim.floorDiv(Self.t + Self.s, 2)
    #expect(dim.substituting { $0 == "S" ? Self.t : nil } == Self.t)
    #expect(dim.substituting { $0 == "S" ? 3 : nil } == .floorDiv(Self.t + 1, 2) + 1)
    #expect(dim.symbols == ["S", "T"])
    #expect(dim.symbol == nil && Self.t.symbol == "T" && (Self.t + 1).symbol == nil)
  }

  @Test(
    "bounds",
    arguments: [
      (t, 1, 512), (t + 3, 4, 515), (-t, -512, -1), (2 * t - s, 2 - 7, 1024),
      (t * u, 0, nil), (u, 0, nil), (u - t, -512, nil), (t - u, nil, 512),
      (.floorDiv(t - 4, 2), -2, 254), (.floorDiv(100, t), 0, 100), (.floorDiv(u, t), 0, nil),
      (.floorDiv(t, u), nil, nil), (.mod(u, 8), 0, 7), (.mod(u, t), 0, 511), (.mod(t, u), nil, nil),
      (.max(t, u), 1, nil), (.min(t, u), 0, 512), (.max(t, s), 1, 512), (7, 7, 7),
    ] as [(Dim, Int?, Int?)])
  func bounds(_ dim: Dim, _ lower: Int?, _ upper: Int?) {
    var table = SymbolTable()
    table["T"] = .init(lower: 1, upper: 512, example: 64)
    table["S"] = .init(lower: 0, upper: 7, example: 5)
    table["U"] = .init()
    let found = table.bounds(dim)
    #expect(found.lower == lower)
    #expect(found.upper == upper)
  }
  static let u = Dim.symbol("U")

  @Test func freshSymbolsAndExamples() {
    var table = SymbolTable()
    table["d0"] = .init(lower: 2, example: 6)
    let fresh = table.fresh(.init(upper: 4))
    #expect(fresh == .symbol("d1"))
    #expect(table.bounds(fresh).upper == 4)
    #expect(table.example(.floorDiv(.symbol("d0"), 4)) == 1)
    #expect(table.example(fresh) == nil)
  }
}
