"""Detectors with anchors: MultiBoxPrior, MultiBoxTarget, MultiBoxDetection, Proposal, MultiProposal."""
import numpy as np

from golden.case import between, case, formula, raises, values

loose = {"rtol": 1e-4, "atol": 1e-5}

# _contrib_MultiBoxPrior
for arguments in ("", ", sizes=(.5, .2), ratios=(1, 2, .5)", ", sizes=(.5, .2), ratios=(3, 2)",
                  ", sizes=.5, ratios=2.", ", clip=True", ", steps=(.5, .25)", ", steps=(0, 0)",
                  ", offsets=(.1, .7)", ", sizes='(0.3, 0.4)', ratios='[1,2]'", ", sizes=(-1, 0)"):
    case(f"nd.contrib.MultiBoxPrior(x{arguments})", x=(2, 3, 2, 3), **loose)
    case(f"nd.contrib.MultiBoxPrior(x{arguments})", x=(1, 1, 7, 5), **loose)
for arguments in ("steps=(.5, -1)", "steps=(.5,)", "sizes=()", "ratios=()", "offsets=(1,)"):
    raises(f"nd.contrib.MultiBoxPrior(x, {arguments})", x=(1, 3, 2, 2))
raises("nd.contrib.MultiBoxPrior(x)", x=(3, 2, 2))
raises("nd.contrib.MultiBoxPrior(x)", x=(1, 3, 2, 2), dtypes=("float16", "float64", "int32"))


def grid(side, scales):
    """Anchors of several sizes around the pixels of a square."""
    y, x = np.meshgrid(np.arange(side) / side + 0.5 / side, np.arange(side) / side + 0.5 / side, indexing="ij")
    made = [np.stack([x - s, y - t, x + s, y + t], -1).reshape(-1, 4) for s, t in scales]
    return np.concatenate(made)[None].round(6).tolist()


def labels(batch, count, there, salt=0):
    """`batch` lists of `count` labels of which `there` are not filled up."""
    low, size = formula((batch, count, 2), salt, 0, 0.6), formula((batch, count, 2), salt + 1, 0.1, 0.4)
    rows = np.full((batch, count, 5), -1.0)
    rows[..., 0] = np.floor(formula((batch, count), salt + 2, 0, 3))
    rows[..., 1:3], rows[..., 3:5] = low, low + size
    for row in range(batch):
        rows[row, there[row]:] = -1
    return rows.round(4).tolist()


# _contrib_MultiBoxTarget
anchors = grid(4, [(0.1, 0.1), (0.2, 0.15), (0.3, 0.3)])
for arguments in ("", ", overlap_threshold=0.3", ", overlap_threshold=-1", ", overlap_threshold=0",
                  ", negative_mining_ratio=1", ", negative_mining_ratio=3, ignore_label=-7",
                  ", negative_mining_ratio=1, negative_mining_thresh=0.4",
                  ", negative_mining_ratio=0.4, minimum_negative_samples=3", ", minimum_negative_samples=3",
                  ", negative_mining_ratio=0.7, overlap_threshold=0", ", variances=(1, 2, 3, 4)",
                  ", negative_mining_ratio=0", ", negative_mining_ratio=100, negative_mining_thresh=1"):
    case(f"nd.contrib.MultiBoxTarget(a, b, c{arguments})", a=values(anchors), b=values(labels(3, 4, (4, 2, 0))),
         c=(3, 3, 48), **loose)
    case(f"nd.contrib.MultiBoxTarget(a, b, c{arguments})", a=values(anchors), b=values(labels(2, 9, (9, 1), 4)),
         c=(2, 3, 48), **loose)
small = [[[0.1, 0.1, 0.3, 0.3], [0.1, 0.1, 0.35, 0.3], [0.5, 0.5, 0.7, 0.7], [0.5, 0.5, 0.9, 0.9], [0, 0.7, 0.2, 0.9],
          [0.4, 0, 0.6, 0.2]]]
