# SPDX-License-Identifier: Apache-2.0
"""Every form that a compressed weight can have, as data: what modelpack is asked for, what each target makes of it, and
how coremltools writes the same. `test_schemes.py` holds the table against both; `scripts/generate-compression-schemes`
makes docs/compression-schemes.md of it. Nothing but Python's own library is needed here."""
from dataclasses import dataclass

TARGETS = ("iOS15", "iOS16", "iOS17", "iOS18", "iOS26")
OLD, NEW = ("iOS16", "iOS17"), ("iOS18", "iOS26")
WIDTHS, OLD_WIDTHS = (1, 2, 3, 4, 6, 8), (1, 2, 4, 6, 8)
BLOCK, GROUP = 16, 8  # every channel axis of the weights in the tests is a multiple of both, or of the second

AFFINE, SHIFT, TABLE, SPARSE = (
    "constexpr_affine_dequantize", "constexpr_blockwise_shift_scale", "constexpr_lut_to_dense", "constexpr_sparse_to_dense")
SPARSE_SHIFT, SPARSE_TABLE = "constexpr_sparse_blockwise_shift_scale", "constexpr_lut_to_sparse"


@dataclass(frozen=True)
class Refusal:
    """What is said of a package for `{target}`, and what to do about it."""
    message: str
    fix: str

    def text(self, target):
        return f"{self.message.format(target=target)}\n  fix: {self.fix}"


def needs(target, what):
    return Refusal(f"{what} need the target {target}, and the model is for {{target}}",
                   f"convert the model with --target {target} or later")


@dataclass(frozen=True)
class Row:
    family: str
    scheme: str
    bits: int  # of each stored element; 0 where it is stored as it is
    granularity: str
    flags: str  # of `modelpack quantize`; TABLE.npy is a table of 2^bits entries
    forms: dict  # by target: the operations from the codes to the weight, or a Refusal
    codes: str = ""  # the dtype of the codes since iOS 18
    theirs: object = ()  # coremltools: ((kind of pass, its options)...), or why it does not write this
    their_forms: tuple = ()  # (target, operations)... where coremltools puts them in another order
    prunes_tables: bool = True  # whether weights of `gather` are pruned too

    @property
    def name(self):
        return "-".join(self.flags.replace("--", "").split()).replace(":", "of").replace("/", "-")

    def written(self, target):
        return isinstance(self.forms[target], tuple)

    def their_targets(self):
        """The operations by target that coremltools writes; one of equal targets."""
        if isinstance(self.theirs, str):
            return {}
        return {t: self.forms[t] for t in TARGETS if self.written(t) and t != "iOS26"} | dict(self.their_forms)


def everywhere(form):
    return {t: form for t in TARGETS}


# Linear quantization

LINEAR_GRANULARITIES = {
    "per tensor": ("--per-tensor", dict(granularity="per_tensor")),
    "per channel": ("--per-channel", dict(granularity="per_channel")),
    f"blocks of {BLOCK}": (f"--block {BLOCK}", dict(granularity="per_block", block_size=BLOCK)),
}
NO_SEARCH = "coremltools takes the extremes; the form is the same"


def linear():
    for dtype in ("int4", "uint4", "int8", "uint8"):
        for mode in ("symmetric", "asymmetric"):
            for granularity, (flag, options) in LINEAR_GRANULARITIES.items():
                if dtype.endswith("4"):
                    refused = needs("iOS18", f"{dtype} weights")
                else:
                    refused = needs("iOS18", "weights quantized per block") if "block" in flag else None
                forms = {"iOS15": refused or needs("iOS16", "quantized weights"), **{t: refused or (AFFINE,) for t in OLD},
                         **{t: (SHIFT,) for t in NEW}}
                theirs = dict(dtype=dtype, mode="linear_symmetric" if mode == "symmetric" else "linear", **options)
                for fit, their in (("min-max", (("linear", theirs),)), ("error", NO_SEARCH)):
                    scheme, flags = f"{dtype.rstrip('48')} {mode}", f"--{dtype} --{mode} {flag}"
                    if fit == "error":
                        scheme = scheme + ", least error"
                    else:
                        flags += " --fit min-max"
                    yield Row("linear", scheme, int(dtype[-1]), granularity, flags, forms, dtype, their)


