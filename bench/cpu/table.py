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

import networks
import scull
from networks import SIDES

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


def open_plan(path):
    plan = scull.Plan(path)

    def run(x):
        if plan.kept.get(plan.inputs[0]) is not x:
            plan.set(plan.inputs[0], x)
        plan.run()
    return run


def open_scull(args, net, batch):
    return open_plan(networks.plan_of(args, net, batch))


def open_range(args, net, batch):
    return open_plan(networks.plan_of(args, net, batch, span=True))


PEERS = {"scull": open_scull, "range": open_range, "onnxruntime": open_onnxruntime, "openvino": open_openvino}


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
    for ratios in (ahead(cell), kept(cell)):
        if ratios:
            text += " %.2f / %.2f |" % ratios
    return text


def ahead(cell):
    """The faster peer over Scull: of the medians, of the minima."""
    peers = [times for name, times in cell.items() if name in ("onnxruntime", "openvino")]
    return tuple(min(p[i] for p in peers) / cell["scull"][i] for i in (0, 1)) if peers and "scull" in cell else None


def kept(cell):
    """The plan for the whole range over the plan for this batch."""
    return tuple(cell["range"][i] / cell["scull"][i] for i in (0, 1)) if "range" in cell and "scull" in cell else None


def geometric(ratios):
    return math.exp(sum(map(math.log, ratios)) / len(ratios))


def summarize(cells):
    for what, of, worst in (("faster peer / scull", ahead, min), ("range / scull", kept, max)):
        for i, figures in enumerate(("medians", "minima")):
            ratios = [of(cell)[i] for cell in cells if of(cell)]
            if ratios:
                print("%s, %s: geometric mean %.3f, worst %.3f" % (what, figures, geometric(ratios), worst(ratios)))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    networks.add_arguments(parser)
    parser.add_argument("--peers", default="scull,onnxruntime,openvino",
                        help="range: besides, one plan for batch 1:5:10 instead of one a cell")
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--burst", type=float, default=0.4, help="seconds")
    parser.add_argument("--json", help="file for the figures")
    args = parser.parse_args()
    args.peers = args.peers.split(",")
    os.makedirs(args.work, exist_ok=True)
    more = " ahead: median / min |" if len(set(args.peers) & {"onnxruntime", "openvino"}) else ""
    more += " range / scull |" if "range" in args.peers else ""
    print("| network      | batch |%s%s" % ("".join(" %19s |" % n for n in args.peers), more))
    print("|---|---|%s%s" % ("---|" * len(args.peers), "---|" * more.count("|")), flush=True)
    cells = []
    for net in args.nets.split(","):
        for batch in map(int, args.batches.split(",")):
            cells.append((net, batch, measure(args, net, batch)))
            print(row(*cells[-1]), flush=True)
    summarize([cell for _, _, cell in cells])
    if args.json:
        with open(args.json, "w") as file:
            json.dump([{"net": n, "batch": b, "ms": c} for n, b, c in cells], file, indent=1)


main()
