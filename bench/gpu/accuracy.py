"""Top-1 and top-5 of MobileNet v1 (Caffe) on the pictures of the shared data, on a GPU, in each precision:
    python accuracy.py DATA SCULL_FOLDER WORK
SCULL_FOLDER holds scull and libscull.so.0; bench/accuracy and bench are beside this file's folder, or in it."""
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "accuracy"), os.path.join(HERE, "..")]
CALIBRATION = 100  # pictures
METHODS = ("minmax", "percentile-99.99", "mse", "entropy")
DEPTHWISE = "conv*/dw"


def lay_out(folder, work):
    """A build folder as bench/scull.py looks for it."""
    os.makedirs(os.path.join(work, "tools", "scull"), exist_ok=True)
    for source, target in (("scull", "tools/scull/scull"), ("libscull.so.0", "libscull.so")):
        path = os.path.join(work, target)
        if not os.path.exists(path):
            os.symlink(os.path.join(os.path.abspath(folder), source), path)
    os.environ["SCULL_BUILD"] = work


def main(data, folder, work):
    lay_out(folder, work)
    import numpy as np
    import pictures
    import scull

    samples = list(pictures.mobilenet(data))
    inputs = os.path.join(work, "samples")
    os.makedirs(inputs, exist_ok=True)
    for i, (array, _) in enumerate(samples[:CALIBRATION]):
        np.save(os.path.join(inputs, "%03d.npy" % i), array)
    net, table = os.path.join(data, "caffe", "mobilenet_v1"), os.path.join(work, "table")
    model, weights = os.path.join(net, "deploy.prototxt"), os.path.join(net, "model.caffemodel")

    def answers(*words):
        """The classes of every picture, best first."""
        path = os.path.join(work, "net.plan")
        scull.build(model, weights, path, "--device", "cuda", *words)
        plan, rows = scull.Plan(path), []
        for array, _ in samples:
            plan.set(plan.inputs[0], array)
            plan.run()
            rows.append(np.argsort(-plan.output(0).ravel(), kind="stable"))
        return rows

    def report(name, rows, first):
        rate = lambda hits: 100.0 * sum(hits) / len(samples)
        print("mobilenet_v1 (Caffe) %s: top-1 %.1f, top-5 %.1f, class as in fp32 %.1f %%, %d pictures" %
              (name, rate(row[0] == label for row, (_, label) in zip(rows, samples)),
               rate(label in row[:5] for row, (_, label) in zip(rows, samples)),
               rate(row[0] == other[0] for row, other in zip(rows, first)), len(samples)), flush=True)

    first = answers("--precision", "fp32")
    report("fp32", first, first)
    report("fp16", answers("--precision", "fp32,fp16"), first)
    for method in METHODS:
        subprocess.run([scull.COMMAND, "calibrate", model, weights, "--inputs", inputs, "--method", method, "-o", table,
                        "--quiet"], check=True)
        report("int8, " + method, answers("--precision", "fp32,fp16,int8", "--calibration", table), first)
    words = ["--precision", "fp32,fp16,int8", "--calibration", table, "--layer-precision", DEPTHWISE + "=fp16"]
    report("int8, %s, depthwise in fp16" % METHODS[-1], answers(*words), first)


main(*sys.argv[1:])
