"""FP32, BF16 and INT8 of Scull beside ONNX Runtime's INT8 and OpenVINO's BF16 and INT8: latency of the four networks at
batch 1, 5, 10 on one CPU, all in one process, taking turns (bench/turns.py). Printed: median and minimum in ms; what the faster peer of the same precision takes over what Scull does; the share of the
operations that Scull's INT8 plan does in 8 bits. Weights are seeded, ranges come from noise: times are real, answers are not.
Run it through bench/precision/run, which makes the environment."""
import argparse
import gc
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
import numpy as np

import scull
import turns

SIDES = {"resnet50": 224, "mobilenet_v1": 224, "resnet101": 224, "inception_v3": 299}
PERMITS = {"fp32": "fp32", "bf16": "fp32,bf16", "int8": "fp32,bf16,int8"}
CALIBRATES = 4  # inputs of noise


def table_of(args, name):
    """Ranges of the network's tensors, from noise; made once."""
    table = os.path.join(args.work, name + ".table")
    folder = os.path.join(args.work, name + "-noise")
    if not os.path.exists(table):
        os.makedirs(folder, exist_ok=True)
        for i in range(CALIBRATES):
            noise = np.random.RandomState(i).randn(1, 3, SIDES[name], SIDES[name]).astype(np.float32)
            np.save(os.path.join(folder, "%d.npy" % i), noise)
        subprocess.run([scull.COMMAND, "calibrate", os.path.join(args.models, name + ".onnx"), "--inputs", folder, "-i",
                        "x=1x3x%dx%d" % (SIDES[name], SIDES[name]), "--method", "minmax", "-o", table, "--quiet"],
                       check=True)
    return table


def plan_of(args, name, batch, precision):
    plan = os.path.join(args.work, "%s-b%d-%s-t%d.plan" % (name, batch, precision, args.threads))
    if args.rebuild or not os.path.exists(plan):
        side = SIDES[name]
        words = ["--input", "x=%dx3x%dx%d" % (batch, side, side), "--threads", str(args.threads), "--precision",
                 PERMITS[precision], "--timing-cache", os.path.join(args.work, "timing.cache")]
        if precision == "int8":
            words += ["--calibration", table_of(args, name)]
        scull.build(os.path.join(args.models, name + ".onnx"), None, plan, *words, *args.build)
    return plan


def int8_share(plan):
    """Of the operations of a plan."""
    report = json.loads(subprocess.run([scull.COMMAND, "explain", plan, "--json"], capture_output=True, check=True).stdout)
    return report["flops"]["int8"] / sum(report["flops"].values())


def open_scull(args, name, batch, precision):
    plan = scull.Plan(plan_of(args, name, batch, precision))

    def run(x):
        if plan.kept.get("x") is not x:
            plan.set("x", x)
        plan.run()
    return run


def open_onnxruntime(args, name, batch, precision):
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = args.threads, 3
    options.add_free_dimension_override_by_name("N", batch)
    path = os.path.join(args.models, name + (".int8.onnx" if precision == "int8" else ".onnx"))
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return lambda x: session.run(None, {"x": x})


def open_openvino(args, name, batch, precision):
    import openvino
    core = openvino.Core()
    model = core.read_model(os.path.join(args.models, name + (".int8.onnx" if precision == "int8" else ".onnx")))
    model.reshape({"x": [batch, 3, SIDES[name], SIDES[name]]})
    request = core.compile_model(model, "CPU", {
        "INFERENCE_NUM_THREADS": args.threads, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": "bf16" if precision == "bf16" else "f32"}).create_infer_request()
    return lambda x: request.infer({"x": x}, share_inputs=True, share_outputs=True)


PEERS = {"scull": open_scull, "onnxruntime": open_onnxruntime, "openvino": open_openvino}
COLUMNS = ["scull:fp32", "scull:bf16", "openvino:bf16", "scull:int8", "onnxruntime:int8", "openvino:int8"]


def measure(args, name, batch):
    x = np.random.RandomState(9).randn(batch, 3, SIDES[name], SIDES[name]).astype(np.float32)
    runs = {}
    for column in args.columns:
        who, precision = column.split(":")
        runs[column] = PEERS[who](args, name, batch, precision)
    cell = turns.take_turns(runs, x, args.rounds, args.burst)
    runs.clear()
    gc.collect()
    share = int8_share(plan_of(args, name, batch, "int8")) if "scull:int8" in cell else None
    return {"net": name, "batch": batch, "ms": cell, "int8_share": share}


def keep(args, known):
    if args.json:
        with open(args.json + ".part", "w") as file:
            json.dump(list(known.values()), file, indent=1)
        os.replace(args.json + ".part", args.json)


def ahead(cell, precision):
    """The faster peer over Scull in one precision: of the medians, of the minima; None without either."""
    peers = [t for column, t in cell.items() if column.endswith(":" + precision) and not column.startswith("scull")]
    own = cell.get("scull:" + precision)
    return tuple(min(p[i] for p in peers) / own[i] for i in (0, 1)) if peers and own else None


def print_row(args, cell):
    text = "| %s | %d |" % (cell["net"], cell["batch"]) + "".join(" %.2f / %.2f |" % tuple(cell["ms"][c]) for c in args.columns)
    for precision in ("bf16", "int8"):
        ratio = ahead(cell["ms"], precision)
        text += " %.2f / %.2f |" % ratio if ratio else " - |"
    share = cell["int8_share"]
    print(text + (" %.1f %% |" % (100 * share) if share is not None else " - |"), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", required=True, help="folder with <net>.onnx and <net>.int8.onnx")
    parser.add_argument("--work", default=os.path.join(scull.ROOT, "build", "bench", "precision"), help="plans, tables, cache")
    parser.add_argument("--nets", default=",".join(SIDES))
    parser.add_argument("--batches", default="1,5,10")
    parser.add_argument("--columns", default=",".join(COLUMNS))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--burst", type=float, default=0.3, help="seconds")
    parser.add_argument("--rebuild", action="store_true", help="build plans again")
    parser.add_argument("--build-only", action="store_true", help="make the plans and stop")
    parser.add_argument("--build", action="append", default=[], metavar="WORD", help="more words for scull build")
    parser.add_argument("--json", help="file for the figures; cells that it holds are not measured again")
    args = parser.parse_args()
    args.columns = args.columns.split(",")
    os.makedirs(args.work, exist_ok=True)
    pairs = [(name, batch) for name in args.nets.split(",") for batch in map(int, args.batches.split(","))]
    if args.build_only:
        for name, batch in pairs:
            for column in args.columns:
                if column.startswith("scull"):
                    print(plan_of(args, name, batch, column.split(":")[1]), flush=True)
        return
    known = {}
    if args.json and os.path.exists(args.json):
        with open(args.json) as file:
            known = {(cell["net"], cell["batch"]): cell for cell in json.load(file)}
    print("| network | batch |%s bf16 ahead | int8 ahead | in int8 |" % "".join(" %s |" % c for c in args.columns))
    print("|---|---|%s---|---|---|" % ("---|" * len(args.columns)), flush=True)
    for pair in pairs:
        if pair not in known or not set(args.columns) <= set(known[pair]["ms"]):
            known[pair] = measure(args, *pair)
            keep(args, known)
        print_row(args, known[pair])
    for precision in ("bf16", "int8"):
        turns.print_ratios(precision + ", faster peer / scull", [ahead(known[pair]["ms"], precision) for pair in pairs], min)


main()
