"""Writes the four networks of the table, seeded weights, FP32:
    python bench/cpu/export.py paddle DEST   DEST/<net>/model.pdmodel, .pdiparams   (paddlepaddle 2.6.2)
    python bench/cpu/export.py onnx DEST     DEST/<net>.onnx          (torch, torchvision, timm, onnx)"""
import os
import sys

SIDES = {"resnet50": 224, "mobilenet_v1": 224, "resnet101": 224, "inception_v3": 299}


def export_paddle(dest):
    import paddle
    for name, side in SIDES.items():
        paddle.seed(0)
        net = getattr(paddle.vision.models, name)(pretrained=False)
        net.eval()
        spec = paddle.static.InputSpec([None, 3, side, side], "float32", "x")
        paddle.jit.save(net, os.path.join(dest, name, "model"), input_spec=[spec])


def torch_net(name):
    import timm
    import torchvision
    if name == "mobilenet_v1":
        return timm.create_model("mobilenetv1_100", pretrained=False)
    more = {"aux_logits": True, "init_weights": True} if name == "inception_v3" else {}
    return getattr(torchvision.models, name)(weights=None, **more)


def export_onnx(dest):
    import torch
    os.makedirs(dest, exist_ok=True)
    for name, side in SIDES.items():
        torch.manual_seed(0)
        torch.onnx.export(torch_net(name).eval(), torch.zeros(1, 3, side, side), os.path.join(dest, name + ".onnx"),
                          dynamo=False, opset_version=17, input_names=["x"], output_names=["y"],
                          dynamic_axes={"x": {0: "N"}, "y": {0: "N"}})


{"paddle": export_paddle, "onnx": export_onnx}[sys.argv[1]](sys.argv[2])
