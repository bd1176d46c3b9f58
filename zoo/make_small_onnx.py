"""make_small_onnx.py DEST [name ...]: small seeded networks as ONNX files with one input x and what ONNX Runtime gives for it
(graph optimisations off).

Runs with torch, onnx and onnxruntime. Some are exported from torch, some went through ONNX Runtime's quantizer or optimizer
(which write com.microsoft operators), some are written by hand for what exporters seldom write. The committed cases in
tests/model/data came from here; see PROVENANCE in each.
"""
import os
import sys
import tempfile

import numpy as np
import onnx
import onnx.parser
import onnxruntime as ort
import torch
import torch.nn as nn
import torch.nn.functional as F
from onnx import TensorProto, helper, numpy_helper
from onnxruntime import quantization

OPSET = 17


class Pictures(nn.Module):
    """Convolutions of every kind, two scales, a classifier."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1, bias=False), nn.BatchNorm2d(8), nn.Hardswish())
        self.deep = nn.Sequential(nn.Conv2d(8, 8, 3, 2, 1, groups=8), nn.ReLU6(), nn.Conv2d(8, 12, 1), nn.SiLU())
        self.up = nn.ConvTranspose2d(12, 8, 2, 2)
        self.head = nn.Linear(16, 5)

    def forward(self, x):
        a = self.stem(x)
        b = self.deep(a)
        c = torch.cat([a + self.up(b), F.interpolate(b, scale_factor=2.0, mode="bilinear")[:, :8]], 1)
        c = F.max_pool2d(F.leaky_relu(c, 0.1), 3, 2, 1)
        return F.softmax(self.head(c.mean((2, 3))), -1)


class Tokens(nn.Module):
    """One transformer layer."""

    def __init__(self):
        super().__init__()
        self.qkv, self.out = nn.Linear(16, 48), nn.Linear(16, 16)
        self.up, self.down = nn.Linear(16, 32), nn.Linear(32, 16)
        self.first, self.second = nn.LayerNorm(16), nn.LayerNorm(16)

    def forward(self, x):
        n, t, _ = x.shape
        q, k, v = self.qkv(self.first(x)).reshape(n, t, 3, 4, 4).permute(2, 0, 3, 1, 4)
        scores = torch.softmax(q @ k.transpose(-1, -2) / 2.0, -1)
        x = x + self.out((scores @ v).transpose(1, 2).reshape(n, t, 16))
        return x + self.down(F.gelu(self.up(self.second(x))))


def export(module, shape):
    torch.manual_seed(5)
    module = module().eval()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.uniform_(-0.4, 0.4)
    with tempfile.TemporaryDirectory() as work:
        path = os.path.join(work, "m.onnx")
        torch.onnx.export(module, torch.zeros(shape), path, input_names=["x"], output_names=["y"], opset_version=OPSET,
                          dynamic_axes={"x": {0: "n"}, "y": {0: "n"}}, dynamo=False)
        return onnx.load(path)


class Seeded(quantization.CalibrationDataReader):
    def __init__(self, shape):
        random = np.random.default_rng(3)
        self.left = [{"x": random.standard_normal(shape, dtype=np.float32)} for _ in range(4)]

    def get_next(self):
        return self.left.pop() if self.left else None


def quantize(model, shape, form, per_channel):
    with tempfile.TemporaryDirectory() as work:
        source, prepared, path = (os.path.join(work, name) for name in ("a.onnx", "b.onnx", "c.onnx"))
        onnx.save(model, source)
        quantization.quant_pre_process(source, prepared, skip_symbolic_shape=True)
        quantization.quantize_static(prepared, path, Seeded(shape), quant_format=form, per_channel=per_channel,
                                     weight_type=quantization.QuantType.QInt8, activation_type=quantization.QuantType.QUInt8)
        return onnx.load(path)


def optimize(model):
    """As ONNX Runtime's optimizer writes it."""
    with tempfile.TemporaryDirectory() as work:
        options = ort.SessionOptions()
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
        options.optimized_model_filepath = os.path.join(work, "m.onnx")
        ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        return onnx.load(options.optimized_model_filepath)


