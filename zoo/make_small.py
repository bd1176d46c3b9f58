"""make_small.py DEST [name ...]: small seeded networks of each family, saved in Paddle's own formats with one input and what
Paddle's CPU predictor gives for it (IR optimisation and oneDNN off).

Runs with paddlepaddle 2.6.2 (writes ProgramDesc files, NAME/) and with 3.x (writes PIR JSON, NAME_pir/). Architectures are narrow versions of the published families: a few channels, a few pixels, a few operators of each
kind that the family has. The committed cases in tests/model/data came from here; see PROVENANCE in each.
"""
import os
import shutil
import sys

import numpy as np
import paddle
import paddle.nn as nn
import paddle.nn.functional as F

PIR = int(paddle.__version__.split(".")[0]) >= 3


class ConvBN(nn.Layer):
    def __init__(self, cin, cout, k, stride=1, groups=1, pad=None, act=F.relu):
        super().__init__()
        pad = (k - 1) // 2 if pad is None else pad
        self.conv = nn.Conv2D(cin, cout, k, stride, pad, groups=groups, bias_attr=False)
        self.bn = nn.BatchNorm2D(cout)
        self.act = act

    def forward(self, x):
        y = self.bn(self.conv(x))
        return y if self.act is None else self.act(y)


class Head(nn.Layer):
    """Global pool, flatten, one matrix, softmax."""

    def __init__(self, cin, classes=10):
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2D(1)
        self.fc = nn.Linear(cin, classes)

    def forward(self, x):
        return F.softmax(self.fc(paddle.flatten(self.pool(x), 1)))


class MobileNetV1(nn.Layer):
    def __init__(self):
        super().__init__()
        self.stem = ConvBN(3, 8, 3, 2)
        self.dw1, self.pw1 = ConvBN(8, 8, 3, groups=8), ConvBN(8, 16, 1)
        self.dw2, self.pw2 = ConvBN(16, 16, 3, 2, groups=16), ConvBN(16, 24, 1)
        self.head = Head(24)

    def forward(self, x):
        return self.head(self.pw2(self.dw2(self.pw1(self.dw1(self.stem(x))))))


class Squeeze(nn.Layer):
    """The squeeze-and-excitation gate."""

    def __init__(self, c):
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2D(1)
        self.down, self.up = nn.Linear(c, c // 4), nn.Linear(c // 4, c)

    def forward(self, x):
        s = paddle.squeeze(self.pool(x), axis=[2, 3])
        s = F.sigmoid(self.up(F.relu(self.down(s))))
        return x * paddle.unsqueeze(s, axis=[2, 3])


class Bottleneck(nn.Layer):
    def __init__(self, cin, mid, cout, stride, groups=1, gate=False):
        super().__init__()
        self.a, self.b = ConvBN(cin, mid, 1), ConvBN(mid, mid, 3, stride, groups)
        self.c = ConvBN(mid, cout, 1, act=None)
        self.gate = Squeeze(cout) if gate else None
        self.short = ConvBN(cin, cout, 1, stride, act=None) if cin != cout or stride > 1 else None

    def forward(self, x):
        y = self.c(self.b(self.a(x)))
        y = y if self.gate is None else self.gate(y)
        return F.relu(y + (x if self.short is None else self.short(x)))


class ResNet(nn.Layer):
    def __init__(self, groups=1, gate=False):
        super().__init__()
        self.stem, self.pool = ConvBN(3, 6, 7, 2), nn.MaxPool2D(3, 2, 1)
        self.one = Bottleneck(6, 4, 8, 1, groups, gate)
        self.two = Bottleneck(8, 4, 8, 1, groups, gate)
        self.three = Bottleneck(8, 8, 12, 2, groups, gate)
        self.head = Head(12)

    def forward(self, x):
        return self.head(self.three(self.two(self.one(self.pool(self.stem(x))))))


class VGG(nn.Layer):
    def __init__(self):
        super().__init__()
        self.a, self.b, self.c = nn.Conv2D(3, 8, 3, padding=1), nn.Conv2D(8, 8, 3, padding=1), nn.Conv2D(8, 12, 3, padding=1)
        self.f, self.g = nn.Linear(12 * 4, 16), nn.Linear(16, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.b(F.relu(self.a(x)))), 2, 2)
        x = F.adaptive_avg_pool2d(F.relu(self.c(x)), 2)
        x = F.relu(self.f(paddle.reshape(x, [0, -1])))
        return F.softmax(self.g(F.dropout(x, 0.5, training=self.training, mode="downscale_in_infer")))


