"""What cuDNN (through PyTorch, benchmark mode, fused with bias, residual and ReLU) needs for ResNet50's
layers: microseconds a layer in a CUDA graph of twenty. For the table in docs/kernels.md.
  python3 cudnn_layers.py 1 128
"""
import sys

import torch

LAYERS = [  # height, channels, outputs, filter, stride, residual
    (56, 64, 64, 1, 1, 0), (56, 64, 64, 3, 1, 0), (56, 64, 256, 1, 1, 1), (56, 256, 64, 1, 1, 0),
    (56, 256, 128, 1, 1, 0), (56, 128, 128, 3, 2, 0), (28, 128, 512, 1, 1, 1), (28, 512, 128, 1, 1, 0),
    (28, 128, 128, 3, 1, 0), (28, 512, 256, 1, 1, 0), (28, 256, 256, 3, 2, 0), (14, 256, 1024, 1, 1, 1),
    (14, 1024, 256, 1, 1, 0), (14, 256, 256, 3, 1, 0), (14, 1024, 512, 1, 1, 0), (14, 512, 512, 3, 2, 0),
    (7, 512, 2048, 1, 1, 1), (7, 2048, 512, 1, 1, 0), (7, 512, 512, 3, 1, 0)]


def microseconds(run, copies=20):
    for _ in range(3):
        run()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        for _ in range(copies):
            run()
    times = []
    for _ in range(15):
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begin.record()
        graph.replay()
        end.record()
        end.synchronize()
        times.append(begin.elapsed_time(end) * 1000 / copies)
    return sorted(times)[len(times) // 2]


torch.backends.cudnn.benchmark = True
print("cuDNN", torch.backends.cudnn.version())
for batch in map(int, sys.argv[1:]):
    for h, c, k, r, stride, residual in LAYERS:
        make = lambda *shape: torch.randn(shape, device="cuda").half().to(memory_format=torch.channels_last)
        x, w, b = make(batch, c, h, h), make(k, c, r, r), torch.randn(k, device="cuda").half()
        pad, p = [r // 2] * 2, (h - 1) // stride + 1
        if residual:
            z = make(batch, k, p, p)
            run = lambda: torch.ops.aten.cudnn_convolution_add_relu(
                x, w, z, 1.0, b, [stride] * 2, pad, [1, 1], 1)
        else:
            run = lambda: torch.ops.aten.cudnn_convolution_relu(x, w, b, [stride] * 2, pad, [1, 1], 1)
        print(f"b{batch} {h}x{h} c{c} k{k} r{r}/{stride}{' +res' if residual else ''}: {microseconds(run):.2f} us")
