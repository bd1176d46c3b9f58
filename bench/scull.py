"""Scull for the benchmarks: libscull.so through ctypes, numpy arrays in and out. Only what bench/ needs;
a Plan is one engine with one context. $SCULL_BUILD names the build folder (default build/release)."""
import ctypes
import json
import os
import subprocess

import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.environ.get("SCULL_BUILD", os.path.join(ROOT, "build", "release"))
COMMAND = os.path.join(BUILD, "tools", "scull", "scull")
MAX_RANK = 8
DTYPES = {1: np.float32, 2: np.float64, 3: np.float16, 5: np.int8, 6: np.uint8, 7: np.int16, 8: np.int32,
          9: np.int64, 10: np.bool_, 11: np.uint16, 12: np.uint32, 13: np.uint64}


class TensorView(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("size", ctypes.c_size_t), ("dtype", ctypes.c_int),
                ("rank", ctypes.c_int32), ("dims", ctypes.c_int64 * MAX_RANK)]


class TensorInfo(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("dtype", ctypes.c_int), ("rank", ctypes.c_int32),
                ("min", ctypes.c_int64 * MAX_RANK), ("opt", ctypes.c_int64 * MAX_RANK),
                ("max", ctypes.c_int64 * MAX_RANK)]


class ShapeRange(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("rank", ctypes.c_int32)] + \
               [(bound, ctypes.c_int64 * MAX_RANK) for bound in ("min", "opt", "max")]


class BuildOptions(ctypes.Structure):
    """The head of scull_build_options_t, with room for the rest."""
    _fields_ = [("struct_size", ctypes.c_size_t), ("model_struct_size", ctypes.c_size_t), ("model_path", ctypes.c_char_p),
                ("params_path", ctypes.c_char_p), ("model_rest", ctypes.c_void_p * 5), ("inputs", ctypes.POINTER(ShapeRange)),
                ("input_count", ctypes.c_size_t), ("fixed_inputs", ctypes.c_void_p),
                ("fixed_input_count", ctypes.c_size_t), ("max_batch", ctypes.c_int64), ("extra_outputs", ctypes.c_void_p),
                ("extra_output_count", ctypes.c_size_t), ("device", ctypes.c_char_p), ("device_index", ctypes.c_int),
                ("threads", ctypes.c_int), ("rest", ctypes.c_char * 4096)]


class NamedTensor(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("data", ctypes.c_void_p), ("size", ctypes.c_size_t), ("rank", ctypes.c_int32),
                ("dims", ctypes.c_int64 * MAX_RANK)]


METHODS = ["entropy", "minmax", "percentile-99.9", "percentile-99.99", "percentile-99.999", "mse", "best"]


class Failure(RuntimeError):
    pass


def load():
    lib = ctypes.CDLL(os.path.join(BUILD, "libscull.so"))
    pointer, size = ctypes.c_void_p, ctypes.c_size_t
    lib.scull_last_error.restype = ctypes.c_char_p
    lib.scull_engine_input_count.restype = lib.scull_engine_output_count.restype = size
    for name, types in {
        "scull_engine_open": [ctypes.c_char_p, pointer, pointer],
        "scull_engine_destroy": [pointer],
        "scull_engine_input_count": [pointer],
        "scull_engine_output_count": [pointer],
        "scull_engine_input": [pointer, size, pointer],
        "scull_engine_output": [pointer, size, pointer],
        "scull_context_create": [pointer, pointer, pointer],
        "scull_context_destroy": [pointer],
        "scull_context_set_input_shape": [pointer, size, ctypes.c_int32, pointer],
        "scull_context_set_input": [pointer, size, pointer, size],
        "scull_context_prepare": [pointer],
        "scull_context_run": [pointer],
        "scull_context_output": [pointer, size, pointer],
        "scull_build_options_init": [pointer],
        "scull_collector_create": [pointer, pointer],
        "scull_collector_destroy": [pointer],
        "scull_collector_add": [pointer, pointer, size],
        "scull_collector_write": [pointer, ctypes.c_int, ctypes.c_char_p],
    }.items():
        getattr(lib, name).argtypes = types
    return lib


LIB = None


def check(status):
    if status != 0:
        raise Failure(LIB.scull_last_error().decode())


