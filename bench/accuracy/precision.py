"""Lower precision on real networks: FP32, BF16 and INT8 by each method of calibration, calibrated on 100 pictures and
evaluated on the others, over several splits.
    bench/accuracy/precision [WORD ...] [--data DIR] [--tune none|fast|full] [--splits N] [--methods A,B] [--keep DIR] [--time]
A row: the figure itself (top-1, mIoU, AP50, characters), what it lies below FP32's, how often the answer is FP32's, each
as a mean over the splits with the worst beside it; the share of multiply-adds done in that precision (the least); the hash
of split 0's plan. --time adds a line a plan of split 0, by the same hash: its latency, all taking turns. --keep leaves
those plans in a folder. `budget` is not a method: the plan of `mse` with --max-accuracy-drop on the calibration's inputs.
Exit status 1 when `mse`, the default, or BF16 misses what issue 5 asks."""
import argparse
import hashlib
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
import numpy as np

import detect
import pictures
import scull



# --- networks ----------------------------------------------------------------------------------------------------

class Network:
    """files: of the model; load(data) -> (list of inputs, truth); figure(outputs, truth) -> percent; answers(outputs) ->
    array whose share of equal elements is the agreement (None: texts); asked: most points dropped, least agreement of
    INT8, of BF16; shapes: of inputs that the model leaves free; samples(data): more inputs, whose texts have to be the
    same; budget: words for scull build."""

    def __init__(self, files, load, figure, answers, asked, calibrate=100, shapes=None, samples=None, budget=()):
        self.files, self.load, self.figure, self.answers = files, load, figure, answers
        self.asked, self.calibrate, self.shapes = asked, calibrate, shapes or {}
        self.samples, self.budget = samples, budget


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


def stretched_coco(data):
    """Pictures stretched to PicoDet's square; what brings a box back, and the boxes."""
    arrays, truth = [], []
    for array, (picture, boxes) in zip(pictures.picodet(data, 128), pictures.coco_boxes(data)):
        arrays.append(array)
        truth.append(((picture.size[0] / 320, picture.size[1] / 320), boxes))
    return arrays, truth


def picodet_ap(outputs, truth):
    found = [detect.picodet(o, ratios) for o, (ratios, _) in zip(outputs, truth)]
    return 100 * detect.ap50(found, [boxes for _, boxes in truth])


def strongest_score(outputs):
    return np.array([int(np.argmax(np.concatenate([scores[0] for scores in o[:4]]).max(0))) for o in outputs])


def keys(data):
    with open(os.path.join(data, "ocr", "ppocr_keys_v1.txt"), encoding="utf-8") as file:
        return [""] + [line.rstrip("\n") for line in file] + [" "]


def lines(data):
    """Rendered lines of text, as the recognizer wants them (3 x 32 x 320, BGR)."""
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


def line_samples(data):
    names = ("text_rec.jpg", "short.png", "en_rec.jpg")
    return [line_of(pictures.rgb(os.path.join(data, "ocr", name))) for name in names]


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


