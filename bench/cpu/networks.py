"""The four networks of the tables: their sizes, and their plans, which are built once and kept."""
import os

import scull

SIDES = {"resnet50": 224, "mobilenet_v1": 224, "resnet101": 224, "inception_v3": 299}


def add_arguments(parser):
    """What every table asks for."""
    parser.add_argument("--onnx", required=True, help="folder with <net>.onnx")
    parser.add_argument("--paddle", required=True, help="folder with <net>/model.pdmodel")
    parser.add_argument("--work", default=os.path.join(scull.ROOT, "build", "bench"), help="plans and timing cache")
    parser.add_argument("--nets", default=",".join(SIDES))
    parser.add_argument("--batches", default="1,5,10")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rebuild", action="store_true", help="build plans again")
    parser.add_argument("--input", default="x", help="name of the Paddle models' input")
    parser.add_argument("--build", action="append", default=[], metavar="WORD", help="more words for scull build")


def plan_of(args, net, batch, span=False):
    """Builds the plan once; the timing cache makes the next builds short. `span`: one plan for 1:5:10."""
    name = "-range" if span else "-b%d" % batch
    plan = os.path.join(args.work, "%s%s-t%d.plan" % (net, name, args.threads))
    shape = "x".join(map(str, (3, SIDES[net], SIDES[net])))
    dims = "1x%s:5x%s:10x%s" % (shape, shape, shape) if span else "%dx%s" % (batch, shape)
    folder = os.path.join(args.paddle, net)
    if args.rebuild or not os.path.exists(plan):
        scull.build(os.path.join(folder, "model.pdmodel"), os.path.join(folder, "model.pdiparams"), plan,
                    "--input", "%s=%s" % (args.input, dims), "--threads", str(args.threads),
                    "--timing-cache", os.path.join(args.work, "timing.cache"), *args.build)
    return plan
