// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ModelPackKit

enum PaletteModeOption: String, ExpressibleByArgument, CaseIterable {
  case kmeans, uniform, unique
}

enum GroupAxisOption: String, ExpressibleByArgument, CaseIterable {
  case output, input
}

enum TableTypeOption: String, ExpressibleByArgument, CaseIterable {
  case int8
}

/// How `quantize` palettizes.
struct PaletteOptions: ParsableArguments {
  @Option(
    name: .customLong("palette"),
    help: ArgumentHelp(
      "Palettize weights: indices of 1, 2, 3, 4, 6 or 8 bits into tables.", valueName: "bits"))
  var bits: Int?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "What tables hold: the values of least squared error, values evenly spaced, or the values of "
        + "the weight themselves, where they are few enough (default: kmeans).", valueName: "mode"))
  var paletteMode: PaletteModeOption?

  @Option(
    name: .long,
    help: ArgumentHelp("One table for each N channels (default: one for all).", valueName: "n"))
  var group: Int?

  @Option(
    name: .long,
    help: ArgumentHelp("The channels that are grouped (default: output).", valueName: "axis"))
  var groupAxis: GroupAxisOption?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "One index for the elements of each N channels, 2 or 4; tables hold vectors.", valueName: "n"
    ))
  var cluster: Int?

  @Flag(
    name: .long, help: "Divide elements by the largest magnitude along the channels first.")
  var channelScale = false

  @Option(
    name: .long,
    help: ArgumentHelp("Store tables in int8 with a scale each.", valueName: "dtype"))
  var tableDtype: TableTypeOption?

  @Option(
    name: .long, help: ArgumentHelp("Use this table for all weights.", valueName: "file.npy"),
    completion: .file(extensions: ["npy"]))
  var table: String?

  func validate() throws {
    let others =
      paletteMode != nil || group != nil || groupAxis != nil || cluster != nil || channelScale
      || tableDtype != nil || table != nil
    if bits == nil && others {
      throw ValidationError("The options of palettes need --palette BITS.")
    }
    if table != nil && paletteMode != nil {
      throw ValidationError("--table and --palette-mode exclude each other.")
    }
    if groupAxis != nil && group == nil { throw ValidationError("--group-axis needs --group N.") }
  }

  /// Reads the table.
  func palette() throws -> QuantizationSettings.Palette? {
    guard let bits else { return nil }
    var palette = QuantizationSettings.Palette(bits: bits)
    switch paletteMode {
    case .uniform: palette.mode = .uniform
    case .unique: palette.mode = .unique
    case .kmeans, nil: palette.mode = .kmeans
    }
    if let table { palette.mode = .table(try ArrayFile.read(table).floats) }
    palette.groupSize = group
    palette.groupAxis = groupAxis == .input ? .input : .output
    palette.clusterSize = cluster ?? 1
    palette.hasChannelScale = channelScale
    palette.tableType = tableDtype == nil ? nil : .int8
    return palette
  }
}
