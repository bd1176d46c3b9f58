"""Accuracy of real networks: a row a network with the figure that others had, ours, and how often ours agrees with
another runtime on the same pictures (OpenCV's dnn for Caffe, ONNX Runtime for ONNX; the largest difference where two
files hold one network).
    bench/accuracy/run [WORD ...] [--data DIR] [--tune none|fast|full]
Preprocessing is that of the data's own README. Exit status 1 when a row misses what is asked of it."""
import argparse
import os
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import numpy as np

import detect
import pictures
import scull

HERE = os.path.dirname(os.path.abspath(__file__))
AGREE = 99.8  # percent of the pictures


class Ours:
    """A model built by Scull; call it with {input: array}."""

    def __init__(self, folder, tune, model, params=None, **shapes):
        path = os.path.join(folder, "net.plan")
        words = ["--tune", tune, "--threads", "1"]  # speed is not asked for, and others may be at work here
        for name, shape in shapes.items():
            words += ["--input", "%s=%s" % (name, "x".join(map(str, shape)))]
        scull.build(model, params, path, *words)
        self.plan = scull.Plan(path)

    def __call__(self, **inputs):
        for name, array in inputs.items():
            self.plan.set(name, array)
        self.plan.run()
        return {name: self.plan.output(i) for i, name in enumerate(self.plan.outputs)}

    def one(self, array):
        self.plan.set(self.plan.inputs[0], array)
        self.plan.run()
        return self.plan.output(0)


def opencv(net, model):
    import cv2
    cv2.setNumThreads(1)
    peer = cv2.dnn.readNetFromCaffe(net, model)

    def run(array):
        peer.setInput(array)
        return peer.forward()
    return run


def runtime(model):
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.log_severity_level, options.intra_op_num_threads = 3, 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    names = [i.name for i in session.get_inputs()]
    return lambda *arrays: session.run(None, dict(zip(names, arrays)))


def tensorflow(model):
    """None where TensorFlow is not installed: it is large, and only one row asks for it."""
    try:
        import tensorflow.compat.v1 as tf
    except ImportError:
        return None
    definition = tf.GraphDef()
    with open(model, "rb") as file:
        definition.ParseFromString(file.read())
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(definition, name="")
        session = tf.Session(graph=graph)
    return lambda array: session.run("Prediction:0", {"input:0": array})


class Row:
    """What a line of the table says."""

    def __init__(self, reference, ours, peer="", peer_figure="", good=True):
        self.cells = (reference, ours, peer, peer_figure, "" if good else "MISSED")
        self.good = good


def classify(ours, peer, samples, shift=0, top=5):
    """Rates of top 1 and `top`, and how often both runtimes name the same class."""
    hits = first = same = count = 0
    peer_first = 0
    for array, label in samples:
        scores = ours(array).ravel()
        order = np.argsort(-scores, kind="stable")
        first += order[0] == label + shift
        hits += label + shift in order[:top]
        if peer is not None:
            other = int(np.argmax(peer(array)))
            same += other == order[0]
            peer_first += other == label + shift
        count += 1
    rate = lambda n: 100.0 * n / count
    return rate(first), rate(hits), rate(same), rate(peer_first)


def caffe(data, folder, tune, name, shape, samples, reference, net="deploy.prototxt", model="model.caffemodel"):
    at = lambda file: os.path.join(data, "caffe", name, file)
    ours = Ours(folder, tune, at(net), at(model), data=shape)
    first, five, same, other = classify(ours.one, opencv(at(net), at(model)), samples)
    return Row(reference, "%.1f / %.1f" % (first, five), "OpenCV dnn", "%.1f, same %.1f %%" % (other, same), same >= AGREE)


def mobilenet(data, folder, tune):
    return caffe(data, folder, tune, "mobilenet_v1", (1, 3, 224, 224), pictures.mobilenet(data), "81.5 / 94.3")


def squeezenet(data, folder, tune):
    return caffe(data, folder, tune, "squeezenet_v1.1", (1, 3, 227, 227), pictures.squeezenet(data), "62.2 / 83.7")


def lenet(data, folder, tune):
    at = lambda file: os.path.join(data, "caffe", "lenet", file)
    ours = Ours(folder, tune, at("lenet.prototxt"), at("lenet.caffemodel"), data=(100, 1, 28, 28))
    peer, right, same, count = opencv(at("lenet.prototxt"), at("lenet.caffemodel")), 0, 0, 0
    digits, labels = pictures.mnist(data)
    for begin in range(0, len(digits), 100):
        block = digits[begin:begin + 100]
        got, other = ours.one(block).argmax(1), peer(block).argmax(1)
        right += int((got == labels[begin:begin + 100]).sum())
        same += int((got == other).sum())
        count += len(block)
    rate = 100.0 * right / count
    return Row("98.86", "%.2f" % rate, "OpenCV dnn", "same %.2f %%" % (100.0 * same / count),
               abs(rate - 98.86) < 0.005 and same / count >= AGREE / 100)


