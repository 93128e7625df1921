# SPDX-License-Identifier: Apache-2.0
"""The models to export: those of the fixtures, and more and larger ones of the same families."""
import os
import sys

from modelpack import ROOT

sys.path.insert(0, os.path.join(ROOT, "scripts", "fixtures"))

import torch  # noqa: E402

torch.set_num_threads(1)

import odd_modules  # noqa: E402
import torch_models  # noqa: E402


class Case:
    def __init__(self, name, module, calls, options):
        self.name, self.module, self.calls, self.options = name, module, calls, options

    def __repr__(self):
        return self.name


def collect(*makers):
    cases = []

    def write(name, module, calls, **options):
        cases.append(Case(name, module, calls, options))

    for make in makers:
        make(write)
    return cases


def families():
    return collect(
        torch_models.make_small, torch_models.make_convolutional, torch_models.make_recurrent,
        lambda write: torch_models.make_transformers(write, layers=2, width=64, thorough=True))


def odd():
    return collect(odd_modules.make)
