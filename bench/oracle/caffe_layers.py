"""One small network a Caffe layer, with seeded weights, by Scull and by OpenCV's dnn (a version below 5, which still
reads Caffe):
    python bench/oracle/caffe_layers.py [WORD ...]
Printed is the largest difference over the range of the output, native and optimized. Exit status 1 when one is above
1e-5. WORDs choose layers by their type."""
import os
import struct
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import cv2
import numpy as np

import scull

SHAPE = (1, 6, 9, 11)


def varint(n):
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def field(number, data):
    return varint(number << 3 | 2) + varint(len(data)) + data


def caffemodel(layers):
    """{name: (type, [arrays])} as a NetParameter with packed floats."""
    net = b""
    for name, (kind, blobs) in layers.items():
        layer = field(1, name.encode()) + field(2, kind.encode())
        for blob in blobs:
            shape = field(1, b"".join(varint(d) for d in blob.shape))
            layer += field(7, field(7, shape) + field(5, blob.astype("<f4").tobytes()))
        net += field(100, layer)
    return net


# A whole head of SSD: four boxes a place, three classes.
SSD = """
layer { name: 'loc' type: 'Convolution' bottom: 'x' top: 'loc' convolution_param { num_output: 16 kernel_size: 3 pad: 1 } }
layer { name: 'p1' type: 'Permute' bottom: 'loc' top: 'p1' permute_param { order: 0 order: 2 order: 3 order: 1 } }
layer { name: 'f1' type: 'Flatten' bottom: 'p1' top: 'f1' }
layer { name: 'conf' type: 'Convolution' bottom: 'x' top: 'conf' convolution_param { num_output: 12 kernel_size: 3 pad: 1 } }
layer { name: 'p2' type: 'Permute' bottom: 'conf' top: 'p2' permute_param { order: 0 order: 2 order: 3 order: 1 } }
layer { name: 'f2' type: 'Flatten' bottom: 'p2' top: 'f2' }
layer { name: 'r' type: 'Reshape' bottom: 'f2' top: 'r' reshape_param { shape { dim: 0 dim: -1 dim: 3 } } }
layer { name: 's' type: 'Softmax' bottom: 'r' top: 's' softmax_param { axis: 2 } }
layer { name: 'f3' type: 'Flatten' bottom: 's' top: 'f3' }
layer { name: 'pb' type: 'PriorBox' bottom: 'x' bottom: 'small' top: 'pb' prior_box_param { clip: false min_size: 2 max_size: 3
  aspect_ratio: 2 variance: 0.1 variance: 0.1 variance: 0.2 variance: 0.2 } }
layer { name: 'y' type: 'DetectionOutput' bottom: 'f1' bottom: 'f3' bottom: 'pb' top: 'y' detection_output_param {
  num_classes: 3 share_location: true background_label_id: 0 code_type: %s keep_top_k: 20 confidence_threshold: 0.4 nms_param { nms_threshold: 0.45 top_k: 40 } } }
"""

# type, parameters, shapes of the blobs; "+" before a shape: positive numbers. The input has SHAPE.
LAYERS = [
    ("Convolution", "convolution_param { num_output: 8 kernel_size: 3 pad: 1 stride: 2 }", "8x6x3x3 8"),
    ("Convolution", "convolution_param { num_output: 6 kernel_size: 3 group: 6 dilation: 2 bias_term: false }", "6x1x3x3"),
    ("Convolution", "convolution_param { num_output: 4 kernel_h: 1 kernel_w: 5 pad_h: 0 pad_w: 2 stride_h: 2 stride_w: 1 group: 2 }",
     "4x3x1x5 4"),
    ("Deconvolution", "convolution_param { num_output: 4 kernel_size: 4 stride: 2 pad: 1 }", "6x4x4x4 4"),
    ("Deconvolution", "convolution_param { num_output: 6 kernel_size: 4 stride: 2 pad: 1 group: 6 bias_term: false }",
     "6x1x4x4"),
    ("InnerProduct", "inner_product_param { num_output: 5 }", "5x594 5"),
    ("Pooling", "pooling_param { pool: MAX kernel_size: 3 stride: 2 }", ""),
    ("Pooling", "pooling_param { pool: MAX kernel_size: 2 stride: 2 pad: 1 }", ""),
    ("Pooling", "pooling_param { pool: AVE kernel_size: 3 stride: 2 pad: 1 }", ""),
    ("Pooling", "pooling_param { pool: AVE kernel_h: 2 kernel_w: 3 stride: 2 }", ""),
    ("Pooling", "pooling_param { pool: MAX global_pooling: true }", ""),
    ("Pooling", "pooling_param { pool: AVE global_pooling: true }", ""),
    ("LRN", "lrn_param { local_size: 5 alpha: 0.5 beta: 0.75 }", ""),
    ("LRN", "lrn_param { local_size: 3 alpha: 0.5 beta: 0.75 norm_region: WITHIN_CHANNEL }", ""),
    ("ReLU", "", ""),
    ("ReLU", "relu_param { negative_slope: 0.2 }", ""),
    ("PReLU", "", "6"),
    ("ELU", "elu_param { alpha: 0.7 }", ""),
    ("Sigmoid", "", ""),
    ("TanH", "", ""),
    ("AbsVal", "", ""),
    ("BNLL", "", ""),
    ("Power", "power_param { power: 2 scale: 0.5 shift: 3 }", ""),
    ("Power", "power_param { scale: 0.5 shift: 3 }", ""),
    ("Exp", "exp_param { base: 2 scale: 0.5 shift: 1 }", ""),
    ("BatchNorm", "", "6 +6 +1"),
    ("BatchNorm", "batch_norm_param { eps: 0.01 }", "6 +6 +1"),
    ("Scale", "scale_param { bias_term: true }", "6 6"),
    ("Softmax", "", ""),
    ("Eltwise", "bottom: 'x' eltwise_param { operation: SUM coeff: 0.5 coeff: -2 }", ""),
    ("Eltwise", "bottom: 'x' eltwise_param { operation: PROD }", ""),
    ("Eltwise", "bottom: 'x' eltwise_param { operation: MAX }", ""),
    ("Concat", "bottom: 'x' concat_param { axis: 2 }", ""),
    ("Slice", "top: 'z' slice_param { axis: 1 slice_point: 2 }", ""),
    ("Flatten", "flatten_param { axis: 2 }", ""),
    ("Reshape", "reshape_param { shape { dim: 0 dim: 3 dim: -1 } }", ""),
    ("Permute", "permute_param { order: 0 order: 2 order: 3 order: 1 }", ""),
    ("Crop", "bottom: 'small' crop_param { axis: 2 offset: 1 offset: 3 }", ""),
    ("MVN", "mvn_param { across_channels: true }", ""),
    ("MVN", "mvn_param { normalize_variance: false }", ""),
    ("Normalize", "norm_param { across_spatial: false channel_shared: false }", "6"),
    ("Normalize", "norm_param { across_spatial: true channel_shared: true }", "1"),
    ("Interp", "interp_param { zoom_factor: 2 }", ""),
    ("Interp", "interp_param { height: 5 width: 20 }", ""),
    ("PriorBox", "bottom: 'small' prior_box_param { min_size: 1 min_size: 2 max_size: 2 max_size: 3 aspect_ratio: 2 "
     "variance: 0.1 variance: 0.1 variance: 0.2 variance: 0.2 clip: true }", ""),
    ("DetectionOutput", SSD % "CENTER_SIZE", "16x6x3x3 16 12x6x3x3 12"),
    ("DetectionOutput", SSD % "CORNER", "16x6x3x3 16 12x6x3x3 12"),
    ("ShuffleChannel", "shuffle_channel_param { group: 3 }", ""),
]


