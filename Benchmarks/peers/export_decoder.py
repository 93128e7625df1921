# SPDX-License-Identifier: Apache-2.0
"""export_decoder.py SIZE OUT.pt2: exports a decoder with its cache in two buffers and flexible lengths."""
import os
import sys

import torch

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts", "fixtures"))

from decoder import Config, Decoder, causal_mask  # noqa: E402

SIZES = {
    "small": Config(vocabulary=1024, width=128, layers=4, heads=4, cache_heads=2, hidden=384, context=256),
    "123m": Config(vocabulary=32000, width=768, layers=12, heads=12, cache_heads=3, hidden=2048, context=1024),
    "1.1b": Config(vocabulary=32000, width=2048, layers=22, heads=32, cache_heads=8, hidden=5632, context=1024),
}


def main(size, output):
    config = SIZES[size]
    torch.manual_seed(0)
    decoder = Decoder(config).eval()
    count = torch.export.Dim("count", min=1, max=config.context // 2)
    end = torch.export.Dim("end", min=1, max=config.context - 1)
    program = torch.export.export(
        decoder, (torch.zeros(1, 5, dtype=torch.int32), causal_mask(5, 9)),
        dynamic_shapes={"tokens": {1: count}, "mask": {2: count, 3: end}})
    torch.export.save(program, output)


if __name__ == "__main__":
    main(*sys.argv[1:])