def functions():
    """A model with functions of its own, one in the other, and attributes that are passed on."""
    return onnx.parser.parse_model("""
        <ir_version: 8, opset_import: ["" : 17, "own" : 1]>
        agraph (float[n, 4] x) => (float[n, 4] y)
        { t = own.soft <slope = 0.3> (x)
          y = own.soft <slope = 0.7> (t) }
        <opset_import: ["" : 17, "own" : 1], domain: "own">
        soft <slope> (a) => (b)
        { e = own.bend <alpha: float = @slope> (a)
          one = Constant <value = float {1.0}> ()
          b = Add (e, one) }
        <opset_import: ["" : 17], domain: "own">
        bend <alpha> (a) => (b)
        { b = LeakyRelu <alpha: float = @alpha> (a) }""")


def old():
    """Opset 7: initializers are inputs, axes are attributes, a pad and a slice from then, an Upsample."""
    random = np.random.default_rng(4)
    w = numpy_helper.from_array(random.standard_normal((4, 2, 3, 3)).astype(np.float32), "w")
    s = numpy_helper.from_array(np.array([0.1, 0.2, 0.3, 0.4], np.float32).reshape(4, 1, 1), "s")
    node = helper.make_node
    nodes = [node("Pad", ["x"], ["p"], pads=[0, 0, 1, 1, 0, 0, 1, 1], value=0.5), node("Conv", ["p", "w"], ["c"], strides=[2, 2]),
             node("PRelu", ["c", "s"], ["r"]), node("Upsample", ["r"], ["u"], scales=[1.0, 1.0, 2.0, 2.0], mode="nearest"),
             node("Slice", ["u"], ["d"], axes=[2, 3], starts=[1, 0], ends=[100, -1]), node("Clip", ["d"], ["k"], min=-1.0, max=2.0),
             node("ReduceMax", ["k"], ["m"], axes=[2], keepdims=0), node("Unsqueeze", ["m"], ["q"], axes=[1]),
             node("Softmax", ["q"], ["y"], axis=2)]
    info = helper.make_tensor_value_info
    graph = helper.make_graph(nodes, "old", [info("x", TensorProto.FLOAT, ["n", 2, 8, 8]), info("w", TensorProto.FLOAT, [4, 2, 3, 3]),
                                             info("s", TensorProto.FLOAT, [4, 1, 1])], [info("y", TensorProto.FLOAT, None)], [w, s])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 7)], ir_version=3)


NETS = {
    "onnx_pictures": (lambda: export(Pictures, (1, 3, 16, 16)), (2, 3, 16, 16)),
    "onnx_tokens": (lambda: export(Tokens, (1, 6, 16)), (2, 6, 16)),
    "onnx_qdq": (lambda: quantize(export(Pictures, (1, 3, 16, 16)), (1, 3, 16, 16), quantization.QuantFormat.QDQ, True), (2, 3, 16, 16)),
    "onnx_qoperator": (lambda: quantize(export(Pictures, (1, 3, 16, 16)), (1, 3, 16, 16), quantization.QuantFormat.QOperator, False),
                       (2, 3, 16, 16)),
    "onnx_fused": (lambda: optimize(export(Tokens, (1, 6, 16))), (2, 6, 16)),
    "onnx_fused_pictures": (lambda: optimize(export(Pictures, (1, 3, 16, 16))), (2, 3, 16, 16)),
    "onnx_functions": (functions, (3, 4)),
    "onnx_old": (old, (2, 2, 8, 8)),
}


def save(name, dest):
    make, shape = NETS[name]
    model = make()
    for node in model.graph.node:
        node.doc_string = ""
    folder = os.path.join(dest, name)
    os.makedirs(folder, exist_ok=True)
    x = np.random.default_rng(1).standard_normal(shape, dtype=np.float32)
    options = ort.SessionOptions()
    options.graph_optimization_level, options.log_severity_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL, 3
    y = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"]).run(None, {"x": x})[0]
    onnx.save(model, os.path.join(folder, "model.onnx"))
    np.save(os.path.join(folder, "input.npy"), x)
    np.save(os.path.join(folder, "output.npy"), y)
    with open(os.path.join(folder, "PROVENANCE"), "w") as file:
        file.write("zoo/make_small_onnx.py %s with torch %s, onnx %s; output by onnxruntime %s, optimisations off. Seeded weights.\n" % (
            name, torch.__version__.split("+")[0], onnx.__version__, ort.__version__))
    kinds = sorted({(node.domain + "." if node.domain else "") + node.op_type for node in model.graph.node})
    print("%-20s %6d bytes, %s" % (name, os.path.getsize(os.path.join(folder, "model.onnx")), ", ".join(kinds)))


if __name__ == "__main__":
    for net in sys.argv[2:] or NETS:
        save(net, sys.argv[1])
