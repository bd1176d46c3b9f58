"""Several runtimes in one process take turns in short bursts, in changing order, so that a noisy neighbour or a
changing clock meets them alike."""
import math
import random
import statistics
import time

REST = 0.06  # seconds between bursts: the pools of all spin for a while after their last run
SKIPPED = 2  # runs at the beginning of a burst that wake the threads up


def burst(run, x, seconds, times):
    time.sleep(REST)
    for _ in range(SKIPPED):
        run(x)
    end = time.perf_counter() + seconds
    while True:
        begin = time.perf_counter()
        run(x)
        now = time.perf_counter()
        times.append(1e3 * (now - begin))
        if now >= end:
            return


def take_turns(runs, x, rounds, seconds):
    """{name: (median, minimum)} in ms of `runs`, {name: function of x}; `seconds` a burst."""
    times = {name: [] for name in runs}
    order = list(runs)
    for _ in range(rounds):
        random.shuffle(order)
        for name in order:
            burst(runs[name], x, seconds, times[name])
    return {name: (statistics.median(t), min(t)) for name, t in times.items()}


def geometric(ratios):
    return math.exp(sum(map(math.log, ratios)) / len(ratios))


def print_ratios(what, pairs, worst):
    """A line of the medians and one of the minima; `pairs` are of each cell, None where it has none."""
    pairs = [pair for pair in pairs if pair]
    for i, figures in enumerate(("medians", "minima")):
        if pairs:
            ratios = [pair[i] for pair in pairs]
            print("%s, %s: geometric mean %.3f, worst %.3f" % (what, figures, geometric(ratios), worst(ratios)))
