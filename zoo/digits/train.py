"""Trains and exports the demo's network: scikit-learn's 8x8 digits, a small residual network with one
Inception-like block. Run with paddlepaddle 2.6.2 and scikit-learn:  python zoo/digits/train.py
Writes beside itself: model.pdmodel, model.pdiparams, pictures.npy and labels.npy (the 360 held-out
pictures), expected.npy (Paddle's own answers to them, IR optimisation and oneDNN off), provenance.txt.
Seeded; one thread, so that a second run on the same machine writes the same weights."""
import hashlib
import os
import platform

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import paddle
import paddle.nn as nn
import sklearn
from paddle.base.proto import framework_pb2
from paddle.inference import Config, create_predictor
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

HERE = os.path.dirname(os.path.abspath(__file__))
SEED, EPOCHS, BATCH = 20261122, 40, 64


class Unit(nn.Layer):
    """Convolution, batch norm and, unless told otherwise, ReLU."""

    def __init__(self, inside, outside, kernel, relu=True):
        super().__init__()
        self.conv = nn.Conv2D(inside, outside, kernel, padding=kernel // 2, bias_attr=False)
        self.norm = nn.BatchNorm2D(outside)
        self.relu = relu

    def forward(self, x):
        x = self.norm(self.conv(x))
        return nn.functional.relu(x) if self.relu else x


class Residual(nn.Layer):
    def __init__(self, width):
        super().__init__()
        self.body = nn.Sequential(Unit(width, width, 3), Unit(width, width, 3, relu=False))

    def forward(self, x):
        return nn.functional.relu(x + self.body(x))


class Branches(nn.Layer):
    """Sibling 1x1 convolutions on one tensor, joined by a concat."""

    def __init__(self, inside, width):
        super().__init__()
        self.left = Unit(inside, width, 1)
        self.right = nn.Sequential(Unit(inside, width, 1), Unit(width, width, 3))

    def forward(self, x):
        return paddle.concat([self.left(x), self.right(x)], axis=1)


class Digits(nn.Layer):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            Unit(1, 16, 3), Residual(16), nn.MaxPool2D(2), Branches(16, 16), Residual(32), nn.AdaptiveAvgPool2D(1))
        self.drop = nn.Dropout(0.2)
        self.head = nn.Linear(32, 10)

    def forward(self, x):
        x = self.head(self.drop(paddle.flatten(self.features(x), 1)))
        return nn.functional.softmax(x)


def split():
    data = load_digits()
    pictures = (data.images / 16).astype("float32")[:, None]
    return train_test_split(pictures, data.target.astype("int64"), test_size=360, random_state=0, stratify=data.target)


def train(net, pictures, labels):
    steps = (len(pictures) + BATCH - 1) // BATCH
    rate = paddle.optimizer.lr.CosineAnnealingDecay(3e-3, EPOCHS * steps)
    adam = paddle.optimizer.Adam(rate, parameters=net.parameters(), weight_decay=1e-4)
    random = np.random.RandomState(SEED)
    for epoch in range(EPOCHS):
        order = random.permutation(len(pictures))
        for at in range(0, len(order), BATCH):
            rows = order[at:at + BATCH]
            answers = net(paddle.to_tensor(pictures[rows]))
            loss = nn.functional.nll_loss(paddle.log(answers + 1e-9), paddle.to_tensor(labels[rows]))
            loss.backward()
            adam.step()
            adam.clear_grad()
            rate.step()
        print("epoch %d: loss %.4f" % (epoch + 1, float(loss)), flush=True)


def forget_callstacks(path):
    """Each operator carries the stack of the Python call that made it: paths of this machine."""
    program = framework_pb2.ProgramDesc()
    with open(path, "rb") as file:
        program.ParseFromString(file.read())
    for block in program.blocks:
        for op in block.ops:
            kept = [attr for attr in op.attrs if attr.name != "op_callstack"]
            del op.attrs[:]
            op.attrs.extend(kept)
    with open(path, "wb") as file:
        file.write(program.SerializeToString(deterministic=True))


def answers_of_paddle(pictures):
    config = Config(os.path.join(HERE, "model.pdmodel"), os.path.join(HERE, "model.pdiparams"))
    config.disable_gpu()
    config.disable_mkldnn()
    config.switch_ir_optim(False)
    config.disable_glog_info()
    predictor = create_predictor(config)
    feed = predictor.get_input_handle(predictor.get_input_names()[0])
    feed.copy_from_cpu(pictures)
    predictor.run()
    return predictor.get_output_handle(predictor.get_output_names()[0]).copy_to_cpu()


def digest(name):
    with open(os.path.join(HERE, name), "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def main():
    paddle.seed(SEED)
    paddle.set_device("cpu")
    pictures, held_out, labels, held_labels = split()
    net = Digits()
    train(net, pictures, labels)
    net.eval()
    spec = paddle.static.InputSpec([None, 1, 8, 8], "float32", "picture")
    paddle.jit.save(net, os.path.join(HERE, "model"), input_spec=[spec])
    forget_callstacks(os.path.join(HERE, "model.pdmodel"))
    if os.path.exists(os.path.join(HERE, "model.pdiparams.info")):
        os.remove(os.path.join(HERE, "model.pdiparams.info"))
    expected = answers_of_paddle(held_out)
    accuracy = float((expected.argmax(1) == held_labels).mean())
    for name, array in (("pictures", held_out), ("labels", held_labels), ("expected", expected)):
        np.save(os.path.join(HERE, name + ".npy"), np.ascontiguousarray(array))
    files = ("model.pdmodel", "model.pdiparams", "pictures.npy", "labels.npy", "expected.npy")
    with open(os.path.join(HERE, "provenance.txt"), "w") as file:
        print("written by zoo/digits/train.py, seed %d, %d epochs" % (SEED, EPOCHS), file=file)
        print("paddlepaddle %s, scikit-learn %s, numpy %s, python %s, %s" % (
            paddle.__version__, sklearn.__version__, np.__version__, platform.python_version(),
            platform.machine()), file=file)
        print("data: sklearn.datasets.load_digits (UCI optical recognition of handwritten digits); "
              "360 of 1797 pictures held out, train_test_split(random_state=0, stratified)", file=file)
        print("expected.npy: Paddle Inference on CPU, IR optimisation and oneDNN off", file=file)
        print("accuracy %.6f" % accuracy, file=file)
        for name in files:
            print("sha256 %s  %s" % (digest(name), name), file=file)
    print("accuracy on the held-out pictures: %.4f" % accuracy)


main()
