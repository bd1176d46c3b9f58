"""One small frozen graph an operator, by Scull and by TensorFlow:
    python bench/oracle/tensorflow_layers.py [WORD ...]
Printed is the largest difference over the range of the outputs, native and optimized. Exit status 1 when one is above
1e-5. WORDs choose cases by their names. TensorFlow comes from its own wheel (tensorflow-cpu)."""
import os
import sys
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import numpy as np
import tensorflow.compat.v1 as tf

import scull

tf.disable_eager_execution()
RAW = tf.raw_ops
RNG = np.random.default_rng(5)


def normal(*shape):
    return tf.constant(RNG.standard_normal(shape).astype(np.float32) * 0.5)


def norm(x):
    c = int(x.shape[-1])
    return RAW.FusedBatchNormV3(x=x, scale=normal(c), offset=normal(c), mean=normal(c),
                                variance=tf.abs(normal(c)) + 0.5, epsilon=0.01, is_training=False)[0]


def conv(x, c=8, k=3, **options):
    options = {"strides": [1, 1, 1, 1], "padding": "SAME", **options}
    return RAW.Conv2D(input=x, filter=normal(k, k, int(x.shape[-1]), c), **options)


def depthwise(x, **options):
    options = {"strides": [1, 1, 1, 1], "padding": "SAME", **options}
    return RAW.DepthwiseConv2dNative(input=x, filter=normal(3, 3, int(x.shape[-1]), 2), **options)


def deconv(x, size, **options):
    return RAW.Conv2DBackpropInput(input_sizes=size, filter=normal(4, 4, 5, int(x.shape[-1])), out_backprop=x,
                                   **options)


