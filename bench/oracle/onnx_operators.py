"""One-operator ONNX models of newer operator sets beside ONNX Runtime (or, where that lacks one, ONNX's reference):
    python bench/oracle/onnx_operators.py [WORD ...] [--tolerance 1e-4]
For operators that become several of Scull's, which the ONNX 1.12 suite does not have. Printed is the largest error over the
range of the output, native and optimized. Exit status 1 when one is off."""
import os
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

import check

CASES = [  # name, operator, shape of x, further inputs (None: left out), operator set, attributes
    ("lp_pool", "LpPool", (2, 3, 9, 10), (), 18, dict(kernel_shape=[3, 2], strides=[2, 1], pads=[1, 0, 1, 1], p=2)),
    ("lp_pool_3", "LpPool", (2, 3, 9, 10), (), 18, dict(kernel_shape=[3, 3], p=3)),
    ("lp_pool_1", "LpPool", (1, 4, 12), (), 11, dict(kernel_shape=[4], strides=[3], p=1)),
    ("lp_pool_dilated", "LpPool", (1, 3, 9, 11), (), 18, dict(kernel_shape=[2, 2], dilations=[2, 3], p=2)),
    ("lp_pool_same", "LpPool", (1, 3, 9, 11), (), 18, dict(kernel_shape=[3, 2], strides=[2, 2], auto_pad="SAME_UPPER", p=2)),
    ("global_lp_pool", "GlobalLpPool", (2, 3, 5, 6), (), 2, dict(p=2)),
    ("global_lp_pool_3", "GlobalLpPool", (2, 3, 5, 6), (), 2, dict(p=3)),
    ("col2im", "Col2Im", (1, 20, 12), ([6, 8], [2, 2]), 18, dict(strides=[2, 2])),
    ("col2im_pads", "Col2Im", (2, 27, 30), ([5, 6], [3, 3]), 18, dict(pads=[1, 1, 1, 1])),
    ("col2im_rest", "Col2Im", (1, 8, 9), ([7, 7], [2, 2]), 18, dict(strides=[2, 2])),
    ("col2im_dilated", "Col2Im", (1, 12, 20), ([7, 8], [2, 3]), 18, dict(dilations=[2, 2])),
    ("center_crop_pad", "CenterCropPad", (7, 4, 9), ([4, 7, 8],), 18, {}),
    ("center_crop_pad_axes", "CenterCropPad", (2, 7, 9), ([10, 4],), 18, dict(axes=[-2, 2])),
    ("center_crop_pad_same", "CenterCropPad", (2, 7), ([2, 7],), 18, {}),
    ("resize_linear", "Resize", (1, 3, 20, 24), (None, None, [1, 3, 7, 9]), 18, dict(mode="linear", antialias=1)),
    ("resize_linear_inside", "Resize", (1, 3, 20, 24), (None, None, [1, 3, 7, 9]), 18,
     dict(mode="linear", antialias=1, exclude_outside=1)),
    ("resize_cubic", "Resize", (1, 3, 20, 24), (None, None, [1, 3, 7, 30]), 18,
     dict(mode="cubic", antialias=1, exclude_outside=1, cubic_coeff_a=-0.5)),
]


def write_case(folder, op, shape, lists, opset, attributes):
    x = np.random.default_rng(3).standard_normal(shape).astype(np.float32)
    names = ["" if values is None else "list%d" % i for i, values in enumerate(lists)]
    graph = helper.make_graph(
        [helper.make_node(op, ["x"] + names, ["y"], **attributes)], "one",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.array(values, np.int64), name) for name, values in zip(names, lists) if name])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    try:
        y = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"]).run(None, {"x": x})[0]
    except Exception:
        y = ReferenceEvaluator(model).run(None, {"x": x})[0]
    os.makedirs(folder)
    onnx.save(model, os.path.join(folder, "model.onnx"))
    np.savez(os.path.join(folder, "io.npz"), x=x, out0=y)


def main():
    check.model_of = lambda folder: (os.path.join(folder, "model.onnx"), None)
    onnxruntime.set_default_logger_severity(4)
    with tempfile.TemporaryDirectory() as dest:
        for name, *case in CASES:
            write_case(os.path.join(dest, name), *case)
        sys.argv.insert(1, dest)
        return check.main()


if __name__ == "__main__":
    sys.exit(main())
