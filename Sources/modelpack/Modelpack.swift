// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ModelPackKit

/// `modelpack`: the commands, and what they share.
struct Modelpack: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "modelpack",
    abstract: "Converts models to Core ML packages, compresses, checks, runs and compares them.",
    discussion: """
      Works on .mlpackage folders of the ML Program kind, whoever wrote them, and on PyTorch \
      (.pt2, written by torch.export.save) and ONNX sources. Needs neither Python nor a Mac.

      EXAMPLES:
        modelpack convert decoder.pt2 -o decoder.mlpackage
        modelpack quantize decoder.mlpackage -o small.mlpackage --int4 --block 32
        modelpack inspect small.mlpackage
        modelpack compare decoder.mlpackage small.mlpackage
        modelpack validate small.mlpackage --against decoder.pt2
        modelpack run small.mlpackage --inputs prompt.npz --outputs logits.npz

      EXIT STATUS:
        0    done
        1    a check, a comparison or a validation fell short
        64   the command line makes no sense
        65   the input is malformed
        66   the input cannot be opened
        69   something that the target or modelpack cannot express
        70   a defect of modelpack
        73   the output cannot be written
        74   reading or writing failed halfway
        130  interrupted
      """,
    version: ModelPack.version,
    subcommands: [
      Convert.self, Quantize.self, Decompress.self, Inspect.self, Compare.self, Check.self,
      Run.self, Validate.self,
    ])
}
