// SPDX-License-Identifier: Apache-2.0
import Compression
import Containers
import Diagnostics

extension ConfigurationMapping {
  private typealias Keys = ConfigurationKeys
  private typealias Choices = ConfigurationChoices

  /// What the keys say that happens to weights, what they leave open of linear quantization being
  /// as in `base`; nil where they say nothing, or what cannot be.
  func treatment(default base: QuantizationSettings.Scheme?) -> QuantizationSettings.Treatment? {
    let problems = reader.problemCount
    refuseTogether(["palette"], Keys.linear)
    refuseTogether(["sparse"], ["threshold"], ["pattern"])
    guard reader.problemCount == problems else { return nil }
    let values: QuantizationSettings.Treatment.Values? =
      palette().map { .palette($0) } ?? linear(default: base).map { .linear($0) }
    let pruning = self.pruning()
    guard reader.problemCount == problems, values != nil || pruning != nil else { return nil }
    return QuantizationSettings.Treatment(values ?? .dense, pruning: pruning)
  }

  // MARK: Linear quantization

  private func linear(
    default base: QuantizationSettings.Scheme?
  ) -> QuantizationSettings.Scheme? {
    guard let given = first(of: Keys.linear) else { return nil }
    let problems = reader.problemCount
    refuseTogether(["block"], ["granularity"])
    let dtype = self.dtype()
    let shape: QuantizationSettings.Granularity? =
      int("block", from: 1).map { .block($0) }
      ?? choice("granularity", Choices.granularity).map {
        $0 == "per-tensor" ? .perTensor : .perChannel
      }
    let mode = choice("mode", Choices.mode).flatMap { QuantizationSettings.Mode(rawValue: $0) }
    let fit = choice("fit", Choices.fit).flatMap { QuantizationSettings.Fit(rawValue: $0) }
    guard reader.problemCount == problems else { return nil }
    guard let type = dtype ?? base?.elementType else {
      if isUnclear { return nil }
      reader.report(
        given.value, "the key 'dtype' is missing",
        fix: "give one of \(Choices.dtype.joined(separator: ", "))")
      return nil
    }
    let scheme = QuantizationSettings.Scheme(
      type, shape ?? (dtype == nil ? base?.granularity : nil), mode ?? base?.mode ?? .symmetric,
      fit: fit ?? base?.fit ?? .error)
    return possible(scheme, given.value) { _ = try scheme.values() }
  }

  private func dtype() -> ElementType? {
    if let value = self["dtype"], case .scalar(let text, _) = value.content,
      let bits = ElementType.bitsWithoutScale(text)
    {
      reader.report(
        value, Diagnostic.unscaledBits(text, bits).message,
        fix: "use 'palette: {bits: \(bits), mode: uniform}', a table of evenly spaced values")
      return nil
    }
    return choice("dtype", Choices.dtype).flatMap { ElementType(rawValue: $0) }
  }

  // MARK: Palettes

  private func palette() -> QuantizationSettings.Palette? {
    guard let value = self["palette"] else { return nil }
    let problems = reader.problemCount
    var palette: QuantizationSettings.Palette
    if value.isScalar {
      guard let bits = reader.catching(value, { try value.int() }) else { return nil }
      palette = QuantizationSettings.Palette(bits: bits)
    } else {
      let keys = ConfigurationMapping(value, keys: Keys.palette, reader)
      palette = QuantizationSettings.Palette(bits: keys.required("bits") { try $0.int() } ?? 0)
      keys.fill(&palette)
    }
    guard reader.problemCount == problems else { return nil }
    return possible(palette, value) { _ = try palette.values() }
  }

  private func fill(_ palette: inout QuantizationSettings.Palette) {
    refuseTogether(["mode"], ["table"])
    refuse("group-axis", without: "group")
    switch choice("mode", Choices.paletteMode) {
    case "uniform": palette.mode = .uniform
    case "unique": palette.mode = .unique
    default: break
    }
    if let table = table() { palette.mode = .table(table) }
    palette.groupSize = int("group", from: 1)
    palette.groupAxis = choice("group-axis", Choices.axis) == "input" ? .input : .output
    palette.clusterSize = int("cluster", from: 1) ?? 1
    palette.hasChannelScale = bool("channel-scale") ?? false
    palette.tableType = choice("table-dtype", Choices.tableDType).map { _ in .int8 }
  }

  /// The numbers, or those of the file that is named.
  private func table() -> [Float]? {
    read("table") { value in
      value.isScalar
        ? try ArrayFile.read(reader.path(try value.string())).floats
        : try value.elements().map { try $0.float() }
    }
  }

  // MARK: Pruning

  private func pruning() -> QuantizationSettings.Pruning? {
    guard let given = first(of: Keys.pruning) else { return nil }
    let problems = reader.problemCount
    let pruning: QuantizationSettings.Pruning? =
      switch given.key {
      case "sparse": sparse(given.value)
      case "threshold": threshold(given.value)
      default: pattern(given.value)
      }
    guard let pruning, reader.problemCount == problems else { return nil }
    return possible(pruning, given.value) { _ = try pruning.scheme() }
  }

  private func sparse(_ value: YAMLNode) -> QuantizationSettings.Pruning? {
    if value.isScalar { return reader.catching(value) { .share(try value.share()) } }
    let keys = ConfigurationMapping(value, keys: Keys.sparse, reader)
    keys.refuse("axis", without: "block")
    let size = keys.int("block", from: 2)
    let axis = keys.axis() ?? .output
    return keys.required("share") { try $0.share() }.map { share in
      size.map { .blocks(share: share, size: $0, axis: axis) } ?? .share(share)
    }
  }

  private func threshold(_ value: YAMLNode) -> QuantizationSettings.Pruning? {
    if value.isScalar { return reader.catching(value) { .threshold(try value.double()) } }
    let keys = ConfigurationMapping(value, keys: Keys.threshold, reader)
    let share = keys.read("minimum-share") { try $0.share() }
    return keys.required("value") { try $0.double() }.map { limit in
      share.map { .threshold(limit, minimumShare: $0) } ?? .threshold(limit)
    }
  }

  private func pattern(_ value: YAMLNode) -> QuantizationSettings.Pruning? {
    if value.isScalar {
      return reader.catching(value) {
        let text = try value.string()
        guard let pattern = QuantizationSettings.Pruning(pattern: text) else {
          throw value.fails(
            "'\(text)' is no pattern", fix: "give N:M with N from 0 to M, such as \"2:4\"")
        }
        return pattern
      }
    }
    let keys = ConfigurationMapping(value, keys: Keys.pattern, reader)
    let zeros = keys.required("zeros") { try $0.int() }
    let group = keys.required("group") { try $0.int() }
    guard let zeros, let group else { return nil }
    return .pattern(zeros: zeros, group: group, axis: keys.axis() ?? .input)
  }

  private func axis() -> QuantizationSettings.Pruning.Axis? {
    choice("axis", Choices.axis).flatMap { QuantizationSettings.Pruning.Axis(rawValue: $0) }
  }

  /// `value` if `check` has nothing against it.
  private func possible<T>(_ value: T, _ node: YAMLNode, _ check: () throws -> Void) -> T? {
    reader.catching(node, check).map { _ in value }
  }
}
