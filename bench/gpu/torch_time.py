"""What PyTorch takes in FP32, with TF32 and without: eager as it comes, and in a CUDA graph with cuDNN's benchmark mode;
or in FP16: likewise, and compiled.
    python torch_time.py NET:BATCH[:fp16] ...        medians in microseconds (torch, torchvision, timm, a GPU)"""
import sys

import torch

from nets import SIDES, torch_net


def median(run, count):
    times = []
    for _ in range(count):
        a, b = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        a.record()
        run()
        b.record()
        torch.cuda.synchronize()
        times.append(a.elapsed_time(b) * 1e3)
    return sorted(times)[count // 2]


def graphed(net, x):
    stream = torch.cuda.Stream()
    with torch.cuda.stream(stream):
        for _ in range(3):
            net(x)
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        net(x)
    return graph.replay


def ways(net, x, narrow):
    """Name, and what runs it."""
    torch.backends.cudnn.benchmark = False
    yield "eager", lambda: net(x)
    torch.backends.cudnn.benchmark = True
    yield "graph", graphed(net, x)
    if narrow:
        compiled = torch.compile(net, mode="reduce-overhead")
        yield "compiled", lambda: compiled(x)


@torch.no_grad()
def main(cells):
    for cell in cells:
        name, batch, *narrow = cell.split(":")
        net = torch_net(name).cuda().eval()
        x = torch.randn(int(batch), 3, SIDES[name], SIDES[name], device="cuda")
        if narrow:
            net, x = net.half(), x.half()
        for tf32 in (True,) if narrow else (False, True):
            torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = tf32
            row = []
            for way, run in ways(net, x, narrow):
                for _ in range(5):
                    run()
                row.append("%s %.0f" % (way, median(run, 20 if int(batch) > 50 else 50)))
            print("PyTorch %s batch %s %s: %s us" % (name, batch, "FP16" if narrow else "TF32" if tf32 else "strict",
                                                     ", ".join(row)), flush=True)


main(sys.argv[1:])
