"""Runs every case under a folder with Scull and compares with what Paddle recorded:
    python bench/oracle/check.py DEST [WORD ...] [--tolerance 1e-4]
A case is a folder with a model (model.pdmodel, model.json or __model__) and io.npz: inputs by name, outputs out0,
out1, ... Each is built natively (everything native) and optimized (tactics, untimed unless --tune) and run once; printed is
the largest error over the range of the output. WORDs choose cases by their path. Exit status 1 when one is off."""
import argparse
import os
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import numpy as np

import scull

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


def run_case(folder, options, plan):
    io = np.load(os.path.join(folder, "io.npz"))
    inputs = inputs_of(io)
    shapes = [word for name, array in inputs.items() for word in ("--input", "%s=%s" % (name, shape_text(array)))]
    model, params = model_of(folder)
    scull.build(model, params, plan, *shapes, *options)
    engine = scull.Plan(plan)
    try:
        for name in engine.inputs:
            engine.set(name, inputs[name])
        engine.run()
        wanted = [io[name] for name in sorted((n for n in io.files if n.startswith("out")), key=lambda n: int(n[3:]))]
        errors = [error_of(engine.output(i), out) for i, out in enumerate(wanted)]
        for i, name in enumerate(engine.outputs[:len(wanted)]):  # the LoD of an output, where both have it
            if "lod_out%d" % i in io.files and name + "@lod" in engine.outputs:
                errors.append(error_of(engine.output(engine.outputs.index(name + "@lod")), io["lod_out%d" % i]))
        return max(errors, default=0.0)
    finally:
        engine.close()


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
