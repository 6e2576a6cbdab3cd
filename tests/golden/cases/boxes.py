"""Boxes of object detection: overlaps, non-maximum suppression, matching, encoding."""
from golden.case import between, case, formula, raises, values

loose = {"rtol": 1e-4, "atol": 1e-5}


def boxes(count, extra=0, batch=(), salt=0):
    """`batch` sets of `count` rows: class in 0..2, score, corners of boxes that overlap, `extra` further columns."""
    shape = (*batch, count)
    low, size = formula((*shape, 2), salt, 0, 3), formula((*shape, 2), salt + 1, 0.5, 3)
    rows = formula((*shape, 6 + extra), salt + 2, 0, 1)
    rows[..., 0] = (rows[..., 0] * 3).astype(int)
    rows[..., 2:4], rows[..., 4:6] = low, low + size
    return rows.round(4).tolist()


every = ("float32", "float64")
few = [[0, 0.5, 0.1, 0.1, 0.2, 0.2], [1, 0.4, 0.1, 0.1, 0.2, 0.2], [0, 0.3, 0.1, 0.1, 0.14, 0.14],
       [2, 0.6, 0.5, 0.5, 0.7, 0.8], [-1, 0.9, 0, 0, 1, 1], [3, -0.5, 0, 0, 1, 1]]
far = [[0, 0.9, -1, 0, 1, 2], [0, 0.8, 3, -1, 5, 6], [0, -0.5, 10, 10, 11, 11], [-2, 0.7, 20, 20, 22, 23]]
equal = [[i % 3, 0.5 + 0.125 * (i % 3), i / 4, 0, i / 4 + 1, 1] for i in range(24)]

# _contrib_box_nms
for arguments in ("", ", id_index=0", ", id_index=0, background_id=2", ", id_index=0, force_suppress=True",
                  ", overlap_thresh=0.1", ", overlap_thresh=0", ", overlap_thresh=-1", ", overlap_thresh=1",
                  ", valid_thresh=0.45", ", valid_thresh=2", ", valid_thresh=-1", ", topk=0", ", topk=2",
                  ", topk=100", ", out_format='center'", ", in_format='center'",
                  ", in_format='center', out_format='center'", ", coord_start=1, score_index=0"):
    case(f"nd.contrib.box_nms(x{arguments})", x=values(few))
    case(f"nd.contrib.box_nms(x{arguments})", x=values(boxes(40, batch=(2,))), dtypes=every)
for form in ("'center'", "'corner'"):
    case(f"nd.contrib.box_nms(x, in_format={form}, out_format='center', valid_thresh=-1)", x=values(far))
    case(f"nd.contrib.box_nms(x, in_format={form}, valid_thresh=-1)", x=values(far))
case("nd.contrib.box_nms(x, overlap_thresh=0.6, id_index=0)", x=values(equal), dtypes=("float16", *every))
case("nd.contrib.box_nms(x, overlap_thresh=0.6)", x=values(equal))
case("nd.contrib.box_nms(x, coord_start=2, id_index=7, score_index=6)", x=values(boxes(9, 2, (2, 3))))
for background in (-1, 0, 2):
    case(f"nd.contrib.box_nms(x, id_index=0, background_id={background})",
         x=values([[2.5, 0.9, 0, 0, 1, 1], [2, 0.8, 0, 0, 1, 1], [-0.5, 0.7, 2, 2, 3, 3], [0, 0.6, 2, 2, 3, 3]]))
case("nd.contrib.box_nms(x, overlap_thresh=0.3, topk=200)", x=values(boxes(700)))
case("nd.contrib.box_nms(x, overlap_thresh=0.9, id_index=0)", x=values(boxes(700)))
case("nd.contrib.box_non_maximum_suppression(x)", x=values(few))
raises("nd.contrib.box_nms(x)", x=(6,), match="number of boxes")
raises("nd.contrib.box_nms(x)", x=(3, 5), match="coord_start")
raises("nd.contrib.box_nms(x, score_index=6)", x=(3, 6), match="score_index")
raises("nd.contrib.box_nms(x, id_index=6)", x=(3, 6), match="id_index")
raises("nd.contrib.box_nms(x, in_format='corners')", x=(3, 6))
raises("nd.contrib.box_nms(x)", x=(3, 6), dtypes=("int32",), match="floating")

