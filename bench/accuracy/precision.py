"""Lower precision on real networks: FP32, BF16 and INT8 by each method of calibration, calibrated on 100 pictures and
evaluated on the others, over several splits.
    bench/accuracy/precision [WORD ...] [--data DIR] [--tune none|fast|full] [--splits N] [--methods A,B] [--keep DIR]
A row: the figure itself (top-1, mIoU, AP50, characters), how often the answer is FP32's, each as a mean over the splits
with the worst beside it; the share of multiply-adds done in that precision; the hash of split 0's plan, which --keep
leaves in DIR so that a speed table can time the very same plans. Exit status 1 when a row of `entropy` or BF16 misses
what issue 5 asks."""
import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
import numpy as np

import detect
import pictures
import scull

METHODS = ["entropy", "minmax", "percentile-99.9", "percentile-99.99", "percentile-99.999", "mse", "best"]


# --- networks ----------------------------------------------------------------------------------------------------

class Network:
    """files: of the model; load(data) -> (list of inputs, truth); figure(outputs, truth) -> percent;
    answers(outputs) -> array whose share of equal elements is the agreement."""

    def __init__(self, files, load, figure, answers, asked, calibrate=100, options=()):
        self.files, self.load, self.figure, self.answers = files, load, figure, answers
        self.asked, self.calibrate, self.options = asked, calibrate, options


def some(samples):
    arrays, labels = zip(*samples)
    return list(arrays), np.array(labels)


def first_class(outputs):
    return np.array([int(np.argmax(o[0])) for o in outputs])


def top1(outputs, labels):
    return 100.0 * float(np.mean(first_class(outputs) == labels))


def cifar(data):
    arrays, labels = some(next(pictures.cifar(data))[1])
    chosen = np.random.RandomState(1).permutation(len(arrays))[:500]  # as many as of the others
    return [arrays[i] for i in chosen], labels[chosen]


def pixels(outputs):
    return np.stack([o[0][0].argmax(0) for o in outputs])


def mean_iou(outputs, labels):
    table = np.zeros((12, 12), np.int64)
    for got, label in zip(pixels(outputs), labels):
        keep = label < 11
        table += np.bincount(label[keep] * 12 + got[keep], minlength=144).reshape(12, 12)
    return 100 * float(np.mean([table[c, c] / max(1, table[c].sum() + table[:11, c].sum() - table[c, c]) for c in range(11)]))


def camvid(data):
    return some(pictures.camvid(data))


def coco(data):
    arrays, ratios, boxes = zip(*pictures.coco(data))
    return list(arrays), list(zip(ratios, boxes))


def yolox_ap(outputs, truth):
    found = [detect.yolox(o[0][0], ratio) for o, (ratio, _) in zip(outputs, truth)]
    return 100 * detect.ap50(found, [boxes for _, boxes in truth])


def strongest(outputs):
    """The class of the best cell: a coarse answer, for the agreement of a detector."""
    return np.array([int(np.argmax((o[0][0][:, 4:5] * o[0][0][:, 5:]).max(0))) for o in outputs])


def keys(data):
    with open(os.path.join(data, "ocr", "ppocr_keys_v1.txt"), encoding="utf-8") as file:
        return [""] + [line.rstrip("\n") for line in file] + [" "]


def lines(data):
    """Rendered lines of text, as the recognizer wants them (3 x 32 x 320, BGR), and the three sample pictures."""
    from PIL import Image, ImageDraw, ImageFont
    fonts = [p for p in FONTS if os.path.exists(p)]
    r = np.random.RandomState(7)
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    arrays, texts = [], []
    for i in range(300):
        text = "".join(r.choice(list(letters), r.randint(4, 12)))
        font = ImageFont.truetype(fonts[i % len(fonts)], 24) if fonts else ImageFont.load_default(24)
        box = font.getbbox(text)
        picture = Image.new("RGB", (box[2] + 16, 36), tuple(int(x) for x in r.randint(200, 256, 3)))
        ImageDraw.Draw(picture).text((8, 4), text, font=font, fill=tuple(int(x) for x in r.randint(0, 90, 3)))
        arrays.append(line_of(picture))
        texts.append(text)
    return arrays, texts


FONTS = ["/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", "/usr/share/fonts/truetype/dejavu/DejaVuSerif.ttf",
         "/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf"]


def line_of(picture, width=320):
    from PIL import Image
    w = min(width, max(1, round(picture.size[0] * 32 / picture.size[1])))
    square = np.zeros((32, width, 3), np.float32)
    small = np.asarray(picture.convert("RGB").resize((w, 32), Image.BILINEAR), np.float32)[..., ::-1]
    square[:, :w] = (small / 255 - 0.5) / 0.5
    return pictures.first(square)