def make(folder, kind, param, blobs, rng):
    arrays = []
    for text in blobs.split():
        shape = tuple(map(int, text.lstrip("+").split("x")))
        arrays.append(rng.random(shape) + 0.5 if text[0] == "+" else rng.standard_normal(shape) * 0.5)
    net, model = os.path.join(folder, "n.prototxt"), os.path.join(folder, "n.caffemodel")
    small = "input: 'small' input_shape { dim: 1 dim: 6 dim: 4 dim: 5 }\n" if "small" in param else ""
    with open(net, "w") as out:
        out.write("input: 'x' input_shape { %s }\n%s" % (" ".join("dim: %d" % d for d in SHAPE), small))
        whole = kind == "DetectionOutput"
        out.write(param if whole else "layer { name: 'l' type: '%s' bottom: 'x' top: 'y' %s }\n" % (kind, param))
    with open(model, "wb") as out:
        layers = {"loc": ("Convolution", arrays[:2]), "conf": ("Convolution", arrays[2:])} if whole else {"l": (kind, arrays)}
        out.write(caffemodel(layers))
    return net, model, bool(small)


def compare(folder, kind, param, blobs):
    rng = np.random.default_rng(7)
    net, model, small = make(folder, kind, param, blobs, rng)
    x, other = rng.standard_normal(SHAPE).astype(np.float32), np.zeros((1, 6, 4, 5), np.float32)
    peer = cv2.dnn.readNetFromCaffe(net, model)
    peer.setInput(x, "x")
    if small:
        peer.setInput(other, "small")
    wanted = peer.forward()
    if kind == "DetectionOutput":  # OpenCV orders the rows of all classes by their scores, Caffe and Scull class by class
        rows = wanted.reshape(-1, 7)
        wanted = rows[np.lexsort((-rows[:, 2], rows[:, 1], rows[:, 0]))]
    errors = []
    for options in (("--min-subgraph", "1000000"), ("--min-subgraph", "0")):
        plan_path = os.path.join(folder, "n.plan")
        scull.build(net, model, plan_path, "--tune", "none", *options)
        plan = scull.Plan(plan_path)
        plan.set("x", x)
        if small:
            plan.set("small", other)
        plan.run()
        got = plan.output(plan.outputs.index("y"))
        same = got.size == wanted.size
        errors.append(float(np.abs(got.ravel() - wanted.ravel()).max() / (np.ptp(wanted) or 1)) if same else float("inf"))
        plan.close()
    return errors


def main():
    words, bad = sys.argv[1:], 0
    with tempfile.TemporaryDirectory() as folder:
        for kind, param, blobs in LAYERS:
            if words and not any(word in kind for word in words):
                continue
            try:
                errors = compare(folder, kind, param, blobs)
            except (scull.Failure, cv2.error) as failure:
                print("%-15s %s: %s" % (kind, param.strip().splitlines()[-1] if param else "", str(failure).strip().splitlines()[-1]))
                bad += 1
                continue
            off = max(errors) > 1e-5
            bad += off
            print("%-15s native %.1e  optimized %.1e  %s%s" % (kind, *errors, param.strip().splitlines()[-1] if param else "", "  OFF" if off else ""))
    return bad != 0


if __name__ == "__main__":
    sys.exit(main())
