"""Runs through the Paddle door beside Paddle Inference 3.3.1 itself, and what the door costs.
    python bench/door/table.py --nets-dir DIR --paddle PYTHON [--threads 2] [--batches 1,5,10] [--rounds 3]
DIR/<net>/model.pdmodel as of bench/cpu/export.py; PYTHON has paddlepaddle 3.3.1. Both run the same program file in
FP32 on the same number of threads, each in a process of its own, by turns; a cell is the least median of its rounds.
Paddle runs in its default configuration (oneDNN, every pass) with memory optimization. `--prepare` builds the plans and
ends; `--overhead` measures the door against scull_context_run on the same plan."""
import argparse
import json
import os
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SIDES = {"resnet50": 224, "mobilenet_v1": 224, "resnet101": 224, "inception_v3": 299}
PEER = """
import sys, time, statistics
import numpy as np
import paddle.inference as inference
model, params, dims, threads, seconds = sys.argv[1:]
config = inference.Config(model, params)
config.disable_gpu()
config.set_cpu_math_library_num_threads(int(threads))
config.enable_memory_optim()
config.disable_glog_info()
predictor = inference.create_predictor(config)
x = predictor.get_input_handle(predictor.get_input_names()[0])
shape = [int(d) for d in dims.split("x")]
x.reshape(shape)
x.copy_from_cpu(np.random.default_rng(7).random(shape, "float32"))
for _ in range(3):
    predictor.run()
times, end = [], time.perf_counter() + float(seconds)
while len(times) < 5 or time.perf_counter() < end:
    begin = time.perf_counter()
    predictor.run()
    times.append(time.perf_counter() - begin)
print(1e3 * statistics.median(times))
"""


def door(args, mode, model, dims, cache, seconds):
    os.makedirs(cache, exist_ok=True)
    words = [os.path.join(args.build, "bench", "door"), mode, model + ".pdmodel", model + ".pdiparams", dims,
             str(args.threads), cache, str(seconds)]
    return json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)


def paddle(args, model, dims):
    words = [args.paddle, "-c", PEER, model + ".pdmodel", model + ".pdiparams", dims, str(args.threads), str(args.seconds)]
    return float(subprocess.run(words, check=True, capture_output=True, text=True).stdout.split()[-1])


def cells(args):
    for net in args.nets.split(","):
        for batch in args.batches.split(","):
            model = os.path.join(args.nets_dir, net, "model")
            dims = "%sx3x%dx%d" % (batch, SIDES[net], SIDES[net])
            yield net, batch, model, dims, os.path.join(args.work, "%s-b%s-t%d" % (net, batch, args.threads))


def overhead(args):
    digits = os.path.join(ROOT, "zoo", "digits", "model")
    resnet = os.path.join(args.nets_dir, "resnet50", "model")
    for name, model, dims in (("digits", digits, "1x1x8x8"), ("resnet50", resnet, "1x3x224x224")):
        cache = os.path.join(args.work, "%s-b1-t%d" % (name, args.threads))
        print(name, json.dumps(door(args, "overhead", model, dims, cache, args.seconds)), flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--nets-dir", required=True)
    parser.add_argument("--paddle", help="a Python with paddlepaddle 3.3.1")
    parser.add_argument("--build", default=os.path.join(ROOT, "build", "release"))
    parser.add_argument("--work", default=os.path.join(ROOT, "build", "bench", "door"))
    parser.add_argument("--nets", default=",".join(SIDES))
    parser.add_argument("--batches", default="1,5,10")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--prepare", action="store_true")
    parser.add_argument("--overhead", action="store_true")
    args = parser.parse_args()
    if args.overhead:
        overhead(args)
        return
    if not args.prepare:
        print("| network | batch | Paddle 3.3.1, ms | door, ms | times as fast |\n|---|---|---|---|---|", flush=True)
    for net, batch, model, dims, cache in cells(args):
        if args.prepare:
            print(net, batch, door(args, "run", model, dims, cache, 0), flush=True)
            continue
        ours, theirs = [], []
        for _ in range(args.rounds):
            ours.append(door(args, "run", model, dims, cache, args.seconds)["median_ms"])
            theirs.append(paddle(args, model, dims))
        print("| %s | %s | %.2f | %.2f | %.2f |" % (net, batch, min(theirs), min(ours), min(theirs) / min(ours)), flush=True)


main()
