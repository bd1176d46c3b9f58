"""Forty sizes of one network's input in random order, ten thousand calls: peak memory after call 100 and after the
last, and whether every answer is that of the first call with its size.
    python bench/cpu/shapes.py MODEL [PARAMS] [--calls 10000] [--low 160] [--input NAME]
The input is 1x3xSIZExSIZE, forty sizes from LOW on in steps of 4. Exit status 1 when memory grew or an answer was
wrong."""
import argparse
import os
import random
import resource
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import numpy as np

import scull

SIZES, SETTLED = 40, 100


def peak_mib():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("params", nargs="?")
    parser.add_argument("--calls", type=int, default=10000)
    parser.add_argument("--low", type=int, default=160)
    parser.add_argument("--input", default="x")
    args = parser.parse_args()
    sizes = [args.low + 4 * i for i in range(SIZES)]
    draw, seeded = random.Random(1), np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as folder:
        plan_path = os.path.join(folder, "net.plan")
        ends = ":".join("1x3x%dx%d" % (size, size) for size in (sizes[0], sizes[SIZES // 2], sizes[-1]))
        scull.build(args.model, args.params, plan_path, "--input", "%s=%s" % (args.input, ends), "--tune", "none")
        plan = scull.Plan(plan_path)
        inputs = [seeded.standard_normal((1, 3, size, size), "float32") for size in sizes]
        first, wrong, settled = {}, 0, 0.0
        for call in range(args.calls):
            i = call if call < SIZES else draw.randrange(SIZES)
            plan.set(args.input, inputs[i])
            plan.run()
            answer = plan.output(0)
            wrong += not np.array_equal(first.setdefault(i, answer.copy()), answer)
            settled = peak_mib() if call == SETTLED else settled
        last = peak_mib()
        print("calls %d, sizes %d, wrong answers %d, peak after %d calls %.1f MiB, after all %.1f MiB" %
              (args.calls, SIZES, wrong, SETTLED, settled, last))
        plan.close()
        return wrong > 0 or last - settled > 1


if __name__ == "__main__":
    sys.exit(main())
