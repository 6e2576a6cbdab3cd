"""Mean average precision as PASCAL VOC 2007 defined it."""
from __future__ import annotations

import numpy as np

from mxnet import metric, nd


class VOC07MApMetric(metric.EvalMetric):
    """The mean over classes of the precision at recalls of 0, 0.1, ... 1.

    A detection is right if it overlaps by `iou_thresh` or more with an object of its class that no more certain
    detection has found.  Classes without objects do not count.
    """

    def __init__(self, iou_thresh: float = 0.5, name: str = "mAP", **kwargs):
        self.iou_thresh = iou_thresh
        super().__init__(name, **kwargs)

    def reset(self) -> None:
        self.objects: dict[int, int] = {}
        self.found: dict[int, list[tuple[float, bool]]] = {}

    def update(self, labels: nd.NDArray, preds: nd.NDArray) -> None:
        """labels (batch, n, 5): (class, box); preds (batch, m, 6): (class, chance, box); class -1 for none."""
        for objects, detections in zip(labels.asnumpy(), preds.asnumpy(), strict=True):
            self._update_one(objects[objects[:, 0] >= 0], detections[detections[:, 0] >= 0])

    def _update_one(self, objects: np.ndarray, detections: np.ndarray) -> None:
        for label in objects[:, 0].astype(int):
            self.objects[label] = self.objects.get(label, 0) + 1
        missing = np.ones(len(objects), dtype=bool)
        for label, chance, *box in detections[np.argsort(-detections[:, 1], kind="stable")]:
            best, overlap = best_match(np.array(box), objects, label)
            right = overlap >= self.iou_thresh and bool(missing[best])
            if right:
                missing[best] = False
            self.found.setdefault(int(label), []).append((float(chance), right))

    def get(self) -> tuple[str, float]:
        values = [average_precision(self.found.get(label, []), count) for label, count in self.objects.items()]
        return self.name, float(np.mean(values)) if values else float("nan")


def best_match(box: np.ndarray, objects: np.ndarray, label: float) -> tuple[int, float]:
    """Which object of a class overlaps most with a box, and by how much; (-1, 0) if there is none."""
    same = np.flatnonzero(objects[:, 0] == label)
    if not len(same):
        return -1, 0.0
    overlaps = nd.contrib.box_iou(nd.array(box[None]), nd.array(objects[same, 1:5])).asnumpy()[0]
    return int(same[overlaps.argmax()]), float(overlaps.max())


def average_precision(found: list[tuple[float, bool]], count: int) -> float:
    """Of detections (chance, right) of a class that has `count` objects."""
    right = np.cumsum([hit for _, hit in sorted(found, key=lambda one: -one[0])])
    precision = right / np.arange(1, len(right) + 1)
    recall = right / count
    return float(np.mean([precision[recall >= least].max(initial=0) for least in np.linspace(0, 1, 11)]))
