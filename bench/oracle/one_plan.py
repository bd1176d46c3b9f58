"""One plan for batches 1 to 10, checked at every one:
    bench/oracle/real_models one_plan.py DEST [NET ...]
DEST holds a folder a network (model.pdmodel, model.pdiparams, io.npz), as for check.py. The tuned plan answers are
compared with those of a native plan of the same range; batch 11 must be refused with a message that names input,
dimension and range. Exit status 1 when something is off."""
import argparse
import os
import sys
import tempfile

import numpy as np

import check
from check import scull

NETWORKS = ("resnet50", "mobilenet_v1", "inception_v3")
WAYS = (check.NATIVE, ("--tune", "fast", "--time-budget", "5"))
TOLERANCE = 1e-4


def build_and_open(folder, name, dims, options, plan):
    shapes = ":".join("x".join(map(str, (batch,) + dims)) for batch in (1, 5, 10))
    scull.build(*check.model_of(folder), plan, "--input", "%s=%s" % (name, shapes), *options)
    return scull.Plan(plan)


def outputs(engine, name, array):
    engine.set(name, array)
    engine.run()
    return [engine.output(i) for i in range(len(engine.outputs))]


def refusal(engine, name, dims):
    """The message for batch 11, or None when it is not refused."""
    try:
        engine.set(name, np.zeros((11,) + dims, np.float32))
        engine.run()
        return None
    except scull.Failure as failure:
        return str(failure)


def is_clear(message, name):
    words = ("'%s'" % name, "dimension 0", "11", "1", "10")
    return message is not None and all(word in message for word in words)


def check_network(folder, work):
    name, array = next(iter(check.inputs_of(np.load(os.path.join(folder, "io.npz"))).items()))
    dims = array.shape[1:]
    native, tuned = (build_and_open(folder, name, dims, options, os.path.join(work, "%d.plan" % i))
                     for i, options in enumerate(WAYS))
    random = np.random.default_rng(11)
    found = []
    # The largest first and then downwards, so that what a larger batch left in memory would show.
    for batch in list(range(10, 0, -1)):
        x = random.standard_normal((batch,) + dims, dtype=np.float32)
        pairs = zip(outputs(tuned, name, x), outputs(native, name, x))
        found.insert(0, max(check.error_of(got, wanted) for got, wanted in pairs))
    message = refusal(tuned, name, dims)
    native.close()
    tuned.close()
    right = max(found) <= TOLERANCE and is_clear(message, name)
    print("%-14s %s%s\n  batch 11: %s" % (os.path.basename(folder), " ".join("%8.1e" % error for error in found),
                                         "" if right else "  BAD", message), flush=True)
    return right


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dest")
    parser.add_argument("nets", nargs="*", default=NETWORKS)
    args = parser.parse_args()
    print("%-14s %s" % ("batch", " ".join("%8d" % batch for batch in range(1, 11))))
    with tempfile.TemporaryDirectory() as work:
        wrong = [net for net in args.nets or NETWORKS if not check_network(os.path.join(args.dest, net), work)]
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
