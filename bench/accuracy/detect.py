"""From a detector's raw output to boxes, and the average precision at an overlap of 0.5."""
import numpy as np


def overlap(box, boxes):
    x0, y0 = np.maximum(box[0], boxes[:, 0]), np.maximum(box[1], boxes[:, 1])
    x1, y1 = np.minimum(box[2], boxes[:, 2]), np.minimum(box[3], boxes[:, 3])
    both = np.clip(x1 - x0, 0, None) * np.clip(y1 - y0, 0, None)
    area = lambda b: (b[..., 2] - b[..., 0]) * (b[..., 3] - b[..., 1])
    return both / np.maximum(area(box) + area(boxes) - both, 1e-9)


def suppress(boxes, scores, limit):
    """The boxes that are kept, best first, when those that overlap a better one by more than `limit` go."""
    order, kept = np.argsort(-scores, kind="stable"), []
    while len(order):
        kept.append(order[0])
        order = order[1:][overlap(boxes[order[0]], boxes[order[1:]]) <= limit]
    return kept


def yolox(raw, ratio, size=416, least=0.01, limit=0.65):
    """[anchors, 85] -> (class, score, x0, y0, x1, y1) in the picture's own pixels, class by class."""
    grids, steps = [], []
    for stride in (8, 16, 32):
        n = size // stride
        ys, xs = np.meshgrid(np.arange(n), np.arange(n), indexing="ij")
        grids.append(np.stack((xs, ys), -1).reshape(-1, 2))
        steps.append(np.full((n * n, 1), stride))
    grid, step = np.concatenate(grids), np.concatenate(steps)
    middle, extent = (raw[:, :2] + grid) * step, np.exp(raw[:, 2:4]) * step
    boxes = np.concatenate((middle - extent / 2, middle + extent / 2), 1) / ratio
    return best_of_classes(boxes, raw[:, 4:5] * raw[:, 5:], least, limit)


def picodet(outputs, ratios, size=320, least=0.01, limit=0.6):
    """Scores of four strides, then as many distributions over 8 distances to each side of a box."""
    boxes, scores = [], np.concatenate([o[0] for o in outputs[:4]])
    for stride, raw in zip((8, 16, 32, 64), outputs[4:]):
        n = int(round(len(raw[0]) ** 0.5))
        ys, xs = np.meshgrid(np.arange(n), np.arange(n), indexing="ij")
        middle = (np.stack((xs, ys), -1).reshape(-1, 2) + 0.5) * stride
        weights = np.exp(raw[0].reshape(-1, 4, 8) - raw[0].reshape(-1, 4, 8).max(2, keepdims=True))
        sides = (weights / weights.sum(2, keepdims=True) * np.arange(8)).sum(2) * stride
        boxes.append(np.concatenate((middle - sides[:, :2], middle + sides[:, 2:]), 1))
    return best_of_classes(np.clip(np.concatenate(boxes), 0, size) * np.tile(ratios, 2), scores, least, limit)


def best_of_classes(boxes, scores, least, limit):
    """Class by class the boxes that no better one covers."""
    found = []
    for kind in range(scores.shape[1]):
        chosen = np.flatnonzero(scores[:, kind] > least)
        if len(chosen):
            for i in suppress(boxes[chosen], scores[chosen, kind], limit):
                found.append((kind, float(scores[chosen[i], kind]), *boxes[chosen[i]]))
    return found


def precision(found, truth):
    """One class: found (picture, score, box) against truth {picture: boxes}; the area under the precision envelope."""
    count = sum(len(boxes) for boxes in truth.values())
    taken = {picture: np.zeros(len(boxes), bool) for picture, boxes in truth.items()}
    right = []
    for picture, _, box in sorted(found, key=lambda f: -f[1]):
        boxes = truth.get(picture)
        if boxes is None:
            right.append(0)
            continue
        overlaps = np.where(taken[picture], -1, overlap(np.array(box), boxes))
        best = int(np.argmax(overlaps))
        hit = overlaps[best] >= 0.5
        right.append(int(hit))
        if hit:
            taken[picture][best] = True
    hits = np.cumsum(right)
    recall, exact = hits / count, hits / np.arange(1, len(right) + 1)
    exact = np.maximum.accumulate(exact[::-1])[::-1]
    points = np.linspace(0, 1, 101)
    at = np.searchsorted(recall, points, side="left")
    return float(np.mean([exact[i] if i < len(exact) else 0 for i in at])) if len(right) else 0.0


def ap50(found, truth):
    """Mean over the classes that stand in the truth: lists of both, one item a picture."""
    figures = []
    for kind in sorted({box[0] for boxes in truth for box in boxes}):
        mine = [(p, f[1], f[2:]) for p, boxes in enumerate(found) for f in boxes if f[0] == kind]
        real = {}
        for p, boxes in enumerate(truth):
            chosen = [box[1:] for box in boxes if box[0] == kind]
            if chosen:
                real[p] = np.array(chosen)
        figures.append(precision(mine, real))
    return float(np.mean(figures))
