"""From process start to the first answer: Scull out of a plan beside ONNX Runtime on the same network, FP32.
Every start is a process of its own; the two take turns. Scull's time counts from before its process is started;
ONNX Runtime's from before the session is made (starting Python and importing are not counted) to the end of its
first run. Printed: medians and minima, and Scull's peak of resident memory beside what the plan says it needs.
Run it through bench/cpu/startup, which makes the environment."""
import argparse
import json
import os
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))

import networks
import scull

REST = 0.15  # seconds between processes
ROOM = 24e6  # bytes of resident memory beside weights and activations
ORT = """
import sys, time
import numpy as np, onnxruntime
model, shape, threads = sys.argv[1], [int(n) for n in sys.argv[2].split("x")], int(sys.argv[3])
x = np.zeros(shape, np.float32)
begin = time.perf_counter()
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = threads
options.add_free_dimension_override_by_name("N", shape[0])
session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
session.run(None, {"x": x})
print(1e3 * (time.perf_counter() - begin))
"""


def start_scull(plan):
    program = os.path.join(scull.BUILD, "bench", "first_answer")
    words = [program, plan, str(time.clock_gettime_ns(time.CLOCK_MONOTONIC))]
    return json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)


def start_onnxruntime(args, net):
    words = [sys.executable, "-c", ORT, net.onnx, "x".join(map(str, net.shapes["x"])), str(args.threads)]
    return float(subprocess.run(words, check=True, capture_output=True, text=True).stdout)


def measure(args, net):
    plan = networks.plan_of(args, net)
    ours, theirs = [], []
    for i in range(args.rounds + 1):
        time.sleep(REST)
        scull_start = start_scull(plan)
        time.sleep(REST)
        ort_start = start_onnxruntime(args, net)
        if i > 0:  # the first round reads the files into memory
            ours.append(scull_start)
            theirs.append(ort_start)
    return plan, ours, theirs


def median(starts, key):
    return statistics.median(s[key] for s in starts)


def row(net, plan, ours, theirs):
    answers = [s["answer"] for s in ours]
    plain, ratio = statistics.median(answers), statistics.median(theirs) / statistics.median(answers)
    size = scull.describe(plan)
    need = size["weights"] + size["activations"]
    peak = 1024 * median(ours, "peak_kib")
    return "| %-12s | %5d | %6.1f / %6.1f | %5.1f %5.1f %5.1f %5.1f | %5.1f | %6.1f / %6.1f | %.1f / %.1f | %5.1f | %5.1f + %.1f | %s |" % (
        net.name, net.batch, plain, min(answers), median(ours, "main"), median(ours, "open") - median(ours, "main"),
        median(ours, "prepared") - median(ours, "open"), plain - median(ours, "prepared"), median(ours, "third"),
        statistics.median(theirs), min(theirs), ratio, min(theirs) / min(answers), peak / 1e6, need / 1e6,
        (peak - need) / 1e6, "yes" if peak <= need + ROOM else "NO")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    networks.add_arguments(parser)
    parser.set_defaults(nets="resnet50", batches="1")
    parser.add_argument("--rounds", type=int, default=15)
    args = parser.parse_args()
    if not (args.onnx and args.paddle):
        parser.error("--onnx and --paddle")
    os.makedirs(args.work, exist_ok=True)
    print("ms: median / minimum; main, open, prepare, first run: parts of the median; again: a later run; "
          "MB: peak against weights + activations")
    print("| network      | batch | first answer    | main  open  prep. run     | again | onnxruntime     | ahead     |"
          " peak  | weights + act. + rest | <= 24 |")
    print("|---|---|---|---|---|---|---|---|---|---|", flush=True)
    for net in args.nets.split(","):
        for batch in map(int, args.batches.split(",")):
            of = networks.paper_net(args, net, batch)
            print(row(of, *measure(args, of)), flush=True)


main()