def cifar(data, folder, tune, name, reference):
    model = os.path.join(data, "onnx", name + ".onnx")
    best = None
    for label, samples in pictures.cifar(data):
        ours = Ours(folder, tune, model, input=(1, 3, 32, 32))
        peer = runtime(model)
        first, _, same, other = classify(ours.one, lambda x: peer(x)[0], samples)
        if best is None or first > best[0]:
            best = (first, same, other, label)
    first, same, other, label = best
    return Row(reference, "%.1f (%s)" % (first, label), "ONNX Runtime", "%.1f, same %.1f %%" % (other, same), same >= AGREE)


def resnet20(data, folder, tune):
    return cifar(data, folder, tune, "resnet20_cifar10", "81.0 (10,000)")


def resnet56(data, folder, tune):
    return cifar(data, folder, tune, "resnet56_cifar10", "-")


def espnet(data, folder, tune):
    model = os.path.join(data, "onnx", "espnet_camvid_360x480.onnx")
    ours, peer = Ours(folder, tune, model), runtime(model)
    table, other_table = np.zeros((12, 12), np.int64), np.zeros((12, 12), np.int64)
    same = total = 0
    for array, label in pictures.camvid(data):
        got, other = ours.one(array)[0].argmax(0), peer(array)[0][0].argmax(0)
        keep = label < 11
        for confusion, answer in ((table, got), (other_table, other)):
            confusion += np.bincount(label[keep] * 12 + answer[keep], minlength=144).reshape(12, 12)
        same += int((got == other).sum())
        total += got.size
    iou = lambda m: 100 * np.mean([m[c, c] / max(1, m[c].sum() + m[:11, c].sum() - m[c, c]) for c in range(11)])
    return Row("57.2 (233 frames)", "%.1f mIoU" % iou(table), "ONNX Runtime",
               "%.1f, pixels same %.3f %%" % (iou(other_table), 100.0 * same / total), same / total >= AGREE / 100)


def yolox(data, folder, tune):
    model = os.path.join(data, "onnx", "yolox_nano.onnx")
    ours, peer = Ours(folder, tune, model), runtime(model)
    mine, other, truth = [], [], []
    for array, ratio, boxes in pictures.coco(data):
        mine.append(detect.yolox(ours.one(array)[0], ratio))
        other.append(detect.yolox(peer(array)[0][0], ratio))
        truth.append(boxes)
    figure = 100 * detect.ap50(mine, truth)
    return Row("50.1 (>= 50)", "%.1f AP50" % figure, "ONNX Runtime", "%.1f" % (100 * detect.ap50(other, truth)), figure >= 50)


def difference(a, b):
    """The largest difference over the largest value, output by output, the names paired by position or name."""
    return max(float(np.abs(a[k] - b[k]).max() / max(1e-12, np.abs(b[k]).max())) for k in b)


def picodet(data, folder, tune):
    at = lambda file: os.path.join(data, "onnx", file)
    raw, simple = Ours(folder, tune, at("picodet_s_320_coco.onnx")), Ours(folder, tune, at("picodet_s_320_coco_sim.onnx"))
    peer, worst, outside = runtime(at("picodet_s_320_coco_sim.onnx")), 0.0, 0.0
    for array in pictures.picodet(data, 16):
        a, b = raw(image=array), simple(image=array)
        worst = max(worst, difference(a, b))
        outside = max(outside, difference(b, dict(zip(b, peer(array)))))
    return Row("raw = simplified", "%.1e apart" % worst, "ONNX Runtime", "%.1e apart" % outside, max(worst, outside) < 1e-4)


def ultraface(data, folder, tune):
    at = lambda file: os.path.join(data, file)
    a = Ours(folder, tune, at("caffe/ultraface_rfb_320/deploy.prototxt"), at("caffe/ultraface_rfb_320/model.caffemodel"))
    b, worst, outside = Ours(folder, tune, at("onnx/ultraface_rfb_320.onnx")), 0.0, 0.0
    peer = runtime(at("onnx/ultraface_rfb_320.onnx"))
    for array in pictures.ultraface(data, 16):
        x, y = a(input=array), b(input=array)
        worst = max(worst, difference(x, y))
        outside = max(outside, difference(y, dict(zip(("scores", "boxes"), peer(array)))))
    return Row("Caffe = ONNX", "%.1e apart" % worst, "ONNX Runtime", "%.1e apart" % outside, max(worst, outside) < 1e-4)