# Palettes

PALETTE_GRANULARITIES = {
    "per tensor": ("", {}),
    f"groups of {GROUP} output channels": (f" --group {GROUP}", dict(granularity="per_grouped_channel", group_size=GROUP)),
    f"groups of {GROUP} input channels": (f" --group {GROUP} --group-axis input",
                                         dict(granularity="per_grouped_channel", group_size=GROUP, channel_axis=1)),
}
MODES = {"k-means": ("", "kmeans"), "uniform": (" --palette-mode uniform", "uniform"),
         "unique": (" --palette-mode unique", "unique"), "given table": (" --table TABLE.npy", "custom")}
SCALED_VECTORS = "coremltools 9.0 cannot save scales per channel with vectors: a pass of its own forgets their axis"
SMALL_TABLES = "coremltools leaves tables of fewer than 10 numbers in the dtype of the weight"
OTHER_ORDER = ("for iOS 18 coremltools repeats tables until there is one for each scale, and multiplies those; "
               "from iOS 26 on it writes the same as modelpack")
SCALED_INT8 = "coremltools does not quantize tables that it has scaled"
UNIQUE_WIDTHS = "coremltools takes 1, 2, 4, 6 or 8 bits for unique values"
CUSTOM_VECTORS = "coremltools' tables by a function have no vectors"
INT8_TABLE = ("linear", dict(dtype="int8", mode="linear_symmetric", granularity="per_tensor"))


def palette_refusal(bits, granularity, vectors, scale, int8):
    """The first of what iOS 16 and 17 lack."""
    for wanted, what in ((granularity != "per tensor", "palettes per group of channels"), (vectors > 1, "palettes of vectors"),
                         (scale, "palettes with scales per channel"), (int8, "palettes with tables of int8"),
                         (bits == 3, "palettes of 3 bits")):
        if wanted:
            return needs("iOS18", what)
    return None


def palette_row(mode, bits, granularity, vectors=1, scale=False, int8=False):
    flag, theirs = PALETTE_GRANULARITIES[granularity]
    mode_flag, their_mode = MODES[mode]
    flags = (f"--palette {bits}{mode_flag}{flag}" + (f" --cluster {vectors}" if vectors > 1 else "")
             + (" --channel-scale" if scale else "") + (" --table-dtype int8" if int8 else ""))
    words = [mode, f"vectors of {vectors}" if vectors > 1 else "", "scale per channel" if scale else "",
             "int8 table" if int8 else ""]
    refused = palette_refusal(bits, granularity, vectors, scale, int8)
    form = (SHIFT,) * int8 + (TABLE,) + (SHIFT,) * scale
    theirs = dict(mode=their_mode, **theirs)
    if their_mode in ("kmeans", "uniform"):
        theirs["nbits"] = bits
    if vectors > 1:
        theirs["cluster_dim"] = vectors
    if scale:
        theirs["enable_per_channel_scale"] = True
    steps = (("palette", theirs),) + (INT8_TABLE,) * int8
    # Groups: the weights of the tests have at least five along some axis, so that their tables together are large enough.
    small = int8 and 2 ** bits * vectors * (1 if granularity == "per tensor" else 5) < 10
    reason = (SCALED_VECTORS if scale and vectors > 1 else SCALED_INT8 if scale and int8
              else CUSTOM_VECTORS if mode == "given table" and vectors > 1
              else UNIQUE_WIDTHS if mode == "unique" and bits == 3 else SMALL_TABLES if small else None)
    forms = {"iOS15": refused or needs("iOS16", "palettized weights"), **{t: refused or (TABLE,) for t in OLD},
             **{t: form for t in NEW}}
    their_forms = (("iOS18", (SHIFT, TABLE)), ("iOS26", form)) if scale else ()
    return Row("palette", ", ".join(filter(None, words)), bits, granularity, flags, forms, f"uint{bits}", reason or steps,
               their_forms)