def shuffle(x):
    n, h, w, c = x.shape.as_list()
    x = tf.reshape(x, [n, h, w, 2, c // 2])
    return conv(tf.reshape(tf.transpose(x, [0, 1, 2, 4, 3]), [n, h, w, c]))


CASES = {
    "conv same": lambda x: conv(x, strides=[1, 2, 2, 1]),
    "conv valid": lambda x: conv(x, padding="VALID", strides=[1, 2, 1, 1]),
    "conv dilated": lambda x: conv(x, dilations=[1, 2, 2, 1]),
    "conv explicit": lambda x: conv(x, padding="EXPLICIT", explicit_paddings=[0, 0, 1, 2, 0, 1, 0, 0]),
    "conv bias bn relu6": lambda x: RAW.Relu6(features=norm(RAW.BiasAdd(value=conv(x), bias=normal(8)))),
    "depthwise": lambda x: depthwise(x, strides=[1, 2, 2, 1]),
    "conv by batch": lambda x: tf.nn.relu(RAW.BatchToSpaceND(
        input=conv(RAW.SpaceToBatchND(input=x, block_shape=[2, 2], paddings=[[2, 3], [2, 3]]), padding="VALID"),
        block_shape=[2, 2], crops=[[0, 1], [0, 1]])),
    "depthwise dilated": lambda x: tf.nn.depthwise_conv2d(x, normal(3, 3, 6, 1), [1, 1, 1, 1], "SAME", dilations=[2, 2]),
    "deconv same": lambda x: deconv(x, [2, 18, 22, 5], strides=[1, 2, 2, 1], padding="SAME"),
    "deconv odd": lambda x: deconv(x, [2, 17, 21, 5], strides=[1, 2, 2, 1], padding="SAME"),
    "deconv valid": lambda x: deconv(x, [2, 20, 24, 5], strides=[1, 2, 2, 1], padding="VALID"),
    "deconv computed": lambda x: deconv(
        x, tf.stack([tf.shape(x)[0], tf.shape(x)[1] * 2, tf.shape(x)[2] * 2, 5]), strides=[1, 2, 2, 1], padding="SAME"),
    "max pool": lambda x: RAW.MaxPool(input=conv(x), ksize=[1, 3, 3, 1], strides=[1, 2, 2, 1], padding="SAME"),
    "avg pool": lambda x: RAW.AvgPool(value=conv(x), ksize=[1, 3, 2, 1], strides=[1, 2, 2, 1], padding="SAME"),
    "lrn": lambda x: RAW.LRN(input=conv(x), depth_radius=2, bias=2.0, alpha=0.3, beta=0.6),
    "mean spatial": lambda x: tf.reduce_mean(conv(x), [1, 2]),
    "mean keep": lambda x: conv(x) * tf.sigmoid(tf.reduce_mean(conv(x), [1, 2], keepdims=True)),
    "mean channels": lambda x: tf.reduce_sum(conv(x), 3),
    "max height": lambda x: tf.reduce_max(conv(x), [1]),
    "mean batch": lambda x: tf.reduce_mean(conv(x), [0]),
    "concat channels": lambda x: tf.concat([conv(x), x], 3),
    "concat height": lambda x: tf.concat([conv(x, 6), x], 1),
    "add bias of channels": lambda x: conv(x) + normal(8),
    "add picture": lambda x: conv(x) + normal(9, 11, 8),
    "add of rows": lambda x: conv(x) * normal(11, 1),
    "add scalar": lambda x: 2.0 - conv(x),
    "flatten": lambda x: tf.matmul(tf.reshape(conv(x), [2, -1]), normal(792, 5)),
    "flatten computed": lambda x: tf.reshape(conv(x), tf.stack([tf.shape(x)[0], -1])),
    "squeeze": lambda x: tf.squeeze(tf.reduce_mean(conv(x), [1, 2], keepdims=True), [1, 2]),
    "squeeze batch": lambda x: tf.squeeze(conv(x[:1]), [0]),
    "ssd head": lambda x: tf.concat([tf.reshape(conv(x, 12), [2, -1, 4]), tf.reshape(conv(x, 8), [2, -1, 4])], 1),
    "transpose away": lambda x: tf.transpose(conv(x), [0, 3, 1, 2]),
    "transpose back": lambda x: conv(tf.transpose(tf.transpose(conv(x), [0, 3, 1, 2]), [0, 2, 3, 1])),
    "transpose other": lambda x: tf.transpose(conv(x), [3, 1, 0, 2]),
    "shuffle": shuffle,
    "pad": lambda x: conv(tf.pad(conv(x), [[0, 0], [1, 2], [0, 3], [0, 0]]), padding="VALID"),
    "pad value": lambda x: RAW.PadV2(input=conv(x), paddings=[[0, 0], [1, 2], [0, 3], [1, 0]], constant_values=-1.5),
    "mirror pad": lambda x: RAW.MirrorPad(input=conv(x), paddings=[[0, 0], [1, 2], [3, 0], [0, 0]], mode="REFLECT"),
    "bilinear": lambda x: RAW.ResizeBilinear(images=conv(x), size=[15, 7]),
    "bilinear corners": lambda x: RAW.ResizeBilinear(images=conv(x), size=[17, 21], align_corners=True),
    "bilinear centres": lambda x: RAW.ResizeBilinear(images=conv(x), size=[15, 22], half_pixel_centers=True),
    "bilinear computed": lambda x: RAW.ResizeBilinear(images=conv(x), size=tf.shape(x)[1:3] * 2),
    "nearest": lambda x: RAW.ResizeNearestNeighbor(images=conv(x), size=[18, 30]),
    "nearest corners": lambda x: RAW.ResizeNearestNeighbor(images=conv(x), size=[16, 27], align_corners=True),
    "nearest centres": lambda x: RAW.ResizeNearestNeighbor(images=conv(x), size=[5, 30], half_pixel_centers=True),
    "split channels": lambda x: tf.concat(tf.split(conv(x), 2, axis=3)[::-1], 3),
    "split sizes": lambda x: tf.split(conv(x), [2, 5, 1], axis=3)[1] * 2.0,
    "unpack": lambda x: tf.unstack(conv(x), axis=3)[2] + tf.unstack(conv(x), axis=3)[0],
    "pack": lambda x: tf.stack([conv(x), conv(x)], axis=-1),
    "strided slice": lambda x: conv(x)[:, 1:-1, ::2, :],
    "strided slice shrink": lambda x: conv(x)[:, 3, ..., 2:5],
    "strided slice new": lambda x: conv(x)[:, tf.newaxis, ..., 0],
    "strided slice back": lambda x: conv(x)[:, ::-1, 8:2:-2, -1],
    "slice": lambda x: tf.slice(conv(x), [0, 1, 2, 3], [-1, 4, -1, 2]),
    "tile": lambda x: tf.tile(conv(x), [1, 2, 1, 3]),
    "expand dims": lambda x: tf.expand_dims(conv(x), 1),
    "softmax": lambda x: tf.nn.softmax(conv(x)),
    "log softmax": lambda x: tf.nn.log_softmax(tf.reduce_mean(conv(x), [1, 2])),
    "arg max": lambda x: tf.argmax(conv(x), 3),
    "top k": lambda x: RAW.TopKV2(input=tf.reduce_mean(conv(x), [1, 2]), k=3)[0],
    "top k places": lambda x: RAW.TopKV2(input=tf.reduce_mean(conv(x), [1, 2]), k=3)[1],
    "gather": lambda x: tf.gather(conv(x), [1, 0, 5], axis=3),
    "one hot": lambda x: tf.one_hot(tf.argmax(conv(x), 3), 8, 2.0, -1.0),
    "matmul": lambda x: tf.matmul(conv(x), conv(x, 5), transpose_a=True),
    "space to depth": lambda x: RAW.SpaceToDepth(input=conv(x)[:, :8, :10], block_size=2),
    "depth to space": lambda x: RAW.DepthToSpace(input=conv(x), block_size=2),
    "add n": lambda x: tf.add_n([conv(x), conv(x), conv(x)]),
    "select": lambda x: tf.where(conv(x) > 0.1, conv(x), -conv(x)),
    "elu": lambda x: tf.nn.elu(conv(x)),
    "selu": lambda x: tf.nn.selu(conv(x)),
    "leaky relu": lambda x: RAW.LeakyRelu(features=conv(x), alpha=0.3),
    "softsign": lambda x: tf.nn.softsign(conv(x)),
    "swish": lambda x: conv(x) * tf.sigmoid(conv(x)),
    "hard swish": lambda x: x * tf.nn.relu6(x + 3.0) * 0.16667,
    "squared difference": lambda x: tf.squared_difference(conv(x), conv(x)),
    "cast and preprocess": lambda x: conv((tf.cast(tf.cast(tf.abs(x) * 50, tf.uint8), tf.float32) - 128.0) / 128.0),
    "zeros": lambda x: tf.zeros([3000, 4]) + tf.reduce_mean(conv(x)),
    "fill": lambda x: tf.fill(tf.stack([tf.shape(x)[0], 3]), 2.5) + tf.reduce_mean(conv(x), [1, 2])[:, :3],
    "cumsum": lambda x: tf.cumsum(conv(x), axis=1, exclusive=True),
    "range": lambda x: tf.cast(tf.range(0, tf.shape(x)[1], 2), tf.float32) * tf.reduce_mean(x),
    "clip": lambda x: tf.clip_by_value(conv(x), -0.2, 0.4),
    "layer norm": lambda x: (conv(x) - tf.reduce_mean(conv(x), [3], keepdims=True)) * tf.rsqrt(
        tf.reduce_mean(tf.square(x), [3], keepdims=True) + 1e-3),
    "any": lambda x: tf.cast(tf.reduce_any(conv(x) > 1.5, [1, 3]), tf.float32),
}


def run_case(name, make, folder):
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [2, 9, 11, 6], name="x")
        out = tf.identity(make(x), name="out")
        array = np.random.default_rng(9).standard_normal((2, 9, 11, 6)).astype(np.float32)
        with tf.Session(graph=graph) as session:
            wanted = session.run(out, {x: array})
        path = os.path.join(folder, "n.pb")
        with open(path, "wb") as file:
            file.write(graph.as_graph_def().SerializeToString())
    errors = []
    for options in (("--min-subgraph", "1000000"), ("--min-subgraph", "0")):
        plan_path = os.path.join(folder, "n.plan")
        scull.build(path, None, plan_path, "--tune", "none", *options)
        plan = scull.Plan(plan_path)
        plan.set("x", array)
        plan.run()
        got = plan.output(plan.outputs.index("out"))
        plan.close()
        same = got.shape == wanted.shape and got.dtype == wanted.dtype
        error = np.abs(got.astype(np.float64) - wanted.astype(np.float64)).max() / (float(np.ptp(wanted)) or 1.0) if same else np.inf
        errors.append(float(error))
    return errors


def main():
    words, bad = sys.argv[1:], 0
    with tempfile.TemporaryDirectory() as folder:
        for name, make in CASES.items():
            if words and not any(word in name for word in words):
                continue
            try:
                errors = run_case(name, make, folder)
            except (scull.Failure, tf.errors.OpError) as failure:
                print("%-22s %s" % (name, str(failure).strip().splitlines()[0]))
                bad += 1
                continue
            off = max(errors) > 1e-5
            bad += off
            print("%-22s native %.1e  optimized %.1e%s" % (name, *errors, "  OFF" if off else ""))
    print("%d of %d are off" % (bad, len(CASES)))
    return bad != 0


if __name__ == "__main__":
    sys.exit(main())
