"""Pooling of regions of interest."""
from golden.case import between, case, formula, raises, values

loose = {"rtol": 1e-4, "atol": 1e-5}
every = ("float32", "float64")


def boxes(count, images, salt=0, low=-4, high=70, angle=False):
    """`count` rows (image, left, top, right, bottom); with `angle` (image, x, y, width, height, degrees)."""
    rows = formula((count, 6), salt, 0, 1)
    rows[:, 0] = (rows[:, 0] * images).astype(int)
    rows[:, 1:5] = low + (high - low) * rows[:, 1:5]
    rows[:, 5] *= 180
    if not angle:
        rows[:, 3:5] = rows[:, 1:3] + (rows[:, 3:5] - low) * 0.7
    return rows[:, :5 + angle].round(2).tolist()


some = values(boxes(9, 2))
odd = values([[0, 3, 3, 3, 3], [1, 8, 8, 2, 2], [1, 0, 0, 63, 63], [0, 2.5, 3.5, 20.5, 30.5], [0, -20, -20, -9, -9],
              [0, 90, 90, 120, 120], [0, 10, 60, 120, 61], [0, 1.1, 1.1, 6.2, 6.2]])

# ROIPooling
for size in ("(2, 2)", "(3, 4)", "(7, 7)", "(1, 1)"):
    for scale in ("0.125", "0.2"):
        case(f"nd.ROIPooling(x, r, pooled_size={size}, spatial_scale={scale})", x=(2, 2, 9, 10), r=some)
        case(f"nd.ROIPooling(x, r, pooled_size={size}, spatial_scale={scale})", x=(2, 2, 9, 10), r=odd, dtypes=every)
case("nd.ROIPooling(nd.relu(x), r, pooled_size=(4, 4), spatial_scale=0.25)", x=(2, 2, 16, 16), r=some)
case("nd.ROIPooling(x, r, pooled_size=(7, 7), spatial_scale=1)", x=(2, 2, 66, 70), r=some, grad=False)
case("nd.ROIPooling(x, r, pooled_size=(2, 2), spatial_scale=0)", x=(2, 2, 5, 5), r=some)
case("nd.ROIPooling(x, r, pooled_size=(2, 2), spatial_scale=1)", x=(2, 2, 5, 5), r=values([[-1, 0, 0, 3, 3]]),
     grad=False)
raises("nd.ROIPooling(x, r, pooled_size=(2,), spatial_scale=1)", x=(2, 2, 5, 5), r=some)
raises("nd.ROIPooling(x, r, pooled_size=(2, 2), spatial_scale=2)", x=(2, 2, 5, 5), r=some)
raises("nd.ROIPooling(x, r, pooled_size=(0, 2), spatial_scale=1)", x=(2, 2, 5, 5), r=some)
raises("nd.ROIPooling(x, r, pooled_size=(2, 2), spatial_scale=1)", x=(2, 5, 5), r=some)
raises("nd.ROIPooling(x, r, pooled_size=(2, 2), spatial_scale=1)", x=(2, 2, 5, 5), r=(3, 4))
raises("nd.ROIPooling(x, r, pooled_size=(2, 2), spatial_scale=1)", x=(2, 2, 5, 5), r=values([[0] * 5], "float64"))
raises("nd.ROIPooling(x, r, pooled_size=(2, 2))", x=(2, 2, 5, 5), r=some)

# _contrib_ROIAlign
for arguments in ("pooled_size=(2, 2)", "pooled_size=(3, 4), sample_ratio=2", "pooled_size=(7, 7), sample_ratio=1",
                  "pooled_size=(3, 2), sample_ratio=0", "pooled_size=(3, 4), sample_ratio=2, aligned=True",
                  "pooled_size=(3, 2), position_sensitive=True",
                  "pooled_size=(2, 3), position_sensitive=True, sample_ratio=3, aligned=1"):
    case(f"nd.contrib.ROIAlign(x, r, {arguments}, spatial_scale=0.125)", x=(2, 6, 9, 10), r=some, dtypes=every, **loose)
    if "aligned" not in arguments:
        case(f"nd.contrib.ROIAlign(x, r, {arguments}, spatial_scale=0.125)", x=(2, 6, 9, 10), r=odd, **loose)
case("nd.contrib.ROIAlign(x, r, pooled_size=(2, 2), spatial_scale=0.5, aligned=True)", x=(2, 3, 32, 32), r=some,
     **loose)
raises("nd.contrib.ROIAlign(x, r, pooled_size=(2,), spatial_scale=1)", x=(2, 2, 5, 5), r=some)
raises("nd.contrib.ROIAlign(x, r, pooled_size=(2, 2), spatial_scale=2)", x=(2, 2, 5, 5), r=some)
raises("nd.contrib.ROIAlign(x, r, pooled_size=(2, 2), spatial_scale=1, position_sensitive=True)", x=(2, 6, 5, 5),
       r=some)
