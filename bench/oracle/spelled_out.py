"""Networks in which exporters spell an operator out in small ones, beside ONNX Runtime:
    python bench/oracle/spelled_out.py [WORD ...] [--tolerance 1e-4]
Each network (torch, torchvision, timm; random weights) is exported by torch.onnx, built, and run; printed is how many of the
operators that issue 4 names (item 11) the passes made, what small operators of the spelling are left, and the largest error
over the output's range. Exit status 1 when an operator was not made, or an answer is off."""
import argparse
import collections
import os
import re
import subprocess
import sys
import tempfile
import warnings

import numpy as np
import onnxruntime
import torch
from torch import nn
from torch.nn import functional as F

import check
import scull


class Lambda(nn.Module):
    def __init__(self, run, *parts):
        super().__init__()
        self.parts, self.run = nn.ModuleList(parts), run

    def forward(self, x):
        return self.run(x, *self.parts)


def shuffle(x, groups=4):
    n, c, h, w = x.shape
    return x.view(n, groups, c // groups, h, w).transpose(1, 2).contiguous().view(n, c, h, w)


def focus(x):
    return torch.cat([x[..., ::2, ::2], x[..., 1::2, ::2], x[..., ::2, 1::2], x[..., 1::2, 1::2]], 1)


def spelled_gelu(x):
    return x * 0.5 * (1 + torch.erf(x / 2 ** 0.5))


def spelled_norm(x):
    centred = x - x.mean(-1, keepdim=True)
    return centred / torch.sqrt(centred.pow(2).mean(-1, keepdim=True) + 1e-6)


def self_attention(x, attention):
    return attention(x, x, x, need_weights=False)[0]


def conv(i=8, o=8):
    return nn.Conv2d(i, o, 3, padding=1)


def timm_model(name):
    import timm
    return timm.create_model(name, pretrained=False)


def torchvision_model(name):
    import torchvision
    return getattr(torchvision.models, name)(weights=None)


PICTURE, TOKENS = (1, 8, 16, 16), (2, 10, 32)
NETS = {  # name: network, shape of its input, operator of ours and how many (None: one or more), operators to be gone, opset
    "prelu": (lambda: nn.Sequential(conv(), nn.PReLU(1)), PICTURE, {"leaky_relu": 1}, ["prelu"], 13),
    "reshape": (lambda: nn.Sequential(conv(), Lambda(lambda x: x.view(x.shape[0], x.shape[1], x.shape[2] * x.shape[3])), nn.Softmax(-1)),
                PICTURE, {"reshape": 1}, ["shape", "gather", "concat"], 13),
    "reshape_tokens": (lambda: Lambda(lambda x, p: p(x).reshape(x.size(0), x.size(1), 4, -1).permute(0, 2, 1, 3).contiguous(),
                                      nn.Linear(32, 32)), TOKENS, {"reshape": 1}, ["shape", "gather", "concat"], 13),
    "layer_norm": (lambda: nn.Sequential(nn.Linear(32, 32), nn.LayerNorm(32)), TOKENS, {"layer_norm": 1}, ["reduce_mean"], 13),
    "layer_norm_by_hand": (lambda: nn.Sequential(nn.Linear(32, 32), Lambda(spelled_norm)), TOKENS, {"layer_norm": 1}, ["reduce_mean"], 17),
    "gelu": (lambda: nn.Sequential(nn.Linear(32, 32), nn.GELU()), TOKENS, {"gelu": 1}, ["erf"], 13),
    "gelu_tanh": (lambda: nn.Sequential(nn.Linear(32, 32), nn.GELU("tanh")), TOKENS, {"gelu": 1}, ["tanh"], 13),
    "gelu_by_hand": (lambda: nn.Sequential(nn.Linear(32, 32), Lambda(spelled_gelu)), TOKENS, {"gelu": 1}, ["erf"], 17),
    "swish": (lambda: nn.Sequential(conv(), nn.SiLU()), PICTURE, {"swish": 1}, ["sigmoid"], 13),
    "swish_beta": (lambda: nn.Sequential(conv(), Lambda(lambda x: x * torch.sigmoid(1.702 * x))), PICTURE, {"swish": 1}, ["sigmoid"], 13),
    "hard_swish": (lambda: nn.Sequential(conv(), nn.Hardswish()), PICTURE, {"hard_swish": 1}, ["clip", "hard_sigmoid"], 13),
    "hard_swish_by_hand": (lambda: nn.Sequential(conv(), Lambda(lambda x: x * F.relu6(x + 3) / 6)), PICTURE, {"hard_swish": 1}, ["clip"], 13),
    "attention": (lambda: Lambda(self_attention, nn.MultiheadAttention(32, 4, batch_first=True)), TOKENS, {"attention": 1}, ["softmax"], 17),
    "channel_shuffle": (lambda: nn.Sequential(conv(), Lambda(shuffle), conv()), PICTURE, {"channel_shuffle": 1}, ["transpose"], 13),
    "space_to_depth": (lambda: nn.Sequential(conv(), nn.PixelUnshuffle(2)), PICTURE, {"space_to_depth": 1}, ["transpose"], 13),
    "focus": (lambda: nn.Sequential(conv(), Lambda(focus), conv(32, 8)), PICTURE, {"space_to_depth": 1}, ["slice", "concat"], 13),
    "shufflenet_v2": (lambda: torchvision_model("shufflenet_v2_x0_5"), (1, 3, 224, 224), {"channel_shuffle": 16}, ["transpose"], 13),
    "mobilenet_v3": (lambda: torchvision_model("mobilenet_v3_small"), (1, 3, 224, 224), {"hard_swish": 19}, [], 13),
    "efficientnet": (lambda: torchvision_model("efficientnet_b0"), (1, 3, 224, 224), {"swish": 49}, [], 13),
    "vit_tiny": (lambda: timm_model("vit_tiny_patch16_224"), (1, 3, 224, 224), {"attention": 12, "layer_norm": 25, "gelu": 12},
                 ["softmax", "erf", "reduce_mean"], 16),
    "swin_tiny": (lambda: timm_model("swin_tiny_patch4_window7_224"), (1, 3, 224, 224), {"layer_norm": 29, "gelu": 12}, ["erf"], 16),
    "convnext": (lambda: torchvision_model("convnext_tiny"), (1, 3, 224, 224), {"gelu": 18, "layer_norm": 23}, ["erf"], 16),
}


def export(make, shape, opset, path):
    torch.manual_seed(0)
    torch.backends.mha.set_fastpath_enabled(False)  # one operator that torch.onnx does not write
    net = make().eval()
    x = torch.randn(shape)
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(net, (x,), path, opset_version=opset, input_names=["x"], output_names=["y"],
                          dynamic_axes={"x": {0: "n"}, "y": {0: "n"}}, dynamo=False)
    x = x.numpy()
    y = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]).run(None, {"x": x})[0]
    return x, y


