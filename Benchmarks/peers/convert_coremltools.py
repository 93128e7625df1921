# SPDX-License-Identifier: Apache-2.0
"""convert_coremltools.py IN.pt2 OUT.mlpackage: what a user of coremltools runs to convert an exported program."""
import logging
import sys
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.ERROR)

import coremltools as ct  # noqa: E402
import torch  # noqa: E402

program = torch.export.load(sys.argv[1]).run_decompositions({})
model = ct.convert(program, minimum_deployment_target=ct.target.iOS18, skip_model_load=True)
model.save(sys.argv[2])
