// SPDX-License-Identifier: Apache-2.0
package import Tensors

extension Signature {
  /// The dtype that literals of each operand take beside operands whose dtypes are `known`: that of
  /// an operand of the same domain. Operands that are not in the result take their natural type.
  package func literalDTypes(beside known: [(name: String, dtype: DType)]) -> [String: DType] {
    var domains: [Domain: DType] = [:]
    for (name, dtype) in known {
      guard case .domain(let domain)? = operand(name)?.types, domains[domain] == nil else {
        continue
      }
      // A dtype that is not allowed is the operand's fault, not that of the literals beside it.
      if self.domains[domain]?.contains(dtype) ?? false { domains[domain] = dtype }
    }
    var dtypes: [String: DType] = [:]
    for operand in operands {
      switch operand.types {
      case .domain(let domain): dtypes[operand.name] = domains[domain] ?? followed(domain, domains)
      case .oneOf(let allowed): dtypes[operand.name] = allowed.count == 1 ? allowed[0] : nil
      case .any: break
      }
    }
    return dtypes
  }

  /// A float domain without a value of its own (a decoupled epsilon) follows the main one; integers
  /// keep int32: an int8 tensor may well have 200 columns.
  private func followed(_ domain: Domain, _ resolved: [Domain: DType]) -> DType? {
    guard let main = resolved[.T], main.isFloat, domains[domain]?.contains(main) ?? false else {
      return nil
    }
    return main
  }
}