def decode(output):
    """CTC: the best class of each step, runs once, blanks gone; as class numbers."""
    best = output[0].argmax(1)
    return [int(c) for i, c in enumerate(best) if c != 0 and (i == 0 or c != best[i - 1])]


def distance(a, b):
    row = list(range(len(b) + 1))
    for i, x in enumerate(a):
        previous, row[0] = row[0], i + 1
        for j, y in enumerate(b):
            previous, row[j + 1] = row[j + 1], min(row[j + 1] + 1, row[j] + 1, previous + (x != y))
    return row[-1]


def characters(outputs, texts):
    """Share of right characters, against what was written."""
    table = keys(DATA)
    right = total = 0
    for output, text in zip(outputs, texts):
        got = "".join(table[c] for c in decode(output[0]))
        total += len(text)
        right += max(0, len(text) - distance(got, text))
    return 100.0 * right / total


NETWORKS = {
    "MobileNet v1": Network(["caffe/mobilenet_v1/deploy.prototxt", "caffe/mobilenet_v1/model.caffemodel"],
                            lambda d: some(pictures.mobilenet(d)), top1, first_class, (1.0, 97.0, 99.5)),
    "SqueezeNet v1.1": Network(["caffe/squeezenet_v1.1/deploy.prototxt", "caffe/squeezenet_v1.1/model.caffemodel"],
                               lambda d: some(pictures.squeezenet(d)), top1, first_class, (1.0, 97.0, 99.5),
                               options=["--input", "data=1x3x227x227"]),
    "ResNet-20": Network(["onnx/resnet20_cifar10.onnx"], cifar, top1, first_class, (1.0, 97.0, 99.5),
                         options=["--input", "input=1x3x32x32"]),
    "ResNet-56": Network(["onnx/resnet56_cifar10.onnx"], cifar, top1, first_class, (1.0, 97.0, 99.5),
                         options=["--input", "input=1x3x32x32"]),
    "ESPNet": Network(["onnx/espnet_camvid_360x480.onnx"], camvid, mean_iou, pixels, (0.5, 0, 0), calibrate=20),
    "YOLOX-Nano": Network(["onnx/yolox_nano.onnx"], coco, yolox_ap, strongest, (1.0, 0, 0), calibrate=40),
    "PP-OCR recognizer": Network(["paddle/ch_ppocr_mobile_v2.0_rec_slim_dequant"], lines, characters, None, (1.0, 99.0, 99.0),
                                 options=["--input", "x=1x3x32x320"]),
}
DATA = None


# --- runs --------------------------------------------------------------------------------------------------------

def command(*words):
    done = subprocess.run([scull.COMMAND] + list(words), capture_output=True, text=True)
    if done.returncode:
        raise scull.Failure(done.stderr.strip())
    return done.stdout


class Bench:
    def __init__(self, network, args, folder):
        self.network, self.args, self.folder = network, args, folder
        self.files = [os.path.join(DATA, f) for f in network.files]
        self.inputs, self.truth = network.load(DATA)
        for i, array in enumerate(self.inputs):
            np.save(os.path.join(folder, "%d.npy" % i), array)
        self.cache = args.timing_cache or os.path.join(folder, "cache")
        self.memory = {}

    def split(self, k):
        order = np.random.RandomState(k).permutation(len(self.inputs))
        return order[:self.network.calibrate], order[self.network.calibrate:]

    def table(self, method, chosen):
        path, inputs = os.path.join(self.folder, "table"), os.path.join(self.folder, "inputs.txt")
        with open(inputs, "w") as file:
            file.writelines("%s/%d.npy\n" % (self.folder, i) for i in chosen)
        command("calibrate", *self.files, *self.network.options, "--inputs", inputs, "--method", method, "-o", path, "--quiet")
        return path

    def build(self, *words):
        plan = os.path.join(self.folder, "net.plan")
        command("build", *self.files, *self.network.options, "-o", plan, "--quiet", "--tune", self.args.tune, "--threads",
                str(self.args.threads), "--timing-cache", self.cache, *words)
        return plan

    def outputs(self, plan, chosen):
        engine, out = scull.Plan(plan), []
        for i in chosen:
            engine.set(engine.inputs[0], self.inputs[i])
            engine.run()
            out.append([engine.output(k) for k in range(len(engine.outputs))])
        engine.close()
        return out

    def float_outputs(self):
        """FP32's on all pictures, once."""
        if "fp32" not in self.memory:
            self.memory["fp32"] = self.outputs(self.build(), range(len(self.inputs)))
        return self.memory["fp32"]

    def truth_of(self, chosen):
        return self.truth[chosen] if isinstance(self.truth, np.ndarray) else [self.truth[i] for i in chosen]

    def agreement(self, outputs, others):
        if self.network.answers is not None:
            return 100.0 * float(np.mean(self.network.answers(outputs) == self.network.answers(others)))
        wrong = total = 0  # texts
        for a, b in zip(outputs, others):
            x, y = decode(a[0]), decode(b[0])
            wrong, total = wrong + distance(x, y), total + max(len(x), len(y))
        return 100.0 * (1 - wrong / max(1, total))


