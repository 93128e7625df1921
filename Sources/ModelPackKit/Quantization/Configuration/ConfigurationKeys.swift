// SPDX-License-Identifier: Apache-2.0
import Compression

/// What may stand in a configuration file. `Schemas/settings.schema.json` and `docs/settings.md`
/// say the same.
package enum ConfigurationKeys {
  /// Linear quantization.
  package static let linear = ["dtype", "block", "granularity", "mode", "fit"]
  package static let pruning = ["sparse", "threshold", "pattern"]
  package static let treatment = linear + ["palette"] + pruning
  package static let top =
    treatment + ["importance", "min-elements", "include", "exclude", "indivisible", "rules"]
  package static let rule =
    ["weights", "names", "operations"] + treatment + ["min-elements", "skip"]

  package static let palette = [
    "bits", "mode", "group", "group-axis", "cluster", "channel-scale", "table-dtype", "table",
  ]
  package static let sparse = ["share", "block", "axis"]
  package static let threshold = ["value", "minimum-share"]
  package static let pattern = ["zeros", "group", "axis"]
}

/// The values of keys that have a list of them.
package enum ConfigurationChoices {
  package static let dtype = QuantizationScheme.dtypes.map(\.rawValue)
  package static let granularity = ["per-channel", "per-tensor"]
  package static let mode = QuantizationSettings.Mode.allCases.map(\.rawValue)
  package static let fit = QuantizationSettings.Fit.allCases.map(\.rawValue)
  package static let axis = QuantizationSettings.Pruning.Axis.allCases.map(\.rawValue)
  package static let bits = PaletteScheme.bitWidths
  package static let cluster = PaletteScheme.clusterSizes
  package static let paletteMode = ["kmeans", "uniform", "unique"]
  package static let tableDType = ["int8"]
  package static let indivisible = ["per-channel", "refuse"]
  package static let operations = WeightCompressor.operations
}