def operators_after_passes(path, shape):
    text = subprocess.run([scull.COMMAND, "build", path, "--stop-after", "passes", "--print", "--input",
                           "x=" + "x".join(map(str, shape))], check=True, capture_output=True, text=True).stdout
    return collections.Counter(re.findall(r"^%.* = (\w+)\(", text, re.M))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("words", nargs="*")
    parser.add_argument("--tolerance", type=float, default=1e-4)
    args = parser.parse_args()
    bad = 0
    onnxruntime.set_default_logger_severity(4)
    with tempfile.TemporaryDirectory() as work:
        for name, (make, shape, wanted, gone, opset) in NETS.items():
            if args.words and not any(word in name for word in args.words):
                continue
            path, plan = os.path.join(work, name + ".onnx"), os.path.join(work, "net.plan")
            x, y = export(make, shape, opset, path)
            found = operators_after_passes(path, shape)
            scull.build(path, None, plan, "--tune", "none", "--min-subgraph", "0", "--input", "x=" + check.shape_text(x))
            engine = scull.Plan(plan)
            engine.set("x", x)
            engine.run()
            error = check.error_of(engine.output(0), y)
            engine.close()
            left = {op: found[op] for op in gone if found[op]}
            right = all(found[op] == count for op, count in wanted.items()) and not left and error <= args.tolerance
            bad += not right
            print("%-20s %-44s left %-28s %9.2e%s" % (
                name, " ".join("%s %d of %d" % (op, found[op], count) for op, count in wanted.items()),
                " ".join("%s %d" % pair for pair in left.items()) or "-", error, "" if right else "  BAD"), flush=True)
    return bad > 0


if __name__ == "__main__":
    sys.exit(main())
