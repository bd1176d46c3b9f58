"""Writes tests/paddle/data/types.pdmodel (paddlepaddle==2.6.2): an input of each element type that handles
have accessors for, and each input twice, one below the other, as an output. python make_types.py FOLDER"""
import sys

import paddle

paddle.enable_static()
main = paddle.static.Program()
with paddle.static.program_guard(main):
    inputs = [paddle.static.data("x_" + name, [-1, 4], name) for name in ("float32", "int64", "int32", "uint8", "int8")]
    outputs = []
    for x in inputs:  # paddle.concat itself refuses uint8
        y = main.global_block().create_var(name="y_" + x.name, dtype=x.dtype, shape=[-1, 4])
        main.global_block().append_op(type="concat", inputs={"X": [x, x]}, outputs={"Out": [y]}, attrs={"axis": 0})
        outputs.append(y)
exe = paddle.static.Executor(paddle.CPUPlace())
paddle.static.save_inference_model(sys.argv[1] + "/types", inputs, outputs, exe, program=main)
