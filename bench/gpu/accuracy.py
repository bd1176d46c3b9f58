"""Real networks on a GPU in FP32, FP16 and INT8, by the rules of bench/accuracy/precision.py (calibrated on some of the
pictures, evaluated on the others):
    python accuracy.py DATA SCULL_FOLDER TABLES [WORD ...]     words choose networks by their names
SCULL_FOLDER holds scull and libscull.so.0. TABLES is a folder of calibration tables named NETWORK-SPLIT, which are made
where they are missing; bench/accuracy and bench are beside this file's folder, or in it."""
import os
import shutil
import sys
import tempfile
import types

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "accuracy"), os.path.join(HERE, "..")]
NETWORKS = ("MobileNet v1", "SqueezeNet v1.1", "ResNet-20", "ResNet-56")
PINNED = ["--layer-precision", "*=int8", "--precision-constraints", "prefer"]
METHOD, SPLITS = "mse", int(os.environ.get("SPLITS", "2"))


def lay_out(folder, work):
    """A build folder as bench/scull.py looks for it."""
    os.makedirs(os.path.join(work, "tools", "scull"), exist_ok=True)
    for source, target in (("scull", "tools/scull/scull"), ("libscull.so.0", "libscull.so")):
        os.symlink(os.path.join(os.path.abspath(folder), source), os.path.join(work, target))
    os.environ["SCULL_BUILD"] = work


def main(data, folder, tables, *words):
    with tempfile.TemporaryDirectory() as work:
        lay_out(folder, work)
        import precision
        precision.DATA = data
        args = types.SimpleNamespace(tune="fast", threads=os.cpu_count(), timing_cache=None, extra=[], keep=None)

        class OnDevice(precision.Bench):
            def build(self, *more):
                return super().build("--device", "cuda", *more)

            def split(self, k):
                self.current = k
                return super().split(k)

            def table(self, method, chosen):
                path = os.path.join(tables, "%s-%d" % (name.replace(" ", "_"), self.current))
                if not os.path.exists(path):
                    os.makedirs(tables, exist_ok=True)
                    shutil.copy(super().table(method, chosen), path)
                return path

        for name in NETWORKS:
            if words and not any(word.lower() in name.lower() for word in words):
                continue
            with tempfile.TemporaryDirectory() as place:
                bench = OnDevice(precision.NETWORKS[name], args, place)
                every = range(len(bench.inputs))
                print("%-18s %-18s %7.2f  (all %d)" % (name, "fp32", bench.network.figure(bench.float_outputs(), bench.truth_of(
                    list(every))), len(every)), flush=True)
                precision.measure(bench, name, "fp16", SPLITS, "fp32,fp16", None)
                precision.measure(bench, name, "int8-" + METHOD, SPLITS, "fp32,fp16,int8", METHOD)
                args.extra = PINNED  # where FP16 is faster, too
                precision.measure(bench, name, "int8 wherever", SPLITS, "fp32,fp16,int8", METHOD)
                args.extra = []


if __name__ == "__main__":
    main(*sys.argv[1:])
