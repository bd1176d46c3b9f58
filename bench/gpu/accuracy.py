"""Real networks on a GPU in FP32, FP16 and INT8, by the rules of bench/accuracy/precision.py (calibrated on some of the
pictures, evaluated on the others):
    python accuracy.py DATA SCULL_FOLDER TABLES [WORD ...]     words choose networks by their names
SCULL_FOLDER holds scull and libscull.so.0. TABLES is a folder of calibration tables named NETWORK-SPLIT-METHOD, which are
made where they are missing; bench/accuracy and bench are beside this file's folder, or in it. $DEVICE: cuda by default."""
import os
import sys
import tempfile
import types

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "accuracy"), os.path.join(HERE, "..")]
NETWORKS = ("MobileNet v1", "SqueezeNet v1.1", "ResNet-20", "ResNet-56")
PINNED = ["--layer-precision", "*=int8", "--precision-constraints", "prefer"]
SPLITS, DEVICE = int(os.environ.get("SPLITS", "2")), os.environ.get("DEVICE", "cuda")


def lay_out(folder, work):
    """A build folder as bench/scull.py looks for it."""
    os.makedirs(os.path.join(work, "tools", "scull"), exist_ok=True)
    for source, target in (("scull", "tools/scull/scull"), ("libscull.so.0", "libscull.so")):
        os.symlink(os.path.join(os.path.abspath(folder), source), os.path.join(work, target))
    os.environ["SCULL_BUILD"] = work


def words_of(bench, k, label):
    """What scull build is told for a row; "int8 wherever": where FP16 is faster, too."""
    if label == "fp16":
        return ["--precision", "fp32,fp16"]
    words = ["--precision", "fp32,fp16,int8", "--calibration", bench.table(k, "mse")]
    return words + (PINNED if label == "int8 wherever" else [])


def main(data, folder, tables, *words):
    with tempfile.TemporaryDirectory() as work:
        lay_out(folder, work)
        import precision
        precision.DATA, precision.words_of = data, words_of
        args = types.SimpleNamespace(tune="fast", threads=os.cpu_count(), timing_cache=None, extra=[], keep=None)

        class OnDevice(precision.Bench):
            def build(self, plan, *words):
                return super().build(plan, "--device", DEVICE, *words)

            def table(self, k, method):
                return os.path.join(tables, "%s-%d-%s" % (name.replace(" ", "_"), k, method))

        os.makedirs(tables, exist_ok=True)
        for name in NETWORKS:
            if words and not any(word.lower() in name.lower() for word in words):
                continue
            with tempfile.TemporaryDirectory() as place:
                bench = OnDevice(precision.NETWORKS[name], args, place)
                every = list(range(len(bench.inputs)))
                print("%-18s %-18s %7.2f  (all %d)" % (name, "fp32", bench.network.figure(
                    bench.float_outputs(), bench.truth_of(every)), len(every)), flush=True)
                for k in range(SPLITS):
                    if not os.path.exists(bench.table(k, "mse")):
                        bench.make_tables(k, ["mse"])
                for label in ("fp16", "int8", "int8 wherever"):
                    precision.measure(bench, name, label, SPLITS)


if __name__ == "__main__":
    main(*sys.argv[1:])