# _contrib_box_iou
corners = [[0, 0, 1, 1], [0, 0, 2, 2], [1, 1, 0, 0], [0, 0, 0, 0], [-1, 0.5, 0.5, 3], [5, 5, 6, 6]]
for form in ("center", "corner"):
    case(f"nd.contrib.box_iou(a, b, format='{form}')", a=values(corners), b=values(corners[1:]),
         dtypes=("float16", *every))
    case(f"nd.contrib.box_iou(a, b, format='{form}')", a=(2, 3, 4), b=(5, 4), **loose)
    case(f"nd.contrib.box_iou(a, b, format='{form}')", a=between(0, 2, (3, 4)), b=between(0, 2, (1, 2, 2, 4)), **loose)
raises("nd.contrib.box_iou(a, b)", a=(4,), b=(2, 4))
raises("nd.contrib.box_iou(a, b)", a=(2, 5), b=(2, 4))
raises("nd.contrib.box_iou(a, b)", a=(2, 4), b=values([[0, 0, 1, 1]], "float64"))
raises("nd.contrib.box_iou(a, b)", a=(2, 4), b=(2, 4), dtypes=("int32",))

# _contrib_bipartite_matching
for arguments in ("threshold=0.5", "threshold=0.5, is_ascend=True", "threshold=-9, topk=1", "threshold=-9, topk=2",
                  "threshold=-9, topk=0", "threshold=9", "threshold=9, is_ascend=True"):
    case(f"nd.contrib.bipartite_matching(x, {arguments})", x=(2, 5, 3))
    case(f"nd.contrib.bipartite_matching(x, {arguments})", x=(1, 3, 2, 6), dtypes=("float16", *every))
case("nd.contrib.bipartite_matching(x, threshold=0.5)", x=values([[0.5, 0.5], [0.5, 0.5], [0.9, 0.9]]))
case("nd.contrib.bipartite_matching(x, threshold=0.5, is_ascend=True)", x=values([[0.5, 0.5], [0.5, 0.5], [0.1, 0.1]]))
case("nd.contrib.bipartite_matching(x, threshold=0.1)", x=values([[0.5, 0.5], [0.5, 0.5], [0.9, 0.9]]))
raises("nd.contrib.bipartite_matching(x, threshold=0.1)", x=(3,))
raises("nd.contrib.bipartite_matching(x)", x=(3, 2), match="threshold")

# _contrib_box_encode
anchors = [row[2:] for row in boxes(5)]
samples = {"a": values([[1, 0, -1, 0.7, 0.5], [1, 1, 0.51, 0, 9]]),
           "b": values([[0, 1, 0, 2, 5], [2, 1.9, 0, 0, 1]]),
           "c": values([anchors, anchors[::-1]]),
           "d": values([[row[2:] for row in boxes(3, salt=s)] for s in (1, 2)]),
           "e": values([0.1, 0.2, 0.3, 0.4]), "f": values([0.1, 0.1, 0.2, 0.2])}
case("nd.contrib.box_encode(a, b, c, d, e, f)", dtypes=every, **samples)
case("nd.contrib.box_encode(a, b, c, d, f, e)", dtypes=every, **samples)
case("nd.contrib.box_encode(a, b, c, d, e, f)", dtypes=("float16",), rtol=1e-2, atol=1e-2, **samples)
raises("nd.contrib.box_encode(a, b, c, d, e, b)", **samples)
raises("nd.contrib.box_encode(a, b, c[0], d, e, f)", **samples)
raises("nd.contrib.box_encode(a, b, c, d)", **samples)

# _contrib_box_decode
for arguments in ("", ", std0=0.1, std1=0.1, std2=0.2, std3=0.2", ", clip=1.0", ", clip=0", ", format='corner'",
                  ", format='corner', clip=0.5, std2=0.2"):
    case(f"nd.contrib.box_decode(x, y{arguments})", x=(2, 5, 4), y=values([anchors]), dtypes=every, **loose)
case("nd.contrib.box_decode(x, y, .1, .1, .2, .2)", x=(2, 5, 4), y=values([anchors]))
raises("nd.contrib.box_decode(x, y)", x=(2, 5, 4), y=(5, 4))
raises("nd.contrib.box_decode(x, y)", x=(2, 5, 4), y=(2, 5, 4))
raises("nd.contrib.box_decode(x, y)", x=(2, 5, 5), y=(2, 5, 4))
