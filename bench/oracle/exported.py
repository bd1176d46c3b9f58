"""Models exported as ONNX, run by ONNX Runtime beside the plan that Scull makes of the same model:
    python bench/oracle/exported.py MODEL[:PARAMS] ...
    python bench/oracle/exported.py --data DIR [WORD ...]
Printed is the largest difference over the largest value of each output; a file with operators of Scull's own domain is
named as such, and only checked. Exit status 1 when one is above 1e-4 or does not load."""
import argparse
import os
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import numpy as np
import onnx
import onnxruntime

import scull

MODELS = ["caffe/lenet/lenet.prototxt", "caffe/mobilenet_v1", "caffe/squeezenet_v1.1", "caffe/ultraface_rfb_320",
          "tensorflow/aiy_squeezenet_160/squeezenet_160res_5x5_0.75.pb", "onnx/resnet20_cifar10.onnx",
          "onnx/espnet_camvid_360x480.onnx", "onnx/yolox_nano.onnx", "onnx/picodet_s_320_coco.onnx",
          "onnx/ultraface_rfb_320.onnx", "onnx/unet_sedgen.onnx", "onnx/super_resolution_10/model.onnx",
          "paddle/ch_ppocr_mobile_v2.0_cls_infer=x=2x3x48x192", "paddle/ch_PP-OCRv3_det_infer=x=1x3x192x320"]


def compare(model, folder):
    model, _, shape = model.partition("=")
    path, _, params = model.partition(":")
    options = ["--input", shape] if shape else []
    plan_path, file = os.path.join(folder, "n.plan"), os.path.join(folder, "n.onnx")
    scull.build(path, params or None, plan_path, "--tune", "none", *options)
    scull.export(plan_path, file)
    plan, proto = scull.Plan(plan_path), onnx.load(file)
    own = sorted({node.op_type for node in proto.graph.node if node.domain == "scull"})
    if own:
        return "own operators: " + ", ".join(own), None
    onnx.checker.check_model(proto)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    rng, feeds = np.random.default_rng(3), {}
    for i in session.get_inputs():
        dims = [d if isinstance(d, int) else int(d.split(":")[1]) for d in i.shape]
        feeds[i.name] = rng.random(dims, np.float32)
        plan.set(i.name, feeds[i.name])
    plan.run()
    worst = 0.0
    for k, wanted in enumerate(session.run(plan.outputs, feeds)):
        got = plan.output(k)
        if got.shape != wanted.shape:
            return "shape %s where ONNX Runtime gives %s" % (got.shape, wanted.shape), float("inf")
        worst = max(worst, float(np.abs(got - wanted).max() / max(0.1, np.abs(wanted).max())))
    return "%d nodes, %.1e apart" % (len(proto.graph.node), worst), worst


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("words", nargs="*")
    parser.add_argument("--data")
    args = parser.parse_args()
    models, bad = args.words, 0
    if args.data:
        models = [os.path.join(args.data, m) for m in MODELS if not args.words or any(w in m for w in args.words)]
    for model in models:
        with tempfile.TemporaryDirectory() as folder:
            try:
                words, worst = compare(model, folder)
            except Exception as failure:  # whatever ONNX Runtime says is the finding
                words, worst = str(failure).strip().splitlines()[0][:150], float("inf")
        off = worst is not None and not worst < 1e-4
        bad += off
        print("%-60s %s%s" % (model[-60:], words, "  OFF" if off else ""), flush=True)
    return bad != 0


if __name__ == "__main__":
    sys.exit(main())
