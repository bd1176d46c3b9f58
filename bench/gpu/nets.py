"""The four networks of the table, and a transformer, with seeded weights and settled batch norms, and their outputs in FP64:
    python nets.py export DEST [NET...]   DEST/<net>.onnx, .x.npy, .y.npy, .samples (torch, torchvision, timm, onnx, a GPU)
    python nets.py compare A B       relative error of A and whether the best class is the same"""
import os
import sys

import numpy as np

SIDES = {"resnet50": 224, "mobilenet_v1": 224, "resnet101": 224, "inception_v3": 299, "vit_b_16": 224}

SAMPLES = 8  # to calibrate with


def torch_net(name):
    import timm
    import torchvision
    if name == "mobilenet_v1":
        return timm.create_model("mobilenetv1_100", pretrained=False)
    more = {"aux_logits": True, "init_weights": False} if name == "inception_v3" else {}
    net = getattr(torchvision.models, name)(weights=None, **more)
    if name == "vit_b_16":  # which begins with a head of zeros
        net.heads.head.weight.data.normal_(0, 0.02)
    return net


def settle(net, side):
    """Statistics of one batch, so that activations keep their size through a network that nobody trained."""
    import torch
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1.0
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    net = net.cuda().train()
    with torch.no_grad():
        net(torch.randn(8, 3, side, side).cuda())
    return net.eval().cpu()


def export(dest, *names):
    import torch
    os.makedirs(dest, exist_ok=True)
    for name in names or SIDES:
        side = SIDES[name]
        torch.manual_seed(0)
        net = settle(torch_net(name), side)
        path = os.path.join(dest, name)
        torch.onnx.export(net, torch.randn(2, 3, side, side), path + ".onnx", dynamo=False, opset_version=17,
                          input_names=["x"], output_names=["y"], dynamic_axes={"x": {0: "N"}, "y": {0: "N"}})
        noise = np.random.RandomState(1)
        x = noise.randn(1, 3, side, side).astype(np.float32)
        os.makedirs(path + ".samples", exist_ok=True)
        for i in range(SAMPLES):
            np.save(os.path.join(path + ".samples", "%d.npy" % i), noise.randn(1, 3, side, side).astype(np.float32))
        np.save(path + ".x.npy", x)
        with torch.no_grad():
            np.save(path + ".y.npy", net.double()(torch.from_numpy(x).double()).numpy().astype(np.float32))
    open(os.path.join(dest, "done"), "w").close()


def compare(a, b):
    a, b = (np.load(path).ravel().astype(np.float64) for path in (a, b))
    error = np.linalg.norm(a - b) / np.linalg.norm(b)
    print(f"  relative error {error:.1e}, best class {'the same' if a.argmax() == b.argmax() else 'ANOTHER'}")


if __name__ == "__main__":
    {"export": export, "compare": compare}[sys.argv[1]](*sys.argv[2:])
