"""All model families in one table: right, placed where, how fast.
    bench/families/run [FAMILY ...] --cases26 DIR --cases33 DIR [--python26 PY] [--python33 PY] [--steps right,place,fast]
DIR/<family>/ holds a Paddle export and io.npz, as bench/oracle/check.py wants them, from Paddle 2.6.2 (ProgramDesc) and 3.3.1
(PIR). What a step finds is kept in --work/<family>.json, so that steps and families can be run apart; the table of all that
is known is printed at the end (and alone with --steps none).

right   both formats natively and optimized (untimed): the largest error over the output's range, over both ways; "ok" where
        all values are within rtol 1e-3 and atol 1e-4 of Paddle's (check.py)
place   of the tuned plan of 2.6.2's export, which is checked, too: engines, native layers, and the shares of time in native layers and in post-processing
fast    medians in ms, all frameworks by turns in short bursts, each in a process of its own on as many threads; Paddle with oneDNN.
        ONNX Runtime and OpenVINO read what `scull export` writes, OpenVINO the Paddle program where it can."""
import argparse
import json
import math
import os
import random
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.dirname(HERE), os.path.join(os.path.dirname(HERE), "oracle")]

import check
import scull

FORMATS = {"26": "2.6.2", "33": "3.3.1"}
PEERS = ("paddle26", "paddle33", "onnxruntime", "openvino")
UNTIMED = ("--min-subgraph", "0", "--tune", "none")
REST = 0.25  # seconds between bursts: pools spin for a while after their last run
# What a layer is that belongs to the network proper; all others prepare boxes, choose or paint.
NEURAL = {"conv2d", "depthwise_conv2d", "conv2d_transpose", "pool2d", "batch_norm", "batch_norm_", "relu", "relu6", "leaky_relu",
          "swish", "hard_swish", "sigmoid", "matmul_v2", "matmul", "elementwise_add", "add", "elementwise_mul", "multiply",
          "bilinear_interp_v2", "bilinear_interp", "nearest_interp_v2", "nearest_interp", "softmax", "sum", "add_n",
          "dropout", "scale", "flatten", "flatten_contiguous_range", "pad3d", "p_norm"}


class Family:
    def __init__(self, args, name):
        self.args, self.name = args, name
        self.file = os.path.join(args.work, name + ".json")
        self.known = {}
        if os.path.exists(self.file):
            with open(self.file) as file:
                self.known = json.load(file)

    def case(self, format_):
        folder = os.path.join(getattr(self.args, "cases" + format_) or "", self.name)
        return folder if os.path.exists(os.path.join(folder, "io.npz")) else None

    def path(self, name):
        return os.path.join(self.args.work, "%s-%s" % (self.name, name))

    def plan(self, format_):
        """The tuned plan of an export, made once."""
        plan = self.path(format_ + ".plan")
        if self.args.rebuild or not os.path.exists(plan):
            check.build_case(self.case(format_), (
                "--min-subgraph", "0", "--threads", str(self.args.threads), "--timing-cache",
                os.path.join(self.args.work, "timing.cache"), *self.args.build), plan)
        return plan

    def keep(self, step, value):
        self.known[step] = value
        with open(self.file, "w") as file:
            json.dump(self.known, file, indent=1)


def check_plan(folder, plan):
    pairs = check.run_plan(folder, plan)
    return {"error": max(check.error_of(*p) for p in pairs), "excess": max(check.excess_of(*p) for p in pairs)}


def right(family):
    found, plan = {}, family.path("untimed.plan")
    for format_ in FORMATS:
        folder = family.case(format_)
        if not folder:
            continue
        for way, options in (("native", check.NATIVE), ("optimized", UNTIMED)):
            try:
                check.build_case(folder, options, plan)
                found["%s %s" % (format_, way)] = check_plan(folder, plan)
                os.remove(plan)
            except (scull.Failure, KeyError, ValueError) as failure:
                found[format_ + " failed"] = str(failure).splitlines()[0][:200]
    family.keep("right", found)


