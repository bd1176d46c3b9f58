"""One network in one framework, run in bursts on demand:
    python bench/families/worker.py PEER MODEL PARAMS|- IO THREADS
PEER is scull (MODEL is a plan), paddle, onnxruntime or openvino; IO is an npz of inputs by name. Says "ready" after the
first run; then each line on stdin is a number of seconds, answered by the milliseconds of every run, as JSON. The
orchestrator (table.py) starts one a framework, since each wants a Python of its own."""
import json
import os
import sys
import time

import numpy as np

SKIPPED = 1  # runs at the beginning of a burst that wake the threads up


def open_scull(model, params, inputs, threads):
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    import scull
    plan = scull.Plan(model)
    for name in plan.inputs:
        plan.set(name, inputs[name])
    return plan.run


def paddle_run(model, params, inputs, threads, onednn):
    from paddle import inference
    config = inference.Config(model, params)
    config.disable_gpu()
    config.disable_glog_info()
    config.set_cpu_math_library_num_threads(threads)
    config.enable_memory_optim()
    names = ("enable_mkldnn", "enable_onednn") if onednn else ("disable_mkldnn", "disable_onednn")
    getattr(config, next(name for name in names if hasattr(config, name)))()
    predictor = inference.create_predictor(config)
    for name in predictor.get_input_names():
        handle = predictor.get_input_handle(name)
        handle.reshape(inputs[name].shape)
        handle.copy_from_cpu(np.ascontiguousarray(inputs[name]))
    output = predictor.get_output_handle(predictor.get_output_names()[-1])

    def run():
        predictor.run()
        output.copy_to_cpu()  # one is looked at, so that a lazy executor has to be done
    return run


def open_paddle(model, params, inputs, threads):
    """With oneDNN, which cannot run every network (R-CNNs in 3.3.1: shapes that do not broadcast)."""
    try:
        run = paddle_run(model, params, inputs, threads, True)
        run()
        return run
    except Exception as failure:
        print("oneDNN: %s" % failure, file=sys.stderr)
    return paddle_run(model, params, inputs, threads, False)


def open_onnxruntime(model, params, inputs, threads):
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = threads, 4
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    feeds = {i.name: inputs[i.name] for i in session.get_inputs()}
    return lambda: session.run(None, feeds)


def open_openvino(model, params, inputs, threads):
    import openvino
    core = openvino.Core()
    net = core.read_model(model)
    named = {name: array for port in net.inputs for name, array in inputs.items() if name in port.get_names()}
    net.reshape({name: list(array.shape) for name, array in named.items()})
    request = core.compile_model(net, "CPU", {
        "INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": "f32"}).create_infer_request()
    return lambda: request.infer(named, share_inputs=True, share_outputs=True)


def burst(run, seconds):
    for _ in range(SKIPPED):
        run()
    times, end = [], time.perf_counter() + seconds
    while not times or time.perf_counter() < end:
        begin = time.perf_counter()
        run()
        times.append(1e3 * (time.perf_counter() - begin))
    return times


def main():
    peer, model, params, io, threads = sys.argv[1:]
    said = os.dup(1)
    os.dup2(2, 1)  # frameworks print; stdout is for answers
    with np.load(io) as arrays:
        inputs = {name: arrays[name] for name in arrays.files if not name.startswith(("out", "lod_"))}
    run = globals()["open_" + peer](model, params, inputs, int(threads))
    run()
    answers = os.fdopen(said, "w", buffering=1)
    print("ready", file=answers)
    for line in sys.stdin:
        print(json.dumps(burst(run, float(line))), file=answers)


main()