def share(plan, precision):
    flops = json.loads(command("explain", plan, "--json"))["flops"]
    return 100.0 * flops.get(precision, 0) / max(1.0, sum(flops.values()))


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()[:16]


def measure(bench, name, label, splits, precision, table):
    drops, figures, agreements = [], [], []
    shares, first = [], ""
    for k in range(splits):
        chosen, kept = bench.split(k)
        words = ["--precision", precision] + (["--calibration", bench.table(table, chosen)] if table else [])
        plan = bench.build(*words, *bench.args.extra)
        outputs = bench.outputs(plan, kept)
        others = [bench.float_outputs()[i] for i in kept]
        truth = bench.truth_of(kept)
        figures.append(bench.network.figure(outputs, truth))
        drops.append(bench.network.figure(others, truth) - figures[-1])
        agreements.append(bench.agreement(outputs, others))
        shares.append(share(plan, precision.split(",")[-1]))
        if k == 0:
            first = digest(plan)
            if bench.args.keep:
                os.makedirs(bench.args.keep, exist_ok=True)
                os.replace(plan, os.path.join(bench.args.keep, "%s-%s.plan" % (name.replace(" ", "_"), label)))
    print("%-18s %-18s %7.2f %7.2f (%5.2f) %8.2f (%6.2f) %7.1f  %s" %
          (name, label, np.mean(figures), np.mean(drops), max(drops), np.mean(agreements), min(agreements), min(shares),
           first), flush=True)
    return float(np.mean(drops)), float(np.mean(agreements)), min(shares)


def table_of(name, network, args):
    missed = 0
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(network, args, folder)
        figure = network.figure(bench.float_outputs(), bench.truth_of(np.arange(len(bench.inputs))))
        print("%-18s %-18s %7.2f  (all %d)" % (name, "fp32", figure, len(bench.inputs)), flush=True)
        drop, same, agree16 = network.asked
        if "bf16" in args.precisions:
            got = measure(bench, name, "bf16", args.splits, "fp32,bf16", None)
            missed += got[1] < agree16
        for method in args.methods if "int8" in args.precisions else ():
            got = measure(bench, name, "int8-" + method, args.splits, "fp32,bf16,int8" if args.mixed else "fp32,int8", method)
            missed += method == "entropy" and (got[0] > drop or got[1] < same or got[2] < 90)
    return missed


def main():
    global DATA
    parser = argparse.ArgumentParser()
    parser.add_argument("words", nargs="*")
    parser.add_argument("--data", default=os.path.join(HERE, "..", "..", "..", "shared", "data"))
    parser.add_argument("--tune", default="fast")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--splits", type=int, default=5)
    parser.add_argument("--methods", type=lambda s: s.split(","), default=METHODS)
    parser.add_argument("--precisions", default="bf16,int8")
    parser.add_argument("--mixed", action="store_true", help="INT8 plans may hold BF16 layers, too")
    parser.add_argument("--keep")
    parser.add_argument("--timing-cache")
    parser.add_argument("--extra", type=lambda s: s.split(), default=[], help="more words for scull build")
    args = parser.parse_args()
    DATA = next((d for d in (args.data, os.environ.get("SCULL_DATA", ""), "/work/shared/data") if os.path.isdir(d)), None)
    if DATA is None:
        print("skipped: no shared data")
        return 77
    print("%-18s %-18s %7s %7s %7s %8s %8s %7s  %s" %
          ("network", "precision", "figure", "drop", "(worst)", "as fp32", "(worst)", "share", "plan"))
    missed = 0
    for name, network in NETWORKS.items():
        if not args.words or any(word.lower() in name.lower() for word in args.words):
            missed += table_of(name, network, args)
    return missed != 0


if __name__ == "__main__":
    sys.exit(main())
