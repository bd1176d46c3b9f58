"""Scull beside ONNX Runtime and OpenVINO on one CPU, FP32: latency of the four networks at batch 1, 5, 10, or with
--models of any ONNX models, which all three then read from the same file.
All three live in this process and take turns (bench/turns.py). Printed: median and minimum in ms; "ahead" is the faster peer over Scull.
Run it through bench/cpu/run, which makes the environment."""
import argparse
import gc
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
import numpy as np

import networks
import scull
import turns
from networks import Net

# Sizes for models that leave more than the batch open.
OPEN_SHAPES = {"ppocr_cls": (1, 3, 48, 192), "ppocrv3_det": (1, 3, 640, 640)}


def onnx_net(args, path):
    import onnxruntime
    name = os.path.splitext(os.path.basename(path))[0]
    if name == "model":
        name = os.path.basename(os.path.dirname(path))
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
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
    options.intra_op_num_threads, options.log_severity_level = args.threads, 3
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


def open_plan(path, net):
    plan = scull.Plan(path)

    def run(x):
        for name, array in x.items():
            if plan.kept.get(net.inputs[name]) is not array:
                plan.set(net.inputs[name], array)
        plan.run()
    return run


def open_scull(args, net):
    return open_plan(networks.plan_of(args, net), net)


def open_range(args, net):
    return open_plan(networks.plan_of(args, net, span=True), net)


PEERS = {"scull": open_scull, "range": open_range, "onnxruntime": open_onnxruntime, "openvino": open_openvino}


def measure(args, net):
    seeded = np.random.RandomState(0)
    x = {name: seeded.rand(*shape).astype(np.float32) for name, shape in net.shapes.items()}
    runs = {name: PEERS[name](args, net) for name in args.peers}
    cell = turns.take_turns(runs, x, args.rounds, args.burst)
    del runs
    gc.collect()
    return cell


def row(net, cell):
    text = "| %-22s | %5d |" % (net.name, net.batch)
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


def summarize(cells):
    turns.print_ratios("faster peer / scull", map(ahead, cells), min)
    turns.print_ratios("range / scull", map(kept, cells), max)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="+", metavar="FILE", help="ONNX models, in place of the four networks")
    parser.add_argument("--shape", action="append", default=[], metavar="INPUT=1x3x8", help="of an input of --models")
    networks.add_arguments(parser)
    parser.add_argument("--peers", default="scull,onnxruntime,openvino",
                        help="range: besides, one plan for batch 1:5:10 instead of one a cell")
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--burst", type=float, default=0.4, help="seconds")
    parser.add_argument("--json", help="file for the figures")
    args = parser.parse_args()
    args.peers = args.peers.split(",")
    os.makedirs(args.work, exist_ok=True)
    if not args.models and not (args.onnx and args.paddle):
        parser.error("--models, or --onnx and --paddle")
    more = " ahead: median / min |" if len(set(args.peers) & {"onnxruntime", "openvino"}) else ""
    more += " range / scull |" if "range" in args.peers else ""
    print("| network                | batch |%s%s" % ("".join(" %19s |" % n for n in args.peers), more))
    print("|---|---|%s%s" % ("---|" * len(args.peers), "---|" * more.count("|")), flush=True)
    cells = []
    nets = [onnx_net(args, path) for path in args.models] if args.models else [
        networks.paper_net(args, name, batch) for name in args.nets.split(",") for batch in map(int, args.batches.split(","))]
    for net in nets:
        cells.append((net, measure(args, net)))
        print(row(*cells[-1]), flush=True)
    summarize([cell for _, cell in cells])
    if args.json:
        with open(args.json, "w") as file:
            json.dump([{"net": n.name, "batch": n.batch, "ms": c} for n, c in cells], file, indent=1)


main()
