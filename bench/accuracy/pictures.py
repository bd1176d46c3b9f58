"""Pictures of the shared data as the networks want them, by the words of its README."""
import gzip
import os

import numpy as np
from PIL import Image


def rgb(path):
    return Image.open(path).convert("RGB")


def cropped(picture, short, size):
    """Short side to `short`, then the square in the middle; [H,W,3] as float32."""
    w, h = picture.size
    scale = short / min(w, h)
    if scale != 1:
        picture = picture.resize((round(w * scale), round(h * scale)), Image.BILINEAR)
    w, h = picture.size
    left, top = (w - size) // 2, (h - size) // 2
    return np.asarray(picture.crop((left, top, left + size, top + size)), np.float32)


def first(array):
    """[H,W,C] -> [1,C,H,W]"""
    return np.ascontiguousarray(array.transpose(2, 0, 1)[None])


def imagenet(data):
    folder = os.path.join(data, "imagenet500")
    for name in sorted(os.listdir(folder)):
        if name.endswith(".jpg"):
            yield rgb(os.path.join(folder, name)), int(name[:4])


def mobilenet(data):
    mean = np.array([103.94, 116.78, 123.68], np.float32)
    for picture, label in imagenet(data):
        yield first((cropped(picture, 256, 224)[..., ::-1] - mean) * 0.017), label


def squeezenet(data):
    mean = np.array([104, 117, 123], np.float32)
    for picture, label in imagenet(data):
        yield first(cropped(picture, 256, 227)[..., ::-1] - mean), label


def aiy(data):
    """[1,H,W,3], the middle 7/8 of the picture, sampled as TensorFlow does (without smoothing); class 0 of the network is
    the background."""
    import cv2
    for picture, label in imagenet(data):
        w, h = picture.size
        side = min(w, h) * 7 // 8
        left, top = (w - side) // 2, (h - side) // 2
        square = np.asarray(picture.crop((left, top, left + side, top + side)))
        small = cv2.resize(square, (160, 160), interpolation=cv2.INTER_LINEAR)
        yield (small.astype(np.float32)[None] - 128) / 128, label


def mnist(data):
    def read(name, skip):
        with gzip.open(os.path.join(data, "mnist", name)) as file:
            return np.frombuffer(file.read()[skip:], np.uint8)
    digits = read("t10k-images-idx3-ubyte.gz", 16).reshape(-1, 1, 28, 28)
    return digits.astype(np.float32) / 256, read("t10k-labels-idx1-ubyte.gz", 8)


def cifar(data):
    """The ways in which such networks are fed; the README leaves it open."""
    names = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
    mean, std = np.array([0.485, 0.456, 0.406], np.float32), np.array([0.229, 0.224, 0.225], np.float32)

    def samples(change):
        for label, name in enumerate(names):
            folder = os.path.join(data, "cifar10_test", name)
            for file in sorted(os.listdir(folder)):
                array = np.asarray(rgb(os.path.join(folder, file)), np.float32) / 255
                yield first(change(array).astype(np.float32)), label
    yield "(x/255-mean)/std", samples(lambda x: (x - mean) / std)


def camvid(data):
    mean = np.array([110.33, 108.41, 105.03], np.float32)
    std = np.array([72.13, 72.69, 69.90], np.float32)
    images, labels = os.path.join(data, "camvid", "images"), os.path.join(data, "camvid", "labels")
    for name in sorted(os.listdir(images)):
        array = np.asarray(rgb(os.path.join(images, name)), np.float32)[..., ::-1]
        label = np.asarray(Image.open(os.path.join(labels, name)), np.int64)
        yield first((array - mean) / std / 255), label


def coco_boxes(data):
    """Each picture with its boxes as (class, x0, y0, x1, y1) in its own pixels."""
    folder = os.path.join(data, "coco_val128")
    for name in sorted(os.listdir(os.path.join(folder, "images"))):
        picture = rgb(os.path.join(folder, "images", name))
        w, h = picture.size
        boxes, path = [], os.path.join(folder, "labels", os.path.splitext(name)[0] + ".txt")
        for line in open(path) if os.path.exists(path) else ():
            kind, x, y, bw, bh = map(float, line.split())
            boxes.append((int(kind), (x - bw / 2) * w, (y - bh / 2) * h, (x + bw / 2) * w, (y + bh / 2) * h))
        yield picture, boxes


def coco(data, size=416):
    """BGR of 0 to 255 in the corner of a grey square, the ratio of sides, the boxes."""
    for picture, boxes in coco_boxes(data):
        w, h = picture.size
        ratio = min(size / w, size / h)
        small = picture.resize((int(w * ratio), int(h * ratio)), Image.BILINEAR)
        square = np.full((size, size, 3), 114, np.float32)
        square[:small.size[1], :small.size[0]] = np.asarray(small, np.float32)[..., ::-1]
        yield first(square), ratio, boxes


def some_coco(data, count):
    folder = os.path.join(data, "coco_val128", "images")
    for name in sorted(os.listdir(folder))[:count]:
        yield rgb(os.path.join(folder, name))


def picodet(data, count):
    mean, std = np.array([103.53, 116.28, 123.675], np.float32), np.array([57.375, 57.12, 58.395], np.float32)
    for picture in some_coco(data, count):
        array = np.asarray(picture.resize((320, 320), Image.BILINEAR), np.float32)[..., ::-1]
        yield first((array - mean) / std)


def ultraface(data, count):
    for picture in some_coco(data, count):
        yield first((np.asarray(picture.resize((320, 240), Image.BILINEAR), np.float32) - 127) / 128)


def ocr_det(data):
    mean, std = np.array([0.485, 0.456, 0.406], np.float32), np.array([0.229, 0.224, 0.225], np.float32)
    for name in ("text_det.jpg", "ch_en_num.jpg"):
        picture = rgb(os.path.join(data, "ocr", name))
        w, h = picture.size
        scale = min(1, 736 / max(w, h))
        size = tuple(max(32, round(side * scale / 32) * 32) for side in (w, h))
        array = np.asarray(picture.resize(size, Image.BILINEAR), np.float32)[..., ::-1]
        yield first(((array / 255 - mean) / std).astype(np.float32))


def ocr_cls(data):
    for name in ("text_cls.jpg", "en_rec.jpg", "text_rec.jpg", "short.png"):
        array = np.asarray(rgb(os.path.join(data, "ocr", name)).resize((192, 48), Image.BILINEAR), np.float32)
        yield first((array[..., ::-1] / 255 - 0.5) / 0.5)


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def tensor(path):
    """A TensorProto of floats: dims in field 1, raw bytes in 9 or packed floats in 4."""
    data, at, dims, raw = open(path, "rb").read(), 0, [], b""
    while at < len(data):
        tag, at = varint(data, at)
        if tag & 7 == 0:
            value, at = varint(data, at)
            if tag >> 3 == 1:
                dims.append(value)
            continue
        size, at = varint(data, at)
        if tag >> 3 == 1:
            end = at + size
            while at < end:
                value, at = varint(data, at)
                dims.append(value)
            continue
        if tag >> 3 in (4, 9):
            raw = data[at:at + size]
        at += size
    return np.frombuffer(raw, np.float32).reshape(dims)


def recorded(folder):
    """The input and output that came with a model."""
    for base, _, files in os.walk(folder):
        if "input_0.pb" in files:
            return tensor(os.path.join(base, "input_0.pb")), tensor(os.path.join(base, "output_0.pb"))
    raise FileNotFoundError(folder)
