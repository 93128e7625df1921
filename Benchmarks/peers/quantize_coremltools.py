# SPDX-License-Identifier: Apache-2.0
"""quantize_coremltools.py IN.mlpackage OUT.mlpackage int4|int8: symmetric, in blocks of 32."""
import logging
import sys
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.ERROR)

import coremltools as ct  # noqa: E402
import coremltools.optimize.coreml as optimize  # noqa: E402

source, output, dtype = sys.argv[1:]
model = ct.models.MLModel(source, skip_model_load=True)
settings = optimize.OpLinearQuantizerConfig(
    mode="linear_symmetric", dtype=dtype, granularity="per_block", block_size=32)
optimize.linear_quantize_weights(model, optimize.OptimizationConfig(global_config=settings)).save(output)
