"""Scull beside ONNX Runtime and OpenVINO on one CPU, FP32: latency of the four networks at batch 1, 5, 10, or with
--models of any ONNX models, which all three then read from the same file.
All three live in this process and take turns in short bursts, in changing order, so that a noisy neighbour or a
changing clock meets them alike. Printed: median and minimum in ms; "ahead" is the faster peer over Scull.
Run it through bench/cpu/run, which makes the environment."""
import argparse
import collections
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

Net = collections.namedtuple("Net", "name batch onnx model params shapes inputs")
# Sizes for models that leave more than the batch open.
OPEN_SHAPES = {"ppocr_cls": (1, 3, 48, 192), "ppocrv3_det": (1, 3, 640, 640)}
SIDES = {"resnet50": 224, "mobilenet_v1": 224, "resnet101": 224, "inception_v3": 299}
REST = 0.06  # seconds between bursts: the pools of all three spin for a while after their last run
SKIPPED = 2  # runs at the beginning of a burst that wake the threads up


def paper_net(args, name, batch):
    """One of the four networks: an ONNX file for the peers, a Paddle program for Scull."""
    folder = os.path.join(args.paddle, name)
    return Net(name, batch, os.path.join(args.onnx, name + ".onnx"), os.path.join(folder, "model.pdmodel"),
               os.path.join(folder, "model.pdiparams"), {"x": (batch, 3, SIDES[name], SIDES[name])}, {"x": args.input})


def onnx_net(args, path):
    import onnxruntime
    name = os.path.splitext(os.path.basename(path))[0]
    if name == "model":
        name = os.path.basename(os.path.dirname(path))
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    given = dict(pair.split("=") for pair in args.shape)
    shapes = {}
    for port in session.get_inputs():
        shape = [d if isinstance(d, int) and d > 0 else 1 for d in port.shape]
        if port.name in given:
            shape = list(map(int, given[port.name].split("x")))
        shapes[port.name] = tuple(OPEN_SHAPES.get(name, shape))
    return Net(name, list(shapes.values())[0][0], path, path, None, shapes, {n: n for n in shapes})


def open_onnxruntime(args, net):
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = args.threads
    options.add_free_dimension_override_by_name("N", net.batch)
    session = onnxruntime.InferenceSession(net.onnx, options, providers=["CPUExecutionProvider"])
    return lambda x: session.run(None, x)


def open_openvino(args, net):
    import openvino
    core = openvino.Core()
    model = core.read_model(net.onnx)
    model.reshape({name: list(shape) for name, shape in net.shapes.items()})
    request = core.compile_model(model, "CPU", {
        "INFERENCE_NUM_THREADS": args.threads, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": "f32"}).create_infer_request()
    return lambda x: request.infer(x, share_inputs=True, share_outputs=True)


def plan_of(args, net):
    """Builds the plan once; the timing cache makes the next builds short."""
    span = "-range" if args.range else "-b%d" % net.batch
    plan = os.path.join(args.work, "%s%s-t%d.plan" % (net.name, span, args.threads))
    words = []
    for name, shape in net.shapes.items():
        rest = "".join("x%d" % d for d in shape[1:])
        dims = "1%s:5%s:10%s" % (rest, rest, rest) if args.range else "%d%s" % (shape[0], rest)
        words += ["--input", "%s=%s" % (net.inputs[name], dims)]
    if args.rebuild or not os.path.exists(plan):
        scull.build(net.model, net.params, plan, *words, "--threads", str(args.threads),
                    "--timing-cache", os.path.join(args.work, "timing.cache"), *args.build)
    return plan


def open_scull(args, net):
    plan = scull.Plan(plan_of(args, net))

    def run(x):
        for name, array in x.items():
            if plan.kept.get(net.inputs[name]) is not array:
                plan.set(net.inputs[name], array)
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


def measure(args, net):
    seeded = np.random.RandomState(0)
    x = {name: seeded.rand(*shape).astype(np.float32) for name, shape in net.shapes.items()}
    runs = {name: PEERS[name](args, net) for name in args.peers}
    times = {name: [] for name in runs}
    order = list(runs)
    for _ in range(args.rounds):
        random.shuffle(order)
        for name in order:
            burst(runs[name], x, args.burst, times[name])
    del runs
    gc.collect()
    return {name: (statistics.median(t), min(t)) for name, t in times.items()}


def row(net, cell):
    text = "| %-22s | %5d |" % (net.name, net.batch)
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
    parser.add_argument("--models", nargs="+", metavar="FILE", help="ONNX models, in place of the four networks")
    parser.add_argument("--shape", action="append", default=[], metavar="INPUT=1x3x8", help="of an input of --models")
    parser.add_argument("--onnx", help="folder with <net>.onnx")
    parser.add_argument("--paddle", help="folder with <net>/model.pdmodel")
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
    if not args.models and not (args.onnx and args.paddle):
        parser.error("--models, or --onnx and --paddle")
    print("| network                | batch |%s ahead: median / min |" % "".join(" %19s |" % n for n in args.peers))
    print("|---|---|%s---|" % ("---|" * len(args.peers)), flush=True)
    cells = []
    nets = [onnx_net(args, path) for path in args.models] if args.models else [
        paper_net(args, name, batch) for name in args.nets.split(",") for batch in map(int, args.batches.split(","))]
    for net in nets:
        cells.append((net, measure(args, net)))
        print(row(*cells[-1]), flush=True)
    if "scull" in args.peers and len(args.peers) > 1:
        for i, what in enumerate(("medians", "minima")):
            print("%s: geometric mean of the ratios %.3f, smallest %.3f" % (
                (what,) + geometric([c for _, c in cells], i)))
    if args.json:
        with open(args.json, "w") as file:
            json.dump([{"net": n.name, "batch": n.batch, "ms": c} for n, c in cells], file, indent=1)


main()
