"""Scull beside ONNX Runtime and OpenVINO on one CPU, FP32: latency of the four networks at batch 1, 5, 10.
All three live in this process and take turns in short bursts, in changing order, so that a noisy neighbour or a
changing clock meets them alike. Printed: median and minimum in ms; "ahead" is the faster peer over Scull.
Run it through bench/cpu/run, which makes the environment."""
import argparse
import gc
import json
import math
import os
import random
import statistics
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
import numpy as np

import scull

SIDES = {"resnet50": 224, "mobilenet_v1": 224, "resnet101": 224, "inception_v3": 299}
REST = 0.06  # seconds between bursts: the pools of all three spin for a while after their last run
SKIPPED = 2  # runs at the beginning of a burst that wake the threads up


def open_onnxruntime(args, net, batch):
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = args.threads
    options.add_free_dimension_override_by_name("N", batch)
    session = onnxruntime.InferenceSession(os.path.join(args.onnx, net + ".onnx"), options,
                                           providers=["CPUExecutionProvider"])
    return lambda x: session.run(None, {"x": x})


def open_openvino(args, net, batch):
    import openvino
    core = openvino.Core()
    model = core.read_model(os.path.join(args.onnx, net + ".onnx"))
    model.reshape([batch, 3, SIDES[net], SIDES[net]])
    request = core.compile_model(model, "CPU", {
        "INFERENCE_NUM_THREADS": args.threads, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": "f32"}).create_infer_request()
    return lambda x: request.infer({0: x}, share_inputs=True, share_outputs=True)


def plan_of(args, net, batch):
    """Builds the plan once; the timing cache makes the next builds short."""
    span = "-range" if args.range else "-b%d" % batch
    plan = os.path.join(args.work, "%s%s-t%d.plan" % (net, span, args.threads))
    shape = "x".join(map(str, (3, SIDES[net], SIDES[net])))
    dims = "1x%s:5x%s:10x%s" % (shape, shape, shape) if args.range else "%dx%s" % (batch, shape)
    folder = os.path.join(args.paddle, net)
    if args.rebuild or not os.path.exists(plan):
        scull.build(os.path.join(folder, "model.pdmodel"), os.path.join(folder, "model.pdiparams"), plan,
                    "--input", "%s=%s" % (args.input, dims), "--threads", str(args.threads),
                    "--timing-cache", os.path.join(args.work, "timing.cache"), *args.build)
    return plan


def open_scull(args, net, batch):
    plan = scull.Plan(plan_of(args, net, batch))

    def run(x):
        if plan.kept.get(plan.inputs[0]) is not x:
            plan.set(plan.inputs[0], x)
        plan.run()
    return run


PEERS = {"scull": open_scull, "onnxruntime": open_onnxruntime, "openvino": open_openvino}


def burst(run, x, seconds, times):
    time.sleep(REST)
    for _ in range(SKIPPED):
        run(x)
    end = time.perf_counter() + seconds
    while True:
        begin = time.perf_counter()
        run(x)
        now = time.perf_counter()
        times.append(1e3 * (now - begin))
        if now >= end:
            return


def measure(args, net, batch):
    x = np.random.RandomState(0).rand(batch, 3, SIDES[net], SIDES[net]).astype(np.float32)
    runs = {name: PEERS[name](args, net, batch) for name in args.peers}
    times = {name: [] for name in runs}
    order = list(runs)
    for _ in range(args.rounds):
        random.shuffle(order)
        for name in order:
            burst(runs[name], x, args.burst, times[name])
    del runs
    gc.collect()
    return {name: (statistics.median(t), min(t)) for name, t in times.items()}


def row(net, batch, cell):
    text = "| %-12s | %5d |" % (net, batch)
    for name in cell:
        text += " %8.2f / %8.2f |" % cell[name]
    peers = [cell[name] for name in cell if name != "scull"]
    if peers and "scull" in cell:
        text += " %.2f / %.2f |" % tuple(min(p[i] for p in peers) / cell["scull"][i] for i in (0, 1))
    return text


def geometric(cells, i):
    ratios = [min(c[n][i] for n in c if n != "scull") / c["scull"][i] for c in cells]
    return math.exp(sum(map(math.log, ratios)) / len(ratios)), min(ratios)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--onnx", required=True, help="folder with <net>.onnx")
    parser.add_argument("--paddle", required=True, help="folder with <net>/model.pdmodel")
    parser.add_argument("--work", default=os.path.join(scull.ROOT, "build", "bench"), help="plans and timing cache")
    parser.add_argument("--nets", default=",".join(SIDES))
    parser.add_argument("--batches", default="1,5,10")
    parser.add_argument("--peers", default=",".join(PEERS))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--burst", type=float, default=0.4, help="seconds")
    parser.add_argument("--range", action="store_true", help="one plan for batch 1:5:10 instead of one a cell")
    parser.add_argument("--rebuild", action="store_true", help="build plans again")
    parser.add_argument("--input", default="x", help="name of the Paddle models' input")
    parser.add_argument("--build", action="append", default=[], metavar="WORD", help="more words for scull build")
    parser.add_argument("--json", help="file for the figures")
    args = parser.parse_args()
    args.peers = args.peers.split(",")
    os.makedirs(args.work, exist_ok=True)
    print("| network      | batch |%s ahead: median / min |" % "".join(" %19s |" % n for n in args.peers))
    print("|---|---|%s---|" % ("---|" * len(args.peers)), flush=True)
    cells = []
    for net in args.nets.split(","):
        for batch in map(int, args.batches.split(",")):
            cells.append((net, batch, measure(args, net, batch)))
            print(row(*cells[-1]), flush=True)
    if "scull" in args.peers and len(args.peers) > 1:
        for i, what in enumerate(("medians", "minima")):
            print("%s: geometric mean of the ratios %.3f, smallest %.3f" % (
                (what,) + geometric([c for _, _, c in cells], i)))
    if args.json:
        with open(args.json, "w") as file:
            json.dump([{"net": n, "batch": b, "ms": c} for n, b, c in cells], file, indent=1)


main()
