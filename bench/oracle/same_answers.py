"""Many shapes through one context: the v2 recognizer, dynamic width,
    bench/oracle/real_models same_answers.py [--calls 500] [--widths 40] [--data ../shared/data]
Calls with random widths; every answer must be, bit by bit, that of a fresh context at that width, and memory must stay
flat: after as many calls that are not counted (they fill oneDNN's cache of primitives) the second half of the calls may
add no more than 1 MiB. Exit status 1 otherwise."""
import argparse
import os
import sys
import tempfile

import numpy as np

from check import scull

MODEL = "paddle/ch_ppocr_mobile_v2.0_rec_slim_dequant"
ROOM_KB = 1024


def resident_kb():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024


def answer(engine, array):
    engine.set("x", array)
    engine.run()
    return engine.output(0)


def fresh_answer(plan, array):
    engine = scull.Plan(plan)
    try:
        return answer(engine, array)
    finally:
        engine.close()


def run_calls(plan, pictures, calls):
    """How many answers differ, the largest difference, and resident memory at half and at the end."""
    random = np.random.default_rng(3)
    wanted = [fresh_answer(plan, picture) for picture in pictures]
    order = [i for _ in range(calls // len(pictures) + 1) for i in random.permutation(len(pictures))][:calls]
    engine = scull.Plan(plan)
    for i in order:
        answer(engine, pictures[i])
    differ, largest, half = 0, 0.0, 0
    for call, i in enumerate(order):
        got = answer(engine, pictures[i])
        if not np.array_equal(got, wanted[i]):
            differ += 1
            largest = max(largest, float(np.abs(got - wanted[i]).max()))
        half = resident_kb() if call == calls // 2 else half
    end = resident_kb()
    engine.close()
    return differ, largest, half, end


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=500)
    parser.add_argument("--widths", type=int, default=40)
    parser.add_argument("--data", default=os.path.join(scull.ROOT, "..", "shared", "data"))
    args = parser.parse_args()
    folder = os.path.join(args.data, MODEL)
    if not os.path.isdir(folder):
        print("skipped: no shared data")
        return 0
    random = np.random.default_rng(5)
    widths = random.choice(np.arange(32, 481), args.widths, replace=False)
    pictures = [random.standard_normal((1, 3, 32, int(width)), dtype=np.float32) for width in widths]
    with tempfile.TemporaryDirectory() as work:
        plan = os.path.join(work, "rec.plan")
        scull.build(os.path.join(folder, "__model__"), os.path.join(folder, "params"), plan,
                    "--input", "x=1x3x32x32:1x3x32x320:1x3x32x480", "--tune", "none")
        differ, largest, half, end = run_calls(plan, pictures, args.calls)
    flat = end - half <= ROOM_KB
    print("%d calls, %d widths: %d answers differ (by %g at most); resident %d KB at half, %d KB at the end%s"
          % (args.calls, args.widths, differ, largest, half, end, "" if flat and not differ else "  BAD"))
    return 0 if flat and not differ else 1


if __name__ == "__main__":
    sys.exit(main())
