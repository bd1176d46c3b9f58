"""Runs every case under a folder with Scull and compares with what Paddle recorded:
    python bench/oracle/check.py DEST [WORD ...] [--tolerance 1e-4]
A case is a folder with a model (model.pdmodel, model.json or __model__) and io.npz: inputs by name, outputs out0,
out1, ... Each is built natively (everything native) and optimized (tactics, untimed unless --tune) and run once; printed is
the largest error over the range of the output. Detections may come in another order where scores are equal, and a map of
classes may differ where two classes are. WORDs choose cases by their path. Exit status 1 when one is off."""
import argparse
import os
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import numpy as np

import scull

ATOL, RTOL = 1e-4, 1e-3
NATIVE = ("--min-subgraph", "1000000", "--tune", "none")


def cases(dest, words):
    for folder, _, files in sorted(os.walk(dest)):
        if "io.npz" in files and (not words or any(word in folder for word in words)):
            yield folder


def model_of(folder):
    at = lambda name: os.path.join(folder, name)
    for name in ("model.json", "model.pdmodel"):
        if os.path.exists(at(name)):
            params = at("model.pdiparams")
            return at(name), params if os.path.exists(params) else None
    return folder, None


def inputs_of(io):
    """LoD offsets of an input x go to its companion input x@lod."""
    inputs = {name: io[name] for name in io.files if not name.startswith(("out", "lod_"))}
    inputs.update((name[4:] + "@lod", io[name]) for name in io.files if name.startswith("lod_") and name[4:7] != "out")
    return inputs


def shape_text(array):
    return "x".join(map(str, array.shape))


def error_of(got, wanted):
    """The largest difference over the range of the wanted values; infinite for another shape or type."""
    if got.shape != wanted.shape:
        return float("inf")
    if wanted.size == 0:
        return 0.0
    if wanted.dtype.kind != "f":
        return float(np.mean(got.astype(np.int64) != wanted.astype(np.int64)))
    got, wanted = got.astype(np.float64), wanted.astype(np.float64)
    if not np.array_equal(np.isfinite(got), np.isfinite(wanted)):
        return float("inf")
    finite = np.isfinite(wanted)
    if not finite.any():
        return 0.0
    got, wanted = got[finite], wanted[finite]
    extent = float(wanted.max() - wanted.min()) or float(np.abs(wanted).max()) or 1.0
    return float(np.abs(got - wanted).max()) / extent


def is_detections(array):
    """Rows of class, score, four sides of a box."""
    return array.dtype.kind == "f" and array.ndim == 2 and array.shape[1] == 6


def pair_rows(got, wanted):
    """The rows of `got` in the order of `wanted`: to each the nearest free one of its class and of its score within
    tolerance; None where one has no partner."""
    free, order = set(range(len(got))), []
    for row in wanted:
        slack = ATOL + RTOL * abs(row[1])
        near = [i for i in free if got[i, 0] == row[0] and abs(got[i, 1] - row[1]) <= slack]
        if not near:
            return None
        best = min(near, key=lambda i: np.abs(got[i, 2:] - row[2:]).max())
        free.discard(best)
        order.append(best)
    return got[order]


def settle_ties(got, wanted):
    """What was got, with what is left open by the wanted values put as they have it: the order of detections whose scores
    are equal within the tolerance, and the class of a pixel whose two classes are (its scores are another output)."""
    settled = list(got)
    for k, (g, w) in enumerate(zip(got, wanted)):
        if g.shape != w.shape:
            continue
        if is_detections(w):
            paired = pair_rows(g, w)
            settled[k] = g if paired is None else paired
        if w.dtype.kind == "i" and w.ndim > 1:
            scores = [o for o in wanted if o.dtype.kind == "f" and o.ndim == w.ndim + 1 and o.shape[:1] + o.shape[2:] == w.shape]
            if scores:
                of = lambda classes: np.take_along_axis(scores[0], classes[:, None].astype(np.int64), 1)[:, 0]
                inside = (g >= 0) & (g < scores[0].shape[1])
                open_ = inside & (of(w) - of(np.where(inside, g, 0)) <= 2 * (ATOL + RTOL * of(w)))
                settled[k] = np.where(open_, w, g)
    return settled