BUDGET = ["--max-accuracy-drop", "0.1%", "--metric", "sqnr"]
NETWORKS = {
    "MobileNet v1": Network(["caffe/mobilenet_v1/deploy.prototxt", "caffe/mobilenet_v1/model.caffemodel"],
                            lambda d: some(pictures.mobilenet(d)), top1, first_class, (1.0, 97.0, 99.5), budget=BUDGET),
    "SqueezeNet v1.1": Network(["caffe/squeezenet_v1.1/deploy.prototxt", "caffe/squeezenet_v1.1/model.caffemodel"],
                               lambda d: some(pictures.squeezenet(d)), top1, first_class, (1.0, 97.0, 99.5),
                               shapes={"data": (1, 3, 227, 227)}, budget=BUDGET),
    "ResNet-20": Network(["onnx/resnet20_cifar10.onnx"], cifar, top1, first_class, (1.0, 97.0, 99.5),
                         shapes={"input": (1, 3, 32, 32)}, budget=BUDGET),
    "ResNet-56": Network(["onnx/resnet56_cifar10.onnx"], cifar, top1, first_class, (1.0, 97.0, 99.5),
                         shapes={"input": (1, 3, 32, 32)}, budget=BUDGET),
    "ESPNet": Network(["onnx/espnet_camvid_360x480.onnx"], camvid, mean_iou, pixels, (0.5, 0, 0), calibrate=20,
                      budget=BUDGET),
    "YOLOX-Nano": Network(["onnx/yolox_nano.onnx"], coco, yolox_ap, strongest, (1.0, 0, 0), calibrate=40, budget=BUDGET),
    "PicoDet-S": Network(["onnx/picodet_s_320_coco_sim.onnx"], stretched_coco, picodet_ap, strongest_score, (1.0, 0, 0),
                         calibrate=40, budget=BUDGET),
    "PP-OCR recognizer": Network(["paddle/ch_ppocr_mobile_v2.0_rec_slim_dequant"], lines, characters, None, (1.0, 99.0, 99.0),
                                 shapes={"x": (1, 3, 32, 320)}, samples=line_samples, budget=BUDGET),
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
        self.cache = args.timing_cache or os.path.join(folder, "cache")
        self.memory, self.first, self.tables_made = {}, {}, set()

    def split(self, k):
        order = np.random.RandomState(k).permutation(len(self.inputs))
        return order[:self.network.calibrate], order[self.network.calibrate:]

    def make_tables(self, k, methods):
        """The tables of a split, all of one pass over its inputs."""
        if k in self.tables_made:
            return
        collector = scull.Collector(self.files[0], self.files[1] if len(self.files) > 1 else None, self.network.shapes,
                                    self.args.threads)
        name = scull.Plan(self.float_plan()).inputs[0]
        for i in self.split(k)[0]:
            collector.add(name, self.inputs[i])
        for method in methods:
            collector.write(method, self.table(k, method))
        collector.close()
        self.tables_made.add(k)

    def table(self, k, method):
        return os.path.join(self.folder, "%d-%s.table" % (k, method))

    def build(self, plan, *words):
        for name, shape in self.network.shapes.items():
            words += ("--input", "%s=%s" % (name, "x".join(map(str, shape))))
        command("build", *self.files, "-o", plan, "--quiet", "--tune", self.args.tune, "--threads", str(self.args.threads),
                "--timing-cache", self.cache, *words)
        return plan

    def budget_words(self, k):
        """The calibration's inputs once more, as what the budget is measured on."""
        inputs = os.path.join(self.folder, "inputs")
        with open(inputs, "w") as file:
            for i in self.split(k)[0]:
                np.save(os.path.join(self.folder, "%d.npy" % i), self.inputs[i])
                file.write("%s/%d.npy\n" % (self.folder, i))
        return [*self.network.budget, "--held-out", inputs]

    def float_plan(self):
        if "fp32" not in self.first:
            self.first["fp32"] = self.build(os.path.join(self.folder, "fp32.plan"))
        return self.first["fp32"]

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
            self.memory["fp32"] = self.outputs(self.float_plan(), range(len(self.inputs)))
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


def words_of(bench, k, label):
    """What scull build is told for a row."""
    if label == "bf16":
        return ["--precision", "fp32,bf16"]
    precision = "fp32,bf16,int8" if bench.args.mixed or label == "budget" else "fp32,int8"
    words = ["--precision", precision, "--calibration", bench.table(k, "mse" if label == "budget" else label)]
    return words + (bench.budget_words(k) if label == "budget" else [])


def measure(bench, name, label, splits):
    drops, figures, agreements, shares = [], [], [], []
    for k in range(splits):
        kept = bench.split(k)[1]
        plan = bench.build(os.path.join(bench.folder, "%s-%d.plan" % (label, min(k, 1))), *words_of(bench, k, label),
                           *bench.args.extra)
        if k == 0:
            bench.first[label] = plan
        outputs = bench.outputs(plan, kept)
        others = [bench.float_outputs()[i] for i in kept]
        truth = bench.truth_of(kept)
        figures.append(bench.network.figure(outputs, truth))
        drops.append(bench.network.figure(others, truth) - figures[-1])
        agreements.append(bench.agreement(outputs, others))
        shares.append(share(plan, label if label in ("bf16", "fp16") else "int8"))
    print(ROW % (name, label, np.mean(figures), np.mean(drops), max(drops), np.mean(agreements), min(agreements),
                 min(shares), digest(bench.first[label]), same_samples(bench, label)), flush=True)
    return float(np.mean(drops)), float(np.mean(agreements)), min(shares)


def same_samples(bench, label):
    """How many of the network's sample pictures give the text that they give in FP32."""
    if bench.network.samples is None:
        return ""
    texts = []
    for which in (label, "fp32"):
        engine = scull.Plan(bench.first[which])
        texts.append([])
        for array in bench.network.samples(DATA):
            engine.set(engine.inputs[0], array)
            engine.run()
            texts[-1].append(decode(engine.output(0)))
        engine.close()
    return "%d of %d samples" % (sum(a == b for a, b in zip(*texts)), len(texts[0]))


def print_times(bench, name):
    """Latency of split 0's plans in short bursts, in changing order."""
    plans = {label: scull.Plan(path) for label, path in bench.first.items()}
    times = {label: [] for label in plans}
    for plan in plans.values():
        plan.set(plan.inputs[0], bench.inputs[0])
    for _ in range(bench.args.rounds):
        for label in random.sample(list(plans), len(plans)):
            time.sleep(0.05)
            plans[label].run()
            end = time.perf_counter() + 0.2
            while time.perf_counter() < end:
                begin = time.perf_counter()
                plans[label].run()
                times[label].append(1e3 * (time.perf_counter() - begin))
    for label, plan in plans.items():
        plan.close()
        print("%-18s %-18s %8.3f ms median %8.3f ms minimum  %s" %
              (name, label, statistics.median(times[label]), min(times[label]), digest(bench.first[label])), flush=True)


ROW = "%-18s %-18s %7.2f %7.2f (%5.2f) %8.2f (%6.2f) %7.1f  %s %s"


def table_of(name, network, args):
    missed = 0
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(network, args, folder)
        figure = network.figure(bench.float_outputs(), bench.truth_of(np.arange(len(bench.inputs))))
        print("%-18s %-18s %7.2f  (all %d)" % (name, "fp32", figure, len(bench.inputs)), flush=True)
        drop, same, agree16 = network.asked
        if "bf16" in args.precisions:
            missed += measure(bench, name, "bf16", args.splits)[1] < agree16
        for k in range(args.splits) if "int8" in args.precisions else ():
            bench.make_tables(k, {"mse" if m == "budget" else m for m in args.methods})
        for method in args.methods if "int8" in args.precisions else ():
            got = measure(bench, name, method, args.splits)
            missed += method == "mse" and (got[0] > drop or got[1] < same or got[2] < 90)
        if args.keep:
            os.makedirs(args.keep, exist_ok=True)
            for label, plan in bench.first.items():
                shutil.copy(plan, os.path.join(args.keep, "%s-%s.plan" % (name.replace(" ", "_"), label)))
        if args.time:
            print_times(bench, name)
    return missed


def main():
    global DATA
    parser = argparse.ArgumentParser()
    parser.add_argument("words", nargs="*")
    parser.add_argument("--data", default=os.path.join(HERE, "..", "..", "..", "shared", "data"))
    parser.add_argument("--tune", default="fast")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--splits", type=int, default=5)
    parser.add_argument("--methods", type=lambda s: s.split(","), default=scull.METHODS + ["budget"])
    parser.add_argument("--precisions", default="bf16,int8")
    parser.add_argument("--mixed", action="store_true", help="INT8 plans may hold BF16 layers, too")
    parser.add_argument("--keep", metavar="DIR")
    parser.add_argument("--time", action="store_true", help="time the plans of split 0, too")
    parser.add_argument("--rounds", type=int, default=10, help="of --time")
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