class AlexNet(nn.Layer):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Conv2D(3, 4, 11, 4, 2), nn.Conv2D(4, 6, 5, padding=2)
        self.f = nn.Linear(6 * 4, 10)

    def forward(self, x):
        x = F.local_response_norm(F.relu(self.a(x)), 5)
        x = F.max_pool2d(F.relu(self.b(F.max_pool2d(x, 3, 2))), 2, 1)
        x = F.dropout(paddle.flatten(x, 1), 0.5, training=self.training)
        return F.softmax(self.f(x))


class GoogLeNet(nn.Layer):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2D(3, 8, 3, 2, 1)
        self.a = nn.Conv2D(8, 4, 1)
        self.b1, self.b3 = nn.Conv2D(8, 4, 1), nn.Conv2D(4, 6, 3, padding=1)
        self.c1, self.c5 = nn.Conv2D(8, 3, 1), nn.Conv2D(3, 4, 5, padding=2)
        self.d = nn.Conv2D(8, 4, 1)
        self.aux, self.head = nn.Linear(18 * 4, 10), nn.Linear(18, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.stem(x)), 3, 2, ceil_mode=True)
        y = paddle.concat([self.a(x), self.b3(F.relu(self.b1(x))), self.c5(F.relu(self.c1(x))),
                           self.d(F.max_pool2d(x, 3, 1, 1))], axis=1)
        y = F.relu(y)
        aux = F.avg_pool2d(y, 2, 2)
        aux = F.softmax(self.aux(paddle.reshape(aux[:, :, :2, :2], [0, -1])))
        x = paddle.squeeze(F.adaptive_avg_pool2d(y, 1), axis=[2, 3])
        x = F.dropout(x, 0.4, training=self.training, mode="downscale_in_infer")
        return F.softmax(self.head(x)), aux


class DPN(nn.Layer):
    """One dual-path block: a part is added, a part is concatenated."""

    def __init__(self):
        super().__init__()
        self.stem, self.proj = ConvBN(3, 8, 3, 2), ConvBN(8, 20, 1, act=None)
        self.a, self.b, self.c = ConvBN(8, 8, 1), ConvBN(8, 8, 3, groups=4), ConvBN(8, 20, 1, act=None)
        self.head = Head(24)

    def forward(self, x):
        x = self.stem(x)
        add1, cat1 = paddle.split(self.proj(x), [16, 4], axis=1)
        add2, cat2 = paddle.split(self.c(self.b(self.a(x))), [16, 4], axis=1)
        return self.head(F.relu(paddle.concat([add1 + add2, paddle.concat([cat1, cat2], axis=1)], axis=1)))


class InceptionV3(nn.Layer):
    def __init__(self):
        super().__init__()
        self.stem = ConvBN(3, 8, 3, 2, pad=0)
        self.a = ConvBN(8, 6, 1)
        self.b1, self.b2, self.b3 = ConvBN(8, 4, 1), ConvBN(4, 4, (1, 7), pad=(0, 3)), ConvBN(4, 6, (7, 1), pad=(3, 0))
        self.c, self.d = ConvBN(8, 4, 1), ConvBN(8, 6, 3, 2, pad=0)
        self.head = Head(22)

    def forward(self, x):
        x = self.stem(x)
        y = paddle.concat([self.a(x), self.b3(self.b2(self.b1(x))), self.c(F.avg_pool2d(x, 3, 1, 1, exclusive=False))], axis=1)
        return self.head(paddle.concat([F.max_pool2d(y, 3, 2), self.d(x)], axis=1))