def palettes():
    for vectors in (1, 2, 4):
        for scale in (False, True):
            for int8 in (False, True):
                for granularity in PALETTE_GRANULARITIES:
                    for bits in WIDTHS:
                        yield palette_row("k-means", bits, granularity, vectors, scale, int8)
    for mode in ("uniform", "unique", "given table"):
        for granularity in PALETTE_GRANULARITIES:
            for bits in WIDTHS:
                yield palette_row(mode, bits, granularity)
    for mode in ("uniform", "given table"):
        for scale, int8 in ((True, False), (False, True), (True, True)):
            for bits in WIDTHS:
                yield palette_row(mode, bits, "per tensor", 1, scale, int8)
    for vectors in (2, 4):
        for bits in WIDTHS:
            yield palette_row("given table", bits, "per tensor", vectors)


# Pruning, alone and before the others

PRUNINGS = {
    "share of elements": ("--sparse 0.5", dict(target_sparsity=0.5), True),
    "blocks of 4 output channels": ("--sparse 0.5 --sparse-block 4", dict(target_sparsity=0.5, block_size=4, dim=0), False),
    "blocks of 4 input channels": ("--sparse 0.5 --sparse-block 4 --sparse-axis input",
                                   dict(target_sparsity=0.5, block_size=4, dim=1), False),
    "2:4 along input channels": ("--pattern 2:4", dict(n_m_ratio=(2, 4), dim=1), False),
    "2:4 along output channels": ("--pattern 2:4 --sparse-axis output", dict(n_m_ratio=(2, 4), dim=0), False),
    "threshold": ("--threshold 2", dict(threshold=2.0), True),
}
UNIQUE_ZEROS = "coremltools gives the zeros an entry of the table, which may then need more bits"


def pruning():
    forms = {"iOS15": needs("iOS16", "sparse weights"), **{t: (SPARSE,) for t in OLD + NEW}}
    for granularity, (flags, options, prunes_tables) in PRUNINGS.items():
        yield Row("sparse", "elements as they are", 0, granularity, flags, forms, "", (("prune", options),),
                  prunes_tables=prunes_tables)


def joint():
    refused = needs("iOS18", "weights both sparse and quantized")
    for pattern in ("share of elements", "2:4 along input channels"):
        flags, options, prunes_tables = PRUNINGS[pattern]
        for row in linear():
            if row.theirs == NO_SEARCH and not prunes_tables:
                continue
            forms = {t: (SPARSE_SHIFT, SPARSE) if t in NEW else refused for t in TARGETS}
            theirs = row.theirs if row.theirs == NO_SEARCH else (("prune", options), *row.theirs)
            yield Row("sparse and linear", f"{pattern}; {row.scheme}", row.bits, row.granularity, f"{flags} {row.flags}",
                      forms, row.codes, theirs, prunes_tables=prunes_tables)
    flags, options, _ = PRUNINGS["share of elements"]
    for row in palettes():
        if "vectors" in row.scheme or "scale" in row.scheme or "k-means" not in row.scheme and row.granularity != "per tensor":
            continue
        forms = {t: row.forms[t][:-1] + (SPARSE_TABLE, SPARSE) if t in NEW else refused for t in TARGETS}
        theirs = row.theirs if isinstance(row.theirs, str) else (("prune", options), *row.theirs)
        theirs = UNIQUE_ZEROS if row.scheme == "unique" else theirs
        yield Row("sparse and palette", f"share of elements; {row.scheme}", row.bits, row.granularity, f"{flags} {row.flags}",
                  forms, row.codes, theirs)


ROWS = [*linear(), *palettes(), *pruning(), *joint()]