case("nd.contrib.MultiBoxTarget(a, b, c)", a=values(small), b=values([[[1, 0.1, 0.1, 0.3, 0.3]] * 9] * 2), c=(2, 3, 6),
     **loose)
case("nd.contrib.MultiBoxTarget(a, b, c)", a=values(small), b=values([[[1, 0, 0, 0.01, 0.01]]] * 2), c=(2, 3, 6))
case("nd.contrib.MultiBoxTarget(a, b, c)", a=values(small), b=values([[[2.7, 0.5, 0.5, 0.7, 0.8, 3, 4]]]), c=(1, 3, 6),
     **loose)
case("nd.contrib.MultiBoxTarget(a, b, c)", a=values(small), b=values([[[0.0] * 5] * 3]), c=(1, 3, 6))
case("nd.contrib.MultiBoxTarget(a, b, c, overlap_threshold=0.5)", a=values([[[0, 0, 1, 1], [0, 0, 0.5, 1]]]),
     b=values([[[1, 0, 0, 1, 1]]]), c=(1, 3, 2))
case("nd.contrib.MultiBoxTarget(a, b, c, negative_mining_ratio=1, negative_mining_thresh=0.5)",
     a=values([[[0, 0, 1, 1], [0, 0, 0.49, 1], [0.8, 0.8, 1, 1]]]), b=values([[[1, 0, 0, 1, 1]]]), c=(1, 3, 3))
raises("nd.contrib.MultiBoxTarget(a, b, c, negative_mining_ratio=1, negative_mining_thresh=0.1)", a=values(small),
       b=values([[[1, 0.1, 0.1, 0.3, 0.35], [0, 0.5, 0.5, 0.75, 0.75]]]), c=(1, 3, 6), match="negative_mining")
raises("nd.contrib.MultiBoxTarget(a, b, c)", a=values(small), b=values([[[-1, 0, 0, 0, 0]]]), c=(1, 3, 6))
raises("nd.contrib.MultiBoxTarget(a, b, c, variances=(1, 1))", a=values(small), b=(1, 3, 5), c=(1, 3, 6))
raises("nd.contrib.MultiBoxTarget(a, b, c)", a=values(small), b=(1, 3, 4), c=(1, 3, 6))
raises("nd.contrib.MultiBoxTarget(a, b, c)", a=values(small), b=(1, 3, 5), c=(1, 3, 5))
raises("nd.contrib.MultiBoxTarget(a, b, c)", a=(2, 6, 4), b=(2, 3, 5), c=(2, 3, 6))
raises("nd.contrib.MultiBoxTarget(a, b, c)", a=(1, 6, 4), b=(2, 3, 5), c=(2, 3, 6), dtypes=("float64",))

# _contrib_MultiBoxDetection
for arguments in ("", ", threshold=0.9", ", threshold=2", ", nms_threshold=0.1",
                  ", nms_threshold=0.2, force_suppress=True", ", nms_topk=3", ", nms_topk=0", ", clip=False",
                  ", background_id=2", ", background_id=-1", ", variances=(1, 1, 1, 1)", ", nms_threshold=-1",
                  ", nms_threshold=0", ", nms_threshold=1", ", nms_threshold=1.5", ", nms_topk=9, nms_threshold=.3"):
    case(f"nd.contrib.MultiBoxDetection(a, b, c{arguments})", a=between(0, 1, (2, 4, 48)), b=(2, 192),
         c=values(anchors), **loose)
tied = [[[0, 0, 1, 1]] * 4]
case("nd.contrib.MultiBoxDetection(a, b, c)", a=values([[[0] * 4, [0.5] * 4, [0] * 4]]), b=values([[0] * 16]),
     c=values(tied))
case("nd.contrib.MultiBoxDetection(a, b, c, threshold=-1)", a=values([[[0] * 4, [0.5, -0.5, 0.5, 0.5], [0] * 4]]),
     b=values([[0] * 16]), c=values(tied))