def build(model, params, plan, *options):
    """The `scull build` command; raises Failure with its message."""
    words = [COMMAND, "build", model] + ([params] if params else []) + ["-o", plan, "--quiet"] + list(options)
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode:
        raise Failure(done.stderr.strip() or "exit status %d" % done.returncode)


def export(path, onnx_path):
    """The `scull export` command; raises Failure with its message."""
    done = subprocess.run([COMMAND, "export", path, "-o", onnx_path], capture_output=True, text=True)
    if done.returncode:
        raise Failure(done.stderr.strip() or "exit status %d" % done.returncode)


def describe(plan):
    """What `scull show` says of a plan."""
    done = subprocess.run([COMMAND, "show", plan, "--json"], capture_output=True, text=True)
    if done.returncode:
        raise Failure(done.stderr.strip())
    return json.loads(done.stdout)


class Collector:
    """What a model's tensors hold in float; one table a method may be written of it."""

    def __init__(self, model, params, shapes, threads=0):
        global LIB
        LIB = LIB or load()
        options, self.handle = BuildOptions(), ctypes.c_void_p()
        LIB.scull_build_options_init(ctypes.byref(options))
        if options.device != b"cpu":
            raise Failure("BuildOptions here is not scull_build_options_t's head")
        options.model_path, options.threads = model.encode(), threads
        options.params_path = params.encode() if params else None
        ranges = (ShapeRange * max(1, len(shapes)))()
        for one, (name, shape) in zip(ranges, shapes.items()):
            one.name, one.rank = name.encode(), len(shape)
            one.min[:len(shape)] = one.opt[:len(shape)] = one.max[:len(shape)] = shape
        options.inputs, options.input_count = ranges, len(shapes)
        check(LIB.scull_collector_create(ctypes.byref(options), ctypes.byref(self.handle)))

    def add(self, name, array):
        array = np.ascontiguousarray(array)
        tensor = NamedTensor(name.encode(), array.ctypes.data, array.nbytes, array.ndim,
                             (ctypes.c_int64 * MAX_RANK)(*array.shape))
        check(LIB.scull_collector_add(self.handle, ctypes.byref(tensor), 1))

    def write(self, method, path):
        check(LIB.scull_collector_write(self.handle, METHODS.index(method), path.encode()))

    def close(self):
        LIB.scull_collector_destroy(self.handle)


class Plan:
    def __init__(self, path):
        global LIB
        LIB = LIB or load()
        self.engine, self.context, self.kept = ctypes.c_void_p(), ctypes.c_void_p(), {}
        check(LIB.scull_engine_open(path.encode(), None, ctypes.byref(self.engine)))
        check(LIB.scull_context_create(self.engine, None, ctypes.byref(self.context)))
        self.inputs = [self._info(LIB.scull_engine_input, i) for i in range(LIB.scull_engine_input_count(self.engine))]
        self.outputs = [self._info(LIB.scull_engine_output, i) for i in range(LIB.scull_engine_output_count(self.engine))]

    def _info(self, call, index):
        info = TensorInfo()
        check(call(self.engine, index, ctypes.byref(info)))
        return info.name.decode()

    def set(self, name, array):
        """The array is read in every run until another is set."""
        index = self.inputs.index(name)
        array = np.ascontiguousarray(array)
        dims = (ctypes.c_int64 * MAX_RANK)(*array.shape)
        check(LIB.scull_context_set_input_shape(self.context, index, array.ndim, dims))
        check(LIB.scull_context_set_input(self.context, index, array.ctypes.data, array.nbytes))
        self.kept[name] = array

    def run(self):
        check(LIB.scull_context_run(self.context))

    def output(self, index):
        """A copy of output `index`."""
        view = TensorView()
        check(LIB.scull_context_output(self.context, index, ctypes.byref(view)))
        bytes_ = ctypes.string_at(view.data, view.size) if view.size else b""
        return np.frombuffer(bytes_, DTYPES[view.dtype]).reshape(list(view.dims[:view.rank]))

    def close(self):
        if LIB and self.engine:
            LIB.scull_context_destroy(self.context)
            LIB.scull_engine_destroy(self.engine)
        self.engine = self.context = None