def place(family):
    """Where the layers of the tuned plan are and what their times say."""
    plan = family.plan("26")
    words = [scull.COMMAND, "explain", plan, "--json"]
    report = json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)
    figures = family.path("bench.json")
    words = [scull.COMMAND, "bench", plan, "--duration", "1", "--json", figures]
    for name, array in check.inputs_of(check.np.load(os.path.join(family.case("26"), "io.npz"))).items():
        check.np.save(family.path(name + ".npy"), array)
        words += ["--input", "%s=%s" % (name, family.path(name + ".npy"))]
    subprocess.run(words, check=True, capture_output=True)
    with open(figures) as file:
        times = {layer["index"]: layer for layer in json.load(file)["rows"][0]["layers"]}
    layers = [(layer, times[layer["index"]]["time_us"]) for layer in report["layers"] if layer["index"] in times]
    whole = sum(us for _, us in layers)
    native = [(layer, us) for layer, us in layers if layer["placement"].startswith("native")]
    post = [(layer, us) for layer, us in layers if is_post(layer)]
    post.sort(key=lambda pair: -pair[1])
    family.keep("place", {
        "right": check_plan(family.case("26"), plan)["excess"] <= 1,
        "engines": len(report["engines"]), "native": len(native), "layers": len(layers),
        "native share": sum(us for _, us in native) / whole, "post share": sum(us for _, us in post) / whole,
        "memory ratio": report["memory"]["ratio"], "planned": report["memory"]["planned"],
        "most of post": [[", ".join(sorted({o["type"] for o in layer.get("operators", [])})), round(us)] for layer, us in post[:6]]})


def is_post(layer):
    types = {operator["type"] for operator in layer.get("operators", [])}
    return bool(types) and not types & NEURAL


class Worker:
    def __init__(self, args, python, peer, model, params, io):
        words = [python, os.path.join(HERE, "worker.py"), peer, model, params or "-", io, str(args.threads)]
        env = dict(os.environ, OMP_NUM_THREADS=str(args.threads), FLAGS_set_to_1d="1")
        self.log = open(os.path.join(args.work, "%s.log" % peer), "w")
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, text=True,
                                        env=env)
        self.times = []

    def ready(self):
        return self.process.stdout.readline().strip() == "ready"

    def burst(self, seconds):
        time.sleep(REST)
        self.process.stdin.write("%g\n" % seconds)
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        self.times += json.loads(line) if line else []

    def close(self):
        self.process.kill()
        self.process.wait()
        self.log.close()


def exported(family):
    """The network as ONNX, by way of a plan; None where it cannot be written. Operators of Scull's own domain are for the
    readers to refuse."""
    path = family.path("26.onnx")
    if not os.path.exists(path):
        plan = family.path("untimed.plan")
        check.build_case(family.case("26"), UNTIMED, plan)
        try:
            scull.export(plan, path)
        except scull.Failure:
            return None
        finally:
            os.remove(plan)
    return path


def forms(family, args):
    """Peer -> the ways to run this network there, best first: what it cannot read is tried in the next form."""
    io26 = os.path.join(family.case("26"), "io.npz")
    model26 = check.model_of(family.case("26"))
    yield "scull", [(sys.executable, "scull", family.plan("26"), None, io26)]
    if args.python26:
        yield "paddle26", [(args.python26, "paddle", *model26, io26)]
    if args.python33:
        old = (args.python33, "paddle", *model26, io26)
        folder = family.case("33")
        yield "paddle33", [(args.python33, "paddle", *check.model_of(folder), os.path.join(folder, "io.npz")), old] if folder else [old]
    onnx = exported(family)
    if onnx:
        yield "onnxruntime", [(sys.executable, "onnxruntime", onnx, None, io26)]
    yield "openvino", [(sys.executable, "openvino", path, None, io26) for path in (model26[0], onnx) if path]


def start(family, args):
    """A worker for each peer that runs this network, ready."""
    workers = {}
    for name, ways in forms(family, args):
        if args.peers and name not in args.peers.split(",") + ["scull"]:
            continue
        for way in ways:
            worker = Worker(args, *way)
            if worker.ready():
                workers[name] = worker
                break
            worker.close()
    return workers


def fast(family):
    args = family.args
    workers = start(family, args)
    try:
        order = list(workers)
        for _ in range(args.rounds):
            random.shuffle(order)
            for name in order:
                workers[name].burst(args.burst)
        found = {name: [statistics.median(w.times), min(w.times)] for name, w in workers.items() if w.times}
    finally:
        for worker in workers.values():
            worker.close()
    family.keep("fast", found)


