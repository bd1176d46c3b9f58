"""Every ONNX model of a folder beside ONNX Runtime:
    bench/oracle/real_models onnx_models.py [WORD ...] [--data ../shared/data/onnx] [--tolerance 1e-4]
Each model is built natively and optimized for each of its shapes. A row is one shape: the largest error over the range of
an output, all outputs. Recorded inputs and outputs beside a model (test_data_set_0) are held against, too. WORDs choose
models. Exit status 1 when one is off."""
import argparse
import glob
import os
import sys
import tempfile

import numpy as np
import onnxruntime

import check
from check import scull
from real_models import picture_of

WAYS = {"native": check.NATIVE, "optimized": ("--tune", "fast", "--time-budget", "3")}  # seconds a build
# Shapes for models that leave more than the batch open, or that are worth a second look.
SHAPES = {"ppocr_cls": ((1, 3, 48, 192), (3, 3, 48, 101)), "ppocrv3_det": ((1, 3, 320, 320), (2, 3, 96, 160)),
          "resnet20_cifar10": ((1, 3, 32, 32), (4, 3, 32, 32)), "unet_sedgen": ((1, 1, 224, 224), (2, 1, 224, 224))}


def name_of(path):
    name = os.path.splitext(os.path.basename(path))[0]
    return os.path.basename(os.path.dirname(path)) if name == "model" else name


def open_reference(path):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 2, 3
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def shapes_of(name, port):
    fixed = tuple(d if isinstance(d, int) and d > 0 else 1 for d in port.shape)
    return SHAPES.get(name, (fixed,))


def error(path, plan, port, array, wanted, options):
    try:
        scull.build(path, None, plan, "--input", "%s=%s" % (port.name, check.shape_text(array)), *options)
        engine = scull.Plan(plan)
        engine.set(engine.inputs[0], array)
        engine.run()
        worst = max(check.error_of(engine.output(i), out) for i, out in enumerate(wanted))
        engine.close()
        return worst
    except scull.Failure as failure:
        return str(failure)


def check_case(label, args, path, plan, port, array, wanted):
    cells = [error(path, plan, port, array, wanted, options) for options in WAYS.values()]
    right = all(isinstance(cell, float) and cell <= args.tolerance for cell in cells)
    words = ["%9.2e" % cell if isinstance(cell, float) else "FAILED " + cell[:300] for cell in cells]
    print("  %-24s %-14s %s%s" % (label, "x".join(map(str, array.shape)), "  ".join("%10s" % word for word in words),
                                  "" if right else "  BAD"), flush=True)
    return right


def recorded(path):
    """The first input and all outputs that stand beside a model, or None."""
    folder = os.path.join(os.path.dirname(path), "test_data_set_0")
    if not os.path.exists(os.path.join(folder, "input_0.pb")):
        return None
    import onnx
    from onnx import numpy_helper
    arrays = {}
    for kind in ("input", "output"):
        arrays[kind] = [numpy_helper.to_array(onnx.load_tensor(file))
                        for file in sorted(glob.glob(os.path.join(folder, kind + "_*.pb")))]
    return arrays["input"][0], arrays["output"]


def check_model(path, args, plan):
    name, session = name_of(path), open_reference(path)
    port = session.get_inputs()[0]
    random = np.random.default_rng(7)
    right = True
    for shape in shapes_of(name, port):
        # a detector answers noise with numbers next to 0, where ONNX Runtime's sigmoid is 0
        array = (picture_of(shape, os.path.dirname(args.data)) if name.endswith("_det")
                 else random.standard_normal(shape, dtype=np.float32))
        right = check_case(name, args, path, plan, port, array, session.run(None, {port.name: array})) and right
    pair = recorded(path)
    if pair:
        right = check_case(name + " recorded", args, path, plan, port, *pair) and right
    return right


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("words", nargs="*")
    parser.add_argument("--data", default=os.path.join(scull.ROOT, "..", "shared", "data", "onnx"))
    parser.add_argument("--tolerance", type=float, default=1e-4)
    args = parser.parse_args()
    if not os.path.isdir(args.data):
        print("skipped: no shared data")
        return 0
    paths = sorted(glob.glob(os.path.join(args.data, "*.onnx")) + glob.glob(os.path.join(args.data, "*", "model.onnx")))
    chosen = [path for path in paths if not args.words or any(word in path for word in args.words)]
    print("  %-24s %-14s %10s  %10s" % ("", "", *WAYS))
    with tempfile.TemporaryDirectory() as work:
        wrong = [name_of(path) for path in chosen if not check_model(path, args, os.path.join(work, "net.plan"))]
    print("%d of %d models right%s" % (len(chosen) - len(wrong), len(chosen), ": not " + ", ".join(wrong) if wrong else ""))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
