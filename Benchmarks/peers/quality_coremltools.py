# SPDX-License-Identifier: Apache-2.0
"""quality_coremltools.py FOLDER: weights of real shapes, and what coremltools makes of them in int4.

Writes source.mlpackage, block.mlpackage and channel.mlpackage. The operation that uses a weight is called
`DISTRIBUTION_OUTPUTSxINPUTS`.
"""
import logging
import os
import sys
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.ERROR)

import numpy as np  # noqa: E402
import coremltools as ct  # noqa: E402
import coremltools.optimize.coreml as optimize  # noqa: E402
from coremltools.converters.mil import Builder as mb  # noqa: E402
from coremltools.converters.mil.mil import types  # noqa: E402

SHAPES = [(2048, 768), (768, 2048), (2048, 4096), (1024, 11008)]
random = np.random.default_rng(12)


def weights():
    for outputs, inputs in SHAPES:
        for name in ("normal", "student"):
            values = random.standard_normal((outputs, inputs)) if name == "normal" else random.standard_t(
                4, (outputs, inputs))
            yield f"{name}_{outputs}x{inputs}", (0.02 * values).astype(np.float16)


def main(folder):
    @mb.program(input_specs=[mb.TensorSpec((1, i), dtype=types.fp16) for _, i in SHAPES], opset_version=ct.target.iOS18)
    def program(a, b, c, d):
        inputs = dict(zip((i for _, i in SHAPES), (a, b, c, d)))
        return tuple(mb.linear(x=inputs[w.shape[1]], weight=w, name=name) for name, w in weights())

    source = os.path.join(folder, "source.mlpackage")
    ct.convert(program, minimum_deployment_target=ct.target.iOS18, skip_model_load=True).save(source)
    for name, options in [("block", dict(granularity="per_block", block_size=32)), ("channel", dict(granularity="per_channel"))]:
        settings = optimize.OpLinearQuantizerConfig(mode="linear_symmetric", dtype="int4", **options)
        model = ct.models.MLModel(source, skip_model_load=True)
        optimize.linear_quantize_weights(model, optimize.OptimizationConfig(global_config=settings)).save(
            os.path.join(folder, name + ".mlpackage"))


if __name__ == "__main__":
    main(sys.argv[1])