def right_text(family, format_):
    found = family.known.get("right", {})
    if format_ + " failed" in found:
        return "FAILED"
    ways = [found.get("%s %s" % (format_, way)) for way in ("native", "optimized")]
    if None in ways:
        return ""
    text = " / ".join("%.0e" % way["error"] for way in ways)
    return text if all(way["excess"] <= 1 for way in ways) else text + " OFF"


def place_text(family):
    found = family.known.get("place")
    if not found:
        return "", "", "", ""
    return ("%d%s" % (found["engines"], "" if found["right"] else " OFF"), "%d of %d" % (found["native"], found["layers"]), "%.1f %%" % (100 * found["native share"]),
            "%.1f %%" % (100 * found["post share"]))


def ahead(times, peers):
    cells = [times[peer][0] for peer in peers if peer in times]
    return min(cells) / times["scull"][0] if cells and "scull" in times else None


def row(family):
    times = family.known.get("fast", {})
    cells = [family.name, right_text(family, "26"), right_text(family, "33"), *place_text(family)]
    for peer in ("scull",) + PEERS:
        cells.append("%.2f" % times[peer][0] if peer in times else "")
    for peers in (PEERS[:2], PEERS[2:]):
        ratio = ahead(times, peers)
        cells.append("%.2f" % ratio if ratio else "")
    return "| " + " | ".join(cells) + " |"


def table_of(families):
    """The table and its summary as text."""
    lines = []
    heads = ["family", "2.6.2, native / optimized", "3.3.1 PIR", "engines", "native layers", "time native", "post-processing",
             "Scull, ms", "Paddle 2.6.2", "Paddle 3.3.1", "ONNX Runtime", "OpenVINO", "x Paddle", "x ONNX"]
    lines.append("| %s |\n|%s" % (" | ".join(heads), "---|" * len(heads)))
    lines += [row(family) for family in families]
    lines.append("")
    for what, peers in (("Paddle", PEERS[:2]), ("ONNX Runtime and OpenVINO", PEERS[2:])):
        ratios = [r for r in (ahead(f.known.get("fast", {}), peers) for f in families) if r]
        if ratios:
            lines.append("The faster of %s over Scull: geometric mean %.2f, least %.2f, of %d." % (
                what, math.exp(sum(map(math.log, ratios)) / len(ratios)), min(ratios), len(ratios)))
    return "\n".join(lines)


def processor():
    with open("/proc/cpuinfo") as file:
        return next(line.split(":")[1].strip() for line in file if line.startswith("model name"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("families", nargs="*")
    parser.add_argument("--cases26", required=True)
    parser.add_argument("--cases33")
    parser.add_argument("--python26", help="a Python with paddlepaddle 2.6.2")
    parser.add_argument("--python33", help="a Python with paddlepaddle 3.3.1")
    parser.add_argument("--peers", help="of paddle26,paddle33,onnxruntime,openvino (default: all)")
    parser.add_argument("--steps", default="right,place,fast", help="or none")
    parser.add_argument("--work", default=os.path.join(scull.ROOT, "build", "bench", "families"), help="plans and figures")
    parser.add_argument("--write", action="store_true", help="measured.md, which docs/support.md holds")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--burst", type=float, default=0.5, help="seconds")
    parser.add_argument("--rebuild", action="store_true", help="build plans again")
    parser.add_argument("--build", action="append", default=[], metavar="WORD", help="more words for scull build")
    args = parser.parse_args()
    os.makedirs(args.work, exist_ok=True)
    names = sorted(n for n in os.listdir(args.cases26) if os.path.exists(os.path.join(args.cases26, n, "io.npz")))
    families = [Family(args, name) for name in names if not args.families or name in args.families]
    for family in families:
        for step in args.steps.split(","):
            if step in ("right", "place", "fast"):
                try:
                    globals()[step](family)
                except (scull.Failure, subprocess.CalledProcessError) as failure:
                    print("%s: %s: %s" % (family.name, step, failure), file=sys.stderr)
    table = table_of(families)
    print(table)
    if args.write:
        with open(os.path.join(HERE, "measured.md"), "w") as file:
            file.write("Written by `bench/families/run --write` on %s, %d threads; a blank is what was not measured. Right: the largest error over "
                       "the range of Paddle's own output, OFF where one is beyond rtol 1e-3 and atol 1e-4. Times in ms, medians.\n\n%s\n" % (processor(), args.threads, table))


main()
