"""Reads sample pictures with PP-OCR's v2 recognizer in Scull:
    bench/oracle/real_models read_text.py [--data ../shared/data]
One plan with a range of widths; a picture is scaled to 32 rows, its text is the best class of each step, repeats and
blanks left out. Prints the texts; exit status 1 when one is not what the picture says."""
import argparse
import os
import sys
import tempfile

import cv2
import numpy as np

import check
from check import scull

TEXTS = {"text_rec.jpg": "韩国小馆", "short.png": "中国网络空间安全"}
MODEL = "paddle/ch_ppocr_mobile_v2.0_rec_slim_dequant"
WIDTHS = (16, 320, 640)


def load_picture(path):
    picture = cv2.imread(path)
    width = int(np.clip(np.ceil(32 * picture.shape[1] / picture.shape[0]), WIDTHS[0], WIDTHS[-1]))
    picture = cv2.resize(picture, (width, 32)).astype(np.float32)
    return ((picture / 255 - 0.5) / 0.5).transpose(2, 0, 1)[None]


def decode(scores, keys):
    """Greedy CTC; class 0 is the blank."""
    best = scores.argmax(-1)
    kept = [c for i, c in enumerate(best) if c != 0 and (i == 0 or c != best[i - 1])]
    return "".join(keys[c - 1] for c in kept)


def read_all(data, options):
    with open(os.path.join(data, "ocr", "ppocr_keys_v1.txt"), encoding="utf-8") as file:
        keys = [line.rstrip("\n") for line in file] + [" "]
    folder = os.path.join(data, MODEL)
    with tempfile.TemporaryDirectory() as work:
        plan = os.path.join(work, "rec.plan")
        scull.build(os.path.join(folder, "__model__"), os.path.join(folder, "params"), plan, "--input",
                    "x=" + ":".join("1x3x32x%d" % width for width in WIDTHS), *options)
        engine = scull.Plan(plan)
        texts = {}
        for name in TEXTS:
            engine.set("x", load_picture(os.path.join(data, "ocr", name)))
            engine.run()
            texts[name] = decode(engine.output(0)[0], keys)
        engine.close()
    return texts


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default=os.path.join(scull.ROOT, "..", "shared", "data"))
    args = parser.parse_args()
    if not os.path.isdir(args.data):
        print("skipped: no shared data")
        return 0
    wrong = 0
    for way, options in (("native", check.NATIVE), ("untimed", ("--tune", "none"))):
        for name, text in read_all(args.data, options).items():
            wrong += text != TEXTS[name]
            print("%-10s %-14s %s%s" % (way, name, text, "" if text == TEXTS[name] else "  BAD: not " + TEXTS[name]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