class Inverted(nn.Layer):
    """MobileNet v3's block."""

    def __init__(self, cin, mid, cout, stride):
        super().__init__()
        self.a, self.b = ConvBN(cin, mid, 1, act=F.hardswish), ConvBN(mid, mid, 5, stride, mid, act=F.hardswish)
        self.c = ConvBN(mid, cout, 1, act=None)
        self.s1, self.s2 = nn.Conv2D(mid, mid // 4, 1), nn.Conv2D(mid // 4, mid, 1)
        self.add = stride == 1 and cin == cout

    def forward(self, x):
        y = self.b(self.a(x))
        y = y * F.hardsigmoid(self.s2(F.relu(self.s1(F.adaptive_avg_pool2d(y, 1)))), slope=0.2, offset=0.5)
        y = self.c(y)
        return x + y if self.add else y


class Detector(nn.Layer):
    """PP-OCR's text detector: backbone, feature pyramid, a head that deconvolves."""

    def __init__(self):
        super().__init__()
        self.stem = ConvBN(3, 8, 3, 2, act=F.hardswish)
        self.one, self.two = Inverted(8, 8, 8, 1), Inverted(8, 16, 12, 2)
        self.in1, self.in2 = nn.Conv2D(8, 8, 1, bias_attr=False), nn.Conv2D(12, 8, 1, bias_attr=False)
        self.up1, self.bn, self.up2 = nn.Conv2DTranspose(16, 6, 2, 2), nn.BatchNorm2D(6), nn.Conv2DTranspose(6, 1, 2, 2)

    def forward(self, x):
        a = self.one(self.stem(x))
        b = self.in2(self.two(a))
        a = self.in1(a) + F.interpolate(b, scale_factor=2, mode="nearest", align_mode=1)
        y = paddle.concat([F.interpolate(b, scale_factor=2, mode="nearest", align_mode=1), a], axis=1)
        return F.sigmoid(self.up2(F.relu(self.bn(self.up1(y)))))


class AngleClassifier(nn.Layer):
    """PP-OCR's angle classifier: a narrow MobileNet v3 that halves the height more often than the width."""

    def __init__(self):
        super().__init__()
        self.stem = ConvBN(3, 8, 3, 2, act=F.hardswish)
        self.one, self.two = Inverted(8, 16, 8, (2, 1)), Inverted(8, 16, 12, 1)
        self.last, self.head = ConvBN(12, 16, 1, act=F.hardswish), Head(16, 2)

    def forward(self, x):
        return self.head(F.max_pool2d(self.last(self.two(self.one(self.stem(x)))), 2, 2))


class LstmRecognizer(nn.Layer):
    """PP-OCR v2's recognizer: rows are pooled away, columns are a sequence."""

    def __init__(self):
        super().__init__()
        self.stem, self.block = ConvBN(3, 8, 3, 2, act=F.hardswish), Inverted(8, 16, 12, (2, 1))
        self.lstm = nn.LSTM(12, 8, 2, direction="bidirectional")
        self.fc = nn.Linear(16, 12)

    def forward(self, x):
        x = F.max_pool2d(self.block(self.stem(x)), (4, 1), (4, 1))
        x, _ = self.lstm(paddle.transpose(paddle.squeeze(x, axis=2), [0, 2, 1]))
        return F.softmax(self.fc(x), axis=2)


class Attention(nn.Layer):
    def __init__(self, dim, heads):
        super().__init__()
        self.heads, self.dim = heads, dim
        self.n1, self.n2 = nn.LayerNorm(dim, epsilon=1e-6), nn.LayerNorm(dim, epsilon=1e-6)
        self.qkv, self.proj = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)
        self.f1, self.f2 = nn.Linear(dim, 2 * dim), nn.Linear(2 * dim, dim)

    def forward(self, x):
        n = paddle.shape(x)[1]
        q = paddle.reshape(self.qkv(self.n1(x)), [0, n, 3, self.heads, self.dim // self.heads])
        q, k, v = paddle.unstack(paddle.transpose(q, [2, 0, 3, 1, 4]), axis=0) if PIR else \
            [paddle.transpose(q, [2, 0, 3, 1, 4])[i] for i in range(3)]
        a = F.softmax(paddle.matmul(q * (self.dim // self.heads) ** -0.5, k, transpose_y=True), axis=-1)
        a = F.dropout(a, 0.1, training=self.training)
        y = paddle.reshape(paddle.transpose(paddle.matmul(a, v), [0, 2, 1, 3]), [0, n, self.dim])
        x = x + self.proj(y)
        return x + self.f2(F.swish(self.f1(self.n2(x))))


class TransformerRecognizer(nn.Layer):
    """PP-OCR v3/v4's recognizer; its width is open."""

    def __init__(self):
        super().__init__()
        self.stem, self.mix = ConvBN(3, 8, 3, 2, act=F.hardswish), ConvBN(8, 12, 3, (2, 1), act=F.swish)
        self.block, self.back, self.fc = Attention(12, 3), ConvBN(24, 12, (1, 3), pad=(0, 1), act=F.swish), nn.Linear(12, 12)

    def forward(self, x):
        h = F.avg_pool2d(self.mix(self.stem(x)), (4, 1), (4, 1))
        b, c, hh, w = paddle.shape(h)
        z = paddle.transpose(paddle.flatten(h, 2), [0, 2, 1])
        z = self.block(z)
        z = paddle.transpose(paddle.reshape(z, [0, hh, w, 12]), [0, 3, 1, 2])
        z = self.back(paddle.concat([h, z], axis=1))
        z = paddle.transpose(paddle.squeeze(z, axis=2), [0, 2, 1])
        return F.softmax(self.fc(z), axis=2)


class Segmenter(nn.Layer):
    """HumanSeg: channel shuffle by reshape and transpose, bilinear up-sampling."""

    def __init__(self):
        super().__init__()
        self.stem, self.left = ConvBN(3, 8, 3, 2), ConvBN(4, 4, 3, groups=4)
        self.deep, self.up, self.out = ConvBN(8, 12, 3, 2), nn.Conv2DTranspose(12, 8, 2, 2), nn.Conv2D(16, 2, 1)

    def forward(self, x):
        a, b = paddle.split(self.stem(x), 2, axis=1)
        y = paddle.concat([self.left(a), b], axis=1)
        y = paddle.reshape(y, [0, 2, 4, 8, 8])
        y = paddle.reshape(paddle.transpose(y, [0, 2, 1, 3, 4]), [0, 8, 8, 8])
        y = paddle.concat([self.up(self.deep(y)), y], axis=1)
        return F.softmax(F.interpolate(self.out(y), size=[16, 16], mode="bilinear", align_corners=True), axis=1)


class SsdHead(nn.Layer):
    """SSD: default boxes of two maps, offsets and classes, decoded, up to suppression."""

    def __init__(self):
        super().__init__()
        self.stem, self.deep = ConvBN(3, 8, 3, 2), ConvBN(8, 12, 3, 2)
        self.loc = nn.LayerList([nn.Conv2D(c, 16, 3, 1, 1) for c in (8, 12)])
        self.conf = nn.LayerList([nn.Conv2D(c, 12, 3, 1, 1) for c in (8, 12)])

    def forward(self, x):
        maps, priors, locs, confs = [self.stem(x)], [], [], []
        maps.append(self.deep(maps[0]))
        for i, m in enumerate(maps):
            boxes, _ = paddle.vision.ops.prior_box(m, x, min_sizes=[4.0 * (i + 1)], max_sizes=[7.0 * (i + 1)],
                                                   aspect_ratios=[2.0], flip=True, clip=True)
            priors.append(paddle.reshape(boxes, [-1, 4]))
            locs.append(paddle.reshape(paddle.transpose(self.loc[i](m), [0, 2, 3, 1]), [0, -1, 4]))
            confs.append(paddle.reshape(paddle.transpose(self.conf[i](m), [0, 2, 3, 1]), [0, -1, 3]))
        boxes = paddle.vision.ops.box_coder(paddle.concat(priors), [0.1, 0.1, 0.2, 0.2], paddle.concat(locs, 1),
                                            code_type="decode_center_size")
        return boxes, paddle.transpose(F.softmax(paddle.concat(confs, 1)), [0, 2, 1])


class YoloHead(nn.Layer):
    """YOLOv3: leaky layers, a map that is brought to the size of another, boxes of both."""

    def __init__(self):
        super().__init__()
        leaky = lambda x: F.leaky_relu(x, 0.1)
        self.stem, self.deep = ConvBN(3, 8, 3, 2, act=leaky), ConvBN(8, 12, 3, 2, act=leaky)
        self.out = nn.LayerList([nn.Conv2D(20, 16, 1), nn.Conv2D(12, 16, 1)])

    def forward(self, x):
        a = self.stem(x)
        b = self.deep(a)
        a = paddle.concat([a, F.interpolate(b, scale_factor=2, mode="nearest")], axis=1)
        size = paddle.full([1, 2], 32, "int32")
        size = paddle.expand(size, [paddle.shape(x)[0], 2])
        outs = [paddle.vision.ops.yolo_box(self.out[i](m), size, [5, 6, 9, 7], 3, 0.3, 2 * (i + 1), scale_x_y=1.05)
                for i, m in enumerate((a, b))]
        return paddle.concat([o[0] for o in outs], 1), paddle.concat([o[1] for o in outs], 1)


class Deformable(nn.Layer):
    """A block whose windows are moved by offsets that it computes, with a mask and without."""

    def __init__(self):
        super().__init__()
        self.stem, self.shift, self.mask = ConvBN(3, 8, 3, 2), nn.Conv2D(8, 18, 3, 1, 1), nn.Conv2D(8, 9, 3, 1, 1)
        self.v1 = paddle.vision.ops.DeformConv2D(8, 8, 3, padding=1)
        self.v2 = paddle.vision.ops.DeformConv2D(8, 6, 3, padding=1)

    def forward(self, x):
        y = self.stem(x)
        y = F.relu(self.v1(y, self.shift(y)))
        return self.v2(y, self.shift(y), F.sigmoid(self.mask(y)))


# name -> network, input shape
NETS = {
    "mobilenet_v1": (MobileNetV1, (2, 3, 16, 16)),
    "resnet": (ResNet, (2, 3, 16, 16)),
    "resnext": (lambda: ResNet(groups=4), (2, 3, 16, 16)),
    "se_resnext": (lambda: ResNet(4, True), (2, 3, 16, 16)),
    "vgg": (VGG, (2, 3, 10, 10)),
    "alexnet": (AlexNet, (1, 3, 31, 31)),
    "googlenet": (GoogLeNet, (2, 3, 15, 15)),
    "dpn": (DPN, (2, 3, 11, 11)),
    "inception_v3": (InceptionV3, (2, 3, 15, 15)),
    "ocr_detector": (Detector, (1, 3, 16, 32)),
    "ocr_classifier": (AngleClassifier, (2, 3, 12, 24)),
    "ocr_lstm": (LstmRecognizer, (2, 3, 16, 24)),
    "ocr_transformer": (TransformerRecognizer, (1, 3, 16, 24)),
    "ssd_head": (SsdHead, (2, 3, 16, 16)),
    "yolo_head": (YoloHead, (2, 3, 16, 16)),
    "deformable": (Deformable, (2, 3, 10, 10)),
    "segmenter": (Segmenter, (1, 3, 16, 16)),
}
OPEN_WIDTH = {"ocr_detector", "ocr_lstm", "ocr_transformer"}


def seed_weights(net, rng):
    """Weights that keep activations alive, and batch-norm statistics that are not those of a fresh layer."""
    for name, p in list(net.named_parameters()) + list(net.named_buffers()):
        shape = list(p.shape)
        if not shape:
            continue
        if name.endswith("_variance") or (len(shape) == 1 and name.endswith("weight")):
            a = rng.uniform(0.5, 1.5, shape)
        elif len(shape) <= 1:
            a = rng.randn(*shape) * 0.2
        else:
            a = rng.randn(*shape) * (1.2 / np.prod(shape[1:]) ** 0.5 if len(shape) == 4 else 1.2 / shape[0] ** 0.5)
        p.set_value(paddle.to_tensor(a.astype("float32")))


def predict(folder, feeds):
    import paddle.inference as pi
    names = sorted(os.listdir(folder))
    prog = next(n for n in names if n.endswith((".pdmodel", ".json")) or n == "__model__")
    if "model.pdiparams" in names:
        cfg = pi.Config(os.path.join(folder, prog), os.path.join(folder, "model.pdiparams"))
    else:
        cfg = pi.Config(folder)
    cfg.disable_gpu()
    cfg.switch_ir_optim(False)
    cfg.disable_glog_info()
    if hasattr(cfg, "disable_mkldnn"):
        cfg.disable_mkldnn()
    p = pi.create_predictor(cfg)
    for n in p.get_input_names():
        h = p.get_input_handle(n)
        h.reshape(feeds.shape)
        h.copy_from_cpu(feeds)
    p.run()
    return [p.get_output_handle(n).copy_to_cpu() for n in p.get_output_names()]


def record(folder, name, x):
    np.save(os.path.join(folder, "input.npy"), x)
    outs = predict(folder, x)
    for i, y in enumerate(outs):
        np.save(os.path.join(folder, "output%s.npy" % (i or "")), y)
    with open(os.path.join(folder, "PROVENANCE"), "w") as f:
        f.write("Made by zoo/make_small.py %s with paddlepaddle %s (CPU, IR optimisation and oneDNN off).\n"
                "Seeded weights, seeded input; the outputs are what Paddle's predictor gave.\n" % (name, paddle.__version__))
    print(os.path.basename(folder), [list(y.shape) for y in outs], "%.3g..%.3g" % (outs[0].min(), outs[0].max()))


def make(dest, name):
    build, shape = NETS[name]
    folder = os.path.join(dest, name + ("_pir" if PIR else ""))
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    rng = np.random.RandomState(len(name) * 1000 + sum(map(ord, name)))
    with paddle.utils.unique_name.guard():
        net = build()
    seed_weights(net, rng)
    net.eval()
    width = None if name in OPEN_WIDTH else shape[3]
    spec = [paddle.static.InputSpec([None, *shape[1:3], width], "float32", "x")]
    paddle.jit.save(net, os.path.join(folder, "model"), input_spec=spec)
    for extra in ("model.pdiparams.info",):
        if os.path.exists(os.path.join(folder, extra)):
            os.remove(os.path.join(folder, extra))
    record(folder, name, rng.randn(*shape).astype("float32"))


def make_legacy(dest):
    """A LeNet in the operators of 1.x (mul, the axis rule, relu6, lrn, flatten2), one file a parameter."""
    paddle.enable_static()
    folder = os.path.join(dest, "legacy_lenet")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    rng, prog = np.random.RandomState(7), paddle.static.Program()
    b, params = prog.global_block(), {}

    def param(name, *shape):
        params[name] = (rng.randn(*shape) * 0.3).astype("float32")
        return b.create_parameter(name=name, shape=list(shape), dtype="float32")

    def op(kind, out, ins, slot="Out", **attrs):
        y = b.create_var(name=out, dtype="float32")
        b.append_op(type=kind, inputs=ins, outputs={slot: y}, attrs=attrs)
        return y

    x = b.create_var(name="x", shape=[-1, 1, 12, 12], dtype="float32", is_data=True, need_check_feed=True)
    y = op("conv2d", "conv_0.tmp_0", {"Input": x, "Filter": param("conv_0.w_0", 6, 1, 5, 5)}, "Output", strides=[1, 1],
           paddings=[2, 2], dilations=[1, 1], groups=1, data_format="AnyLayout")
    y = op("elementwise_add", "conv_0.tmp_1", {"X": y, "Y": param("conv_0.b_0", 6)}, axis=1)
    y = op("relu6", "relu6_0.tmp_0", {"X": y}, threshold=6.0)
    y = op("pool2d", "pool_0.tmp_0", {"X": y}, pooling_type="max", ksize=[2, 2], strides=[2, 2], paddings=[0, 0])
    y = op("elementwise_mul", "gate.tmp_0", {"X": y, "Y": param("gate.w_0", 6, 1, 1)}, axis=1)
    y = op("mul", "fc_0.tmp_0", {"X": y, "Y": param("fc_0.w_0", 216, 12)}, x_num_col_dims=1, y_num_col_dims=1)
    y = op("elementwise_add", "fc_0.tmp_1", {"X": y, "Y": param("fc_0.b_0", 12)}, axis=1)
    out, mask = b.create_var(name="dropout_0.tmp_0", dtype="float32"), b.create_var(name="dropout_0.tmp_1", dtype="uint8")
    b.append_op(type="dropout", inputs={"X": y}, outputs={"Out": out, "Mask": mask}, attrs={"is_test": True, "dropout_prob": 0.3})
    y = out
    y = op("softmax", "softmax_0.tmp_0", {"X": y}, axis=-1)
    y = op("scale", "save_infer_model/scale_0.tmp_0", {"X": y}, scale=1.0, bias=0.0)
    from paddle.base import core
    b.create_var(name="feed", type=core.VarDesc.VarType.FEED_MINIBATCH, persistable=True)
    b.create_var(name="fetch", type=core.VarDesc.VarType.FETCH_LIST, persistable=True)
    b._prepend_op(type="feed", inputs={"X": ["feed"]}, outputs={"Out": ["x"]}, attrs={"col": 0})
    b.append_op(type="fetch", inputs={"X": [y]}, outputs={"Out": ["fetch"]}, attrs={"col": 0})
    for o in b.ops:
        o._remove_attr("op_callstack")
    prog._sync_with_cpp()
    with open(os.path.join(folder, "__model__"), "wb") as f:
        f.write(prog.desc.serialize_to_string())
    scope, saver = core.Scope(), paddle.static.Program()
    for n, a in params.items():
        saver.global_block().create_var(name=n, shape=list(a.shape), dtype="float32", persistable=True)
        scope.var(n).get_tensor().set(a, core.CPUPlace())
        saver.global_block().append_op(type="save", inputs={"X": [n]}, attrs={"file_path": os.path.join(folder, n)})
    with paddle.static.scope_guard(scope):
        paddle.static.Executor(paddle.CPUPlace()).run(saver)
    record(folder, "legacy_lenet", rng.randn(2, 1, 12, 12).astype("float32"))


def main():
    dest, only = sys.argv[1], sys.argv[2:]
    for name in NETS:
        if not only or name in only:
            make(dest, name)
    if not PIR and (not only or "legacy_lenet" in only):
        make_legacy(dest)


if __name__ == "__main__":
    main()