def excess_of(got, wanted):
    """The largest difference over what is permitted, atol + rtol * |wanted|: right up to 1. The size of a box is that of its
    furthest side."""
    if got.shape != wanted.shape:
        return float("inf")
    if wanted.dtype.kind != "f":
        return 0.0 if np.array_equal(got.astype(np.int64), wanted.astype(np.int64)) else float("inf")
    got, wanted = got.astype(np.float64), wanted.astype(np.float64)
    finite = np.isfinite(wanted)
    if not np.array_equal(np.isfinite(got), finite):
        return float("inf")
    size = np.abs(wanted)
    if is_detections(wanted) and len(wanted):
        size[:, 2:] = size[:, 2:].max(axis=1, keepdims=True)
    return float((np.abs(got - wanted) / (ATOL + RTOL * size))[finite].max(initial=0.0))


def wanted_of(io):
    return [io[name] for name in sorted((n for n in io.files if n.startswith("out")), key=lambda n: int(n[3:]))]


def build_case(folder, options, plan):
    io = np.load(os.path.join(folder, "io.npz"))
    shapes = [word for name, array in inputs_of(io).items() for word in ("--input", "%s=%s" % (name, shape_text(array)))]
    scull.build(*model_of(folder), plan, *shapes, *options)


def run_plan(folder, plan):
    """Pairs of what a plan gives for a case and what is wanted, after settle_ties."""
    io = np.load(os.path.join(folder, "io.npz"))
    inputs = inputs_of(io)
    engine = scull.Plan(plan)
    try:
        for name in engine.inputs:
            engine.set(name, inputs[name])
        engine.run()
        wanted = wanted_of(io)
        got = [engine.output(i) for i in range(len(wanted))]
        for i, name in enumerate(engine.outputs[:len(wanted)]):  # the LoD of an output, where both have it
            if "lod_out%d" % i in io.files and name + "@lod" in engine.outputs:
                got.append(engine.output(engine.outputs.index(name + "@lod")))
                wanted.append(io["lod_out%d" % i])
        return list(zip(settle_ties(got, wanted), wanted))
    finally:
        engine.close()


def run_case(folder, options, plan):
    build_case(folder, options, plan)
    return max((error_of(got, wanted) for got, wanted in run_plan(folder, plan)), default=0.0)


def report(folder, options, plan, tolerance):
    try:
        error = run_case(folder, options, plan)
        return error <= tolerance, "%9.2e%s" % (error, "" if error <= tolerance else " BAD")
    except (scull.Failure, KeyError, ValueError) as failure:
        return False, "FAILED " + str(failure).splitlines()[0][:150]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dest")
    parser.add_argument("words", nargs="*")
    parser.add_argument("--tolerance", type=float, default=1e-4)
    parser.add_argument("--tune", default="none")
    parser.add_argument("--only", choices=("native", "optimized"))
    args = parser.parse_args()
    ways = {"native": NATIVE, "optimized": ("--min-subgraph", "0", "--tune", args.tune)}
    good = dict.fromkeys(ways, 0)
    count = 0
    with tempfile.TemporaryDirectory() as work:
        for folder in cases(args.dest, args.words):
            count += 1
            text = []
            for way, options in ways.items():
                if args.only in (None, way):
                    right, words = report(folder, options, os.path.join(work, "net.plan"), args.tolerance)
                    good[way] += right
                    text.append("%s %s" % (way, words))
            print("%-32s %s" % (os.path.relpath(folder, args.dest), "   ".join(text)), flush=True)
    for way in ways:
        if args.only in (None, way):
            print("%s: %d of %d right" % (way, good[way], count))
    return 0 if all(good[way] == count for way in ways if args.only in (None, way)) else 1


if __name__ == "__main__":
    sys.exit(main())