def pair(data, folder, tune, onnx, paddle, samples):
    model = os.path.join(data, "onnx", onnx)
    peer, worst, outside = runtime(model), 0.0, 0.0
    for array in samples:
        a = Ours(folder, tune, model, x=array.shape)
        b = Ours(folder, tune, os.path.join(data, "paddle", paddle), x=array.shape)
        x, y, z = a.one(array), b.one(array), peer(array)[0]
        worst = max(worst, float(np.abs(x - y).max()))
        outside = max(outside, float(np.abs(x - z).max()))
    return Row("ONNX = Paddle to 1e-4", "%.1e apart" % worst, "ONNX Runtime", "%.1e apart" % outside,
               max(worst, outside) <= 1e-4)


def ocr_det(data, folder, tune):
    return pair(data, folder, tune, "ppocrv3_det.onnx", "ch_PP-OCRv3_det_infer", pictures.ocr_det(data))


def ocr_cls(data, folder, tune):
    return pair(data, folder, tune, "ppocr_cls.onnx", "ch_ppocr_mobile_v2.0_cls_infer", pictures.ocr_cls(data))


def super_resolution(data, folder, tune):
    at = os.path.join(data, "onnx", "super_resolution_10")
    array, wanted = pictures.recorded(at)
    ours = Ours(folder, tune, os.path.join(at, "model.onnx"), input=array.shape)
    worst = float(np.abs(ours.one(array) - wanted).max())
    other = float(np.abs(runtime(os.path.join(at, "model.onnx"))(array)[0] - wanted).max())
    return Row("its recorded output", "%.1e apart" % worst, "ONNX Runtime", "%.1e apart" % other, worst < 1e-3)


def tf_squeezenet(data, folder, tune):
    model = os.path.join(data, "tensorflow", "aiy_squeezenet_160", "squeezenet_160res_5x5_0.75.pb")
    ours = Ours(folder, tune, model)
    peer = tensorflow(model)
    first, five, same, other = classify(ours.one, peer, pictures.aiy(data), shift=1)
    if peer is None:
        return Row("51.5 / 77.1", "%.1f / %.1f" % (first, five), "(no TensorFlow here)")
    return Row("51.5 / 77.1", "%.1f / %.1f" % (first, five), "TensorFlow", "%.1f, same %.1f %%" % (other, same), same >= AGREE)


ROWS = {
    "MobileNet v1 (Caffe), 500 pictures": mobilenet,
    "SqueezeNet v1.1 (Caffe), 500 pictures": squeezenet,
    "LeNet (Caffe), MNIST": lenet,
    "UltraFace RFB-320, 16 pictures": ultraface,
    "SqueezeNet 160 (TensorFlow), 500 pictures": tf_squeezenet,
    "ResNet-20 (ONNX), CIFAR-10, 2,000": resnet20,
    "ResNet-56 (ONNX), CIFAR-10, 2,000": resnet56,
    "ESPNet (ONNX), CamVid, 58 frames": espnet,
    "YOLOX-Nano (ONNX), COCO, 128": yolox,
    "PicoDet-S (ONNX), 16 pictures": picodet,
    "PP-OCRv3 detection": ocr_det,
    "PP-OCR angle": ocr_cls,
    "super_resolution_10 (ONNX)": super_resolution,
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("words", nargs="*")
    parser.add_argument("--data", default=os.path.join(HERE, "..", "..", "..", "shared", "data"))
    parser.add_argument("--tune", default="none")
    args = parser.parse_args()
    data = next((d for d in (args.data, os.environ.get("SCULL_DATA", ""), "/work/shared/data") if os.path.isdir(d)), None)
    if data is None:
        print("skipped: no shared data")
        return 77
    bad, line = 0, "%-42s %-22s %-16s %-13s %-28s %s"
    print(line % ("network", "reference", "Scull", "beside", "its figure", ""))
    for name, make in ROWS.items():
        if args.words and not any(word.lower() in name.lower() for word in args.words):
            continue
        with tempfile.TemporaryDirectory() as folder:
            try:
                row = make(data, folder, args.tune)
            except scull.Failure as failure:
                row = Row("", "not built: " + str(failure).splitlines()[0][:90], good=False)
        bad += not row.good
        print(line % (name, *row.cells), flush=True)
    return bad != 0


if __name__ == "__main__":
    sys.exit(main())
