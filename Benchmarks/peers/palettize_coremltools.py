# SPDX-License-Identifier: Apache-2.0
"""palettize_coremltools.py IN.mlpackage OUT.mlpackage: 4 bits by k-means, a table for each 16 output channels."""
import logging
import sys
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.ERROR)

import coremltools as ct  # noqa: E402
import coremltools.optimize.coreml as optimize  # noqa: E402

if __name__ == "__main__":
    source, output = sys.argv[1:]
    model = ct.models.MLModel(source, skip_model_load=True)
    settings = optimize.OpPalettizerConfig(
        mode="kmeans", nbits=4, granularity="per_grouped_channel", group_size=16, num_kmeans_workers=2)
    optimize.palettize_weights(model, optimize.OptimizationConfig(global_config=settings)).save(output)
