"""Top-1 and top-5 of MobileNet v1 (Caffe) on the pictures of the shared data, on a GPU, in each precision:
    python accuracy.py DATA SCULL_FOLDER WORK
SCULL_FOLDER holds scull and libscull.so.0; bench/accuracy and bench are beside this file's folder, or in it."""
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "accuracy"), os.path.join(HERE, "..")]
CALIBRATION = 100  # pictures


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
    subprocess.run([scull.COMMAND, "calibrate", model, weights, "--inputs", inputs, "-o", table, "--quiet"], check=True)
    first = None
    for precision in ("fp32", "fp32,fp16", "fp32,fp16,int8"):
        path = os.path.join(work, "net.plan")
        words = ["--device", "cuda", "--precision", precision] + (["--calibration", table] if "int8" in precision else [])
        scull.build(model, weights, path, *words)
        plan = scull.Plan(path)
        top, five, answers = 0, 0, []
        for array, label in samples:
            plan.set(plan.inputs[0], array)
            plan.run()
            order = np.argsort(-plan.output(0).ravel(), kind="stable")
            answers.append(order[0])
            top += order[0] == label
            five += label in order[:5]
        first = first or answers
        same = sum(a == b for a, b in zip(answers, first))
        rate = lambda n: 100.0 * n / len(samples)
        print("mobilenet_v1 (Caffe) %s: top-1 %.1f, top-5 %.1f, class as in fp32 %.1f %%, %d pictures" %
              (precision, rate(top), rate(five), rate(same), len(samples)))


main(*sys.argv[1:])
