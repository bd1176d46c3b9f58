"""The four networks of the tables: their sizes, and their plans, which are built once and kept."""
import collections
import os

import scull

SIDES = {"resnet50": 224, "mobilenet_v1": 224, "resnet101": 224, "inception_v3": 299}
Net = collections.namedtuple("Net", "name batch onnx model params shapes inputs")


def add_arguments(parser):
    """What every table asks for."""
    parser.add_argument("--onnx", help="folder with <net>.onnx")
    parser.add_argument("--paddle", help="folder with <net>/model.pdmodel")
    parser.add_argument("--work", default=os.path.join(scull.ROOT, "build", "bench"), help="plans and timing cache")
    parser.add_argument("--nets", default=",".join(SIDES))
    parser.add_argument("--batches", default="1,5,10")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rebuild", action="store_true", help="build plans again")
    parser.add_argument("--input", default="x", help="name of the Paddle models' input")
    parser.add_argument("--build", action="append", default=[], metavar="WORD", help="more words for scull build")


def paper_net(args, name, batch):
    """One of the four networks: an ONNX file for the peers, a Paddle program for Scull."""
    folder = os.path.join(args.paddle, name)
    return Net(name, batch, os.path.join(args.onnx, name + ".onnx"), os.path.join(folder, "model.pdmodel"),
               os.path.join(folder, "model.pdiparams"), {"x": (batch, 3, SIDES[name], SIDES[name])}, {"x": args.input})


def plan_of(args, net, span=False):
    """Builds the plan once; the timing cache makes the next builds short. `span`: one plan for 1:5:10."""
    size = "-range" if span else "-b%d" % net.batch
    plan = os.path.join(args.work, "%s%s-t%d.plan" % (net.name, size, args.threads))
    words = []
    for name, shape in net.shapes.items():
        rest = "".join("x%d" % d for d in shape[1:])
        dims = "1%s:5%s:10%s" % (rest, rest, rest) if span else "%d%s" % (shape[0], rest)
        words += ["--input", "%s=%s" % (net.inputs[name], dims)]
    if args.rebuild or not os.path.exists(plan):
        scull.build(net.model, net.params, plan, *words, "--threads", str(args.threads),
                    "--timing-cache", os.path.join(args.work, "timing.cache"), *args.build)
    return plan
