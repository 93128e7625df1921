// SPDX-License-Identifier: Apache-2.0

/// Numbers as people read them.
package enum Format {
  /// `4.21 MB`; small sizes keep two digits that say something.
  package static func megabytes(_ bytes: Int) -> String {
    let value = Double(bytes) / 1e6
    let digits = value >= 100 ? 1 : value >= 1 ? 2 : value >= 0.01 ? 3 : 4
    return fixed(value, digits) + " MB"
  }

  /// `value` with this many digits after the point.
  package static func fixed(_ value: Double, _ digits: Int) -> String {
    guard value.isFinite else { return value.isNaN ? "nan" : value < 0 ? "-inf" : "inf" }
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    let rounded = (abs(value) * scale).rounded()
    guard rounded < 9e15 else { return "\(value)" }
    let sign = value < 0 && rounded > 0 ? "-" : ""
    let whole = String(Int(rounded))
    if digits == 0 { return sign + whole }
    let padded = String(repeating: "0", count: max(0, digits + 1 - whole.count)) + whole
    return sign + padded.dropLast(digits) + "." + padded.suffix(digits)
  }

  /// `1.2e-05`, `0`, `inf`.
  package static func scientific(_ value: Double) -> String {
    guard value.isFinite, value != 0 else { return value == 0 ? "0" : fixed(value, 0) }
    var (mantissa, exponent) = (abs(value), 0)
    while mantissa >= 9.95 { (mantissa, exponent) = (mantissa / 10, exponent + 1) }
    while mantissa < 0.995 { (mantissa, exponent) = (mantissa * 10, exponent - 1) }
    let digits = abs(exponent) < 10 ? "0\(abs(exponent))" : "\(abs(exponent))"
    return (value < 0 ? "-" : "") + fixed(mantissa, 1) + "e" + (exponent < 0 ? "-" : "+") + digits
  }

  /// `3 tensors`, `1 tensor`.
  package static func count(_ number: Int, _ noun: String) -> String {
    "\(number) \(noun)\(number == 1 ? "" : "s")"
  }
}