# What no target has, whatever the package.
ANOTHER = "leave that out, or the pruning"
IMPOSSIBLE = {
    **{f"--int{b}": Refusal(f"Core ML has no weights of uint{b} with a scale (it has int4, uint4, int8, uint8)",
                           f"use --palette {b} --palette-mode uniform, a table of evenly spaced values") for b in (1, 2, 3, 6)},
    **{f"--palette {b}": Refusal(f"palettes of {b} bits are impossible", "use one of 1, 2, 3, 4, 6, 8") for b in (0, 5, 7, 9)},
    "--palette 4 --cluster 3": Refusal("vectors of 3 are impossible", "use one of 1, 2, 4"),
    "--palette 4 --cluster 2 --group 3": Refusal("groups of 3 channels do not divide into vectors of 2",
                                                "use a multiple of 2 as the size of groups"),
    "--palette 4 --cluster 2 --palette-mode uniform": Refusal("a uniform palette has no vectors", "use k-means, or vectors of 1"),
    "--palette 4 --cluster 2 --palette-mode unique": Refusal("a unique palette has no vectors", "use k-means, or vectors of 1"),
    "--sparse 0.5 --palette 4 --cluster 2": Refusal("a sparse weight cannot have a palette of vectors", ANOTHER),
    "--sparse 0.5 --palette 4 --channel-scale": Refusal("a sparse weight cannot have a palette with a scale per channel", ANOTHER),
}

# What coremltools writes and modelpack only reads, since something that it writes takes no more and is as good.
TENSOR, CHANNELS, BLOCKS = (LINEAR_GRANULARITIES[g][1] for g in LINEAR_GRANULARITIES)
ONLY_THEIRS = {
    **{f"tables of {d} {m}{', vectors' if v > 1 else ''}": (
        (("palette", dict(mode="kmeans", nbits=4, cluster_dim=v)),
         ("linear", dict(dtype=d, mode=m, granularity="per_tensor"))), (SHIFT, TABLE))
       for d in ("int4", "uint4", "int8", "uint8") for m in ("linear_symmetric", "linear") for v in (1, 2)
       if (d, m) != ("int8", "linear_symmetric")},
    **{f"tables of {d} {m}, sparse": (
        (("prune", dict(target_sparsity=0.5)), ("palette", dict(mode="kmeans", nbits=4)),
         ("linear", dict(dtype=d, mode=m, granularity="per_tensor"))), (SHIFT, SPARSE_TABLE, SPARSE))
       for d in ("int4", "uint4", "int8", "uint8") for m in ("linear_symmetric", "linear")
       if (d, m) != ("int8", "linear_symmetric")},
    **{f"palette of {d} codes {m}, scales {g['granularity']}, {t}": (
        (("linear", dict(dtype=d, mode=m, **g)), ("palette", dict(mode="kmeans", nbits=3))), form)
       for t, form in (("iOS18", (SHIFT, TABLE)), ("iOS26", (TABLE, SHIFT)))
       for d in ("int8", "uint8") for m in ("linear_symmetric", "linear") for g in (TENSOR, CHANNELS, BLOCKS)},
    **{f"{d} {m} {g['granularity']}, pruned afterwards": (
        (("linear", dict(dtype=d, mode=m, **g)), ("prune", dict(target_sparsity=0.5))), (SPARSE_SHIFT, SPARSE))
       for d in ("int4", "uint4", "int8", "uint8") for m in ("linear_symmetric", "linear") for g in (TENSOR, CHANNELS, BLOCKS)},
    **{f"palette of {b} bits, pruned afterwards": (
        (("palette", dict(mode="kmeans", nbits=b)), ("prune", dict(target_sparsity=0.5))), (SPARSE_TABLE, SPARSE)) for b in WIDTHS},
    "palette with an int8 table, pruned before": (
        (("palette", dict(mode="kmeans", nbits=4)), ("prune", dict(target_sparsity=0.5)), INT8_TABLE), (SHIFT, SPARSE_TABLE, SPARSE)),
    **{f"blocks of {a} x {b}": ((("linear", dict(dtype=d, mode=m, granularity="per_block", block_size=(a, b))),), (SHIFT,))
       for d, m in (("int4", "linear_symmetric"), ("uint8", "linear")) for a, b in ((4, 8), (0, 1), (0, 8), (8, 0))},
}
