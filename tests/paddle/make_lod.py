"""Writes tests/paddle/data/lod.*: rows of sequences through a layer of weights, a softmax within each
sequence, and what is pooled from each, with what Paddle Inference 2.6.2 answers (its C interface's Python
twin) for two sets of offsets. paddlepaddle==2.6.2; python make_lod.py FOLDER"""
import sys

import numpy as np
import paddle

folder = sys.argv[1]
paddle.enable_static()
paddle.seed(20261128)
main, start = paddle.static.Program(), paddle.static.Program()
with paddle.static.program_guard(main, start):
    x = paddle.static.data("x", [-1, 6], "float32", lod_level=1)
    y = paddle.static.nn.fc(x, 5, activation="tanh")
    soft = paddle.static.nn.sequence_softmax(paddle.static.nn.fc(y, 1))
    pooled = paddle.static.nn.sequence_pool(y, "max")
exe = paddle.static.Executor(paddle.CPUPlace())
exe.run(start)
paddle.static.save_inference_model(folder + "/lod", [x], [soft, pooled], exe, program=main)

config = paddle.inference.Config(folder + "/lod.pdmodel", folder + "/lod.pdiparams")
config.disable_gpu()
config.switch_ir_optim(False)
predictor = paddle.inference.create_predictor(config)
rng = np.random.default_rng(5)
values = rng.standard_normal((9, 6)).astype("float32")
out = open(folder + "/lod.txt", "w")
out.write("x " + " ".join("%.9g" % v for v in values.ravel()) + "\n")
for offsets in ([0, 2, 5, 9], [0, 4, 9]):
    handle = predictor.get_input_handle("x")
    handle.reshape([9, 6])
    handle.copy_from_cpu(values)
    handle.set_lod([offsets])
    predictor.run()
    out.write("offsets " + " ".join(map(str, offsets)) + "\n")
    for name in predictor.get_output_names():
        result = predictor.get_output_handle(name)
        out.write("shape " + " ".join(map(str, result.shape())) + "\n")
        out.write("lod " + " ".join(" ".join(map(str, level)) for level in result.lod()) + "\n")
        out.write("values " + " ".join("%.9g" % v for v in result.copy_to_cpu().ravel()) + "\n")