case("nd.contrib.MultiBoxDetection(a, b, c, threshold=0.8)", a=values([[[0, 0], [0.9, 0.8]]]), b=values([[0] * 8]),
     c=values([[[0, 0, 1, 1], [0, 0, 0.5, 1]]]))
case("nd.contrib.MultiBoxDetection(a, b, c, nms_threshold=1e-5)", a=values([[[0] * 4, [0.9, 0.8, 0.7, 0.6]]]),
     b=values([[0] * 16]), c=values([[[0, 0, 0, 0], [0, 0, 0, 0], [0.5, 0.5, 0.2, 0.2], [0.5, 0.5, 0.2, 0.2]]]))
case("nd.contrib.MultiBoxDetection(a, b, c)", a=(1, 1, 2), b=(1, 8), c=(1, 2, 4))
raises("nd.contrib.MultiBoxDetection(a, b, c, variances=(1,))", a=(2, 4, 8), b=(2, 32), c=(1, 8, 4))
raises("nd.contrib.MultiBoxDetection(a, b, c)", a=(2, 4, 8), b=(2, 24), c=(1, 8, 4))
raises("nd.contrib.MultiBoxDetection(a, b, c)", a=(2, 4, 8), b=(2, 32), c=(1, 8, 5))
raises("nd.contrib.MultiBoxDetection(a, b, c)", a=(4, 8), b=(2, 32), c=(1, 8, 4))
raises("nd.contrib.MultiBoxDetection(a, b, c)", a=(2, 4, 8), b=(2, 32), c=(1, 8, 4), dtypes=("float64",))

# _contrib_Proposal, _contrib_MultiProposal
for name, batch in (("Proposal", 1), ("MultiProposal", 1), ("MultiProposal", 3)):
    info = [[48, 64, 1], [40, 50, 0.8], [33, 64, 1.7]][-batch:]
    for arguments in ("", ", output_score=True", ", rpn_pre_nms_top_n=12", ", threshold=0.3",
                      ", iou_loss=True", ", rpn_min_size=40", ", rpn_min_size=0", ", scales=(2, 3, 4, 6.5)",
                      ", rpn_pre_nms_top_n=0", ", rpn_pre_nms_top_n=-1"):
        case(f"nd.contrib.{name}(a, b, c, rpn_post_nms_top_n=10{arguments})", a=between(0, 1, (batch, 24, 3, 4)),
             b=between(-0.6, 0.6, (batch, 48, 3, 4)), c=values(info), rtol=1e-4, atol=1e-3)
    case(f"nd.contrib.{name}(a, b, c, output_score=True, scales=(8,), ratios=(.5, 2))", rtol=1e-4, atol=1e-3,
         a=between(0, 1, (batch, 4, 3, 4)), b=between(-0.6, 0.6, (batch, 8, 3, 4)), c=values(info))
    case(f"nd.contrib.{name}(a, b, c, output_score=True, scales=(2, 4), ratios=(.3, 1, 1.5), feature_stride=8, "
         "rpn_min_size=8, rpn_post_nms_top_n=99)", rtol=1e-4, atol=1e-3, a=between(0, 1, (batch, 12, 9, 8)),
         b=between(-0.6, 0.6, (batch, 24, 9, 8)), c=values(info))
raises("nd.contrib.Proposal(a, b, c)", a=(2, 24, 3, 4), b=(2, 48, 3, 4), c=(2, 3), match="one image")
raises("nd.contrib.Proposal(a, b, c, ratios=(1, 2))", a=(1, 24, 3, 4), b=(1, 48, 3, 4), c=(1, 3), match="anchors")
raises("nd.contrib.Proposal(a, b, c)", a=(1, 24, 3, 4), b=(1, 48, 3, 4), c=(3,))
raises("nd.contrib.Proposal(a, b, c)", a=(1, 24, 3, 4), b=(1, 24, 3, 4), c=(1, 3))
raises("nd.contrib.Proposal(a, b, c)", a=(1, 24, 3, 4), b=(1, 48, 3, 4), c=(1, 3), dtypes=("float64",))