raises("nd.contrib.ROIAlign(x, r, pooled_size=(2, 2), spatial_scale=1)", x=(2, 2, 5, 5), r=(3, 4))

# _contrib_RROIAlign
turned = values(boxes(8, 2, angle=True))
for arguments in ("pooled_size=(2, 2)", "pooled_size=(3, 4), sampling_ratio=2", "pooled_size=(4, 1), sampling_ratio=0"):
    case(f"nd.contrib.RROIAlign(x, r, {arguments}, spatial_scale=0.125)", x=(2, 3, 9, 10), r=turned, grad=False,
         **loose)
    case(f"nd.contrib.RROIAlign(x, r, {arguments}, spatial_scale=0.2)", x=(2, 3, 9, 10), r=turned, grad=False,
         dtypes=every, **loose)
raises("nd.contrib.RROIAlign(x, r, pooled_size=(2, 2), spatial_scale=1)", x=(2, 2, 5, 5), r=some)

# _contrib_PSROIPooling
for arguments in ("pooled_size=3, output_dim=2", "pooled_size=3, output_dim=2, group_size=3",
                  "pooled_size=4, output_dim=4, group_size=2", "pooled_size=2, output_dim=2, group_size=3",
                  "pooled_size=7, output_dim=1, group_size=3"):
    case(f"nd.contrib.PSROIPooling(x, r, {arguments}, spatial_scale=0.125)", x=(2, 18, 9, 10), r=some, dtypes=every,
         **loose)
    case(f"nd.contrib.PSROIPooling(x, r, {arguments}, spatial_scale=0.125)", x=(2, 18, 9, 10), r=odd, **loose)
case("nd.contrib.PSROIPooling(x, r, pooled_size=1, output_dim=2, spatial_scale=0.1)", x=(1, 2, 13, 14),
     r=values([[0, -0.88, 83.02, 8.99, 91.75], [0, 13.57, 92.03, 78.89, 168.17]]), dtypes=every, **loose)
raises("nd.contrib.PSROIPooling(x, r, pooled_size=3, output_dim=2, spatial_scale=2)", x=(2, 18, 9, 10), r=some)
raises("nd.contrib.PSROIPooling(x, r, pooled_size=3, output_dim=2, spatial_scale=1)", x=(18, 9, 10), r=some)
raises("nd.contrib.PSROIPooling(x, r, pooled_size=3, output_dim=2, spatial_scale=1)", x=(2, 18, 9, 10), r=(2, 4))

# _contrib_DeformablePSROIPooling
deformable = "nd.contrib.DeformablePSROIPooling(x, r, t, output_dim=2, spatial_scale=0.125, trans_std=0.1, "
for arguments, classes, parts in (
        ("pooled_size=3, group_size=3)", 1, 3), ("pooled_size=3, group_size=3, sample_per_part=4)", 1, 3),
        ("pooled_size=3, group_size=1, part_size=2, sample_per_part=2)", 2, 2),
        ("pooled_size=2, group_size=3, part_size=5)", 2, 5), ("pooled_size=4, group_size=2, sample_per_part=2)", 1, 4)):
    case(deformable + arguments, x=(2, 18, 9, 10), r=some, t=between(-1, 1, (9, 2 * classes, parts, parts)),
         grad=("x", "t"), dtypes=every, **loose)
    case(deformable + arguments, x=(2, 18, 9, 10), r=odd, t=between(-1, 1, (8, 2 * classes, parts, parts)),
         grad=("x", "t"), **loose)
case("nd.contrib.DeformablePSROIPooling(x, r, output_dim=2, spatial_scale=0.125, pooled_size=3, group_size=3, "
     "sample_per_part=2, no_trans=True)", x=(2, 18, 9, 10), r=some, **loose)
raises(deformable + "pooled_size=3, group_size=3)", x=(2, 18, 9, 10), r=some, t=(9, 2, 3))
raises(deformable + "pooled_size=3, group_size=3)", x=(2, 18, 9, 10), r=(9, 4), t=(9, 2, 3, 3))

# Boxes above the map: halves go away from zero before the box is made one pixel larger.
case("nd.contrib.PSROIPooling(a, r, spatial_scale=0.5, output_dim=2, pooled_size=2)", a=(1, 8, 8, 9),
     r=values([[0, 4.9, -1.3, 11.8, -0.5], [0, 2.5, 1.5, 6.5, 4.5], [0, -0.5, -1.5, 3.5, 2.5]]), grad=("a",))
