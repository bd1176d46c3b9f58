"""Writes the four networks of the table as ONNX, FP32 and INT8:
    python bench/precision/export.py DEST      DEST/<net>.onnx, DEST/<net>.int8.onnx
Seeded weights, batch-norm statistics of one batch of noise, so that activations keep a sane range; INT8 is ONNX
Runtime's static quantization (Q/DQ, u8 activations, s8 weights a channel), which OpenVINO reads, too.
Needs torch, torchvision, timm, onnx, onnxruntime."""
import os
import sys

import numpy as np

SIDES = {"resnet50": 224, "mobilenet_v1": 224, "resnet101": 224, "inception_v3": 299}
PASSES = 3  # batches of noise that calibrate


class Noise:
    def __init__(self, side):
        self.rest = [np.random.RandomState(i).randn(4, 3, side, side).astype(np.float32) for i in range(PASSES)]

    def get_next(self):
        return {"x": self.rest.pop()} if self.rest else None


def make(name, side):
    import timm
    import torch
    import torchvision
    torch.manual_seed(0)
    if name == "mobilenet_v1":
        net = timm.create_model("mobilenetv1_100", pretrained=False)
    else:
        more = {"aux_logits": True, "init_weights": False} if name == "inception_v3" else {}
        net = getattr(torchvision.models, name)(weights=None, **more)
    for part in net.modules():
        if isinstance(part, torch.nn.BatchNorm2d):
            part.momentum = 1.0
        if isinstance(part, torch.nn.Dropout):
            part.p = 0.0
    net.train()
    with torch.no_grad():
        net(torch.randn(8, 3, side, side))
    return net.eval()


def main(dest):
    import torch
    from onnxruntime.quantization import QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process
    os.makedirs(dest, exist_ok=True)
    for name, side in SIDES.items():
        paths = [os.path.join(dest, name + end) for end in (".onnx", ".pre.onnx", ".int8.onnx")]
        torch.onnx.export(make(name, side), torch.zeros(1, 3, side, side), paths[0], dynamo=False, opset_version=17,
                          input_names=["x"], output_names=["y"], dynamic_axes={"x": {0: "N"}, "y": {0: "N"}})
        quant_pre_process(paths[0], paths[1])
        quantize_static(paths[1], paths[2], Noise(side), quant_format=QuantFormat.QDQ, per_channel=True,
                        activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8)
        os.remove(paths[1])
        print(name, flush=True)


main(sys.argv[1])
