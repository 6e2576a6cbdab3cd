"""gluoncv 0.10.5: transforms, data sets, loaders, metrics, schedules, drawings, files."""

import os

import numpy as np
from gluoncv import data as cv_data
from gluoncv import model_zoo, utils
from gluoncv.data import batchify
from gluoncv.data.transforms import bbox as box_transforms
from gluoncv.data.transforms import (
    experimental,
    presets,  # noqa: F401
    video,
)
from gluoncv.data.transforms import image as image_transforms
from gluoncv.data.transforms.presets import alpha_pose, center_net, imagenet, rcnn, simple_pose, ssd, yolo
from gluoncv.utils.metrics import rcnn as rcnn_metrics
from gluoncv.utils.metrics.accuracy import Accuracy
from gluoncv.utils.metrics.heatmap_accuracy import HeatmapAccuracy
from gluoncv_training import (
    CLASSES,
    anchors,
    center_net_steps,
    coders,
    corners,
    image,
    integers,
    labels,
    layers,
    losses,
    positive,
    random,
    seed,
    segmentation_steps,
    ssd_steps,
    targets,
    yolo_steps,
)
from parts import in_folder, pack

import mxnet as mx
from mxnet import gluon

# --- transforms and data


def transforms():
    found = []
    for transform in (
        ssd.SSDDefaultTrainTransform(64, 48),
        ssd.SSDDefaultValTransform(64, 48),
        yolo.YOLO3DefaultTrainTransform(64, 64),
        yolo.YOLO3DefaultValTransform(64, 64),
        rcnn.FasterRCNNDefaultTrainTransform(60, 100),
        rcnn.FasterRCNNDefaultTrainTransform((40, 60), 100),
        rcnn.FasterRCNNDefaultValTransform(60, 100),
        center_net.CenterNetDefaultTrainTransform(64, 64, num_class=3),
        center_net.CenterNetDefaultValTransform(64, 64),
    ):
        for number in (1, 2, 3):
            seed(number)
            found.append(list(transform(image(seed=number), labels(number))))
    tests = [ssd.transform_test, rcnn.transform_test, yolo.transform_test, center_net.transform_test]
    found += [list(test(image(), short=50)) for test in tests]
    found.append(imagenet.transform_eval(image(), 60, 50))
    return pack(*found)


def poses():
    joints = np.zeros((4, 3, 2), dtype="float32")
    joints[:, :2, 0] = corners(4)[:, :2]
    joints[:, :2, 1] = 1
    label = {"bbox": [5, 5, 70, 60], "joints_3d": joints, "center": np.array([40.0, 35]), "scale": np.array([0.5, 0.5])}
    found = []
    for transform in (
        simple_pose.SimplePoseDefaultTrainTransform(4, [[0, 1]], (64, 64), (16, 16)),
        simple_pose.SimplePoseDefaultValTransform(4, [[0, 1]], (64, 64)),
        alpha_pose.AlphaPoseDefaultTrainTransform(4, [[0, 1]], (64, 64), (16, 16)),
        alpha_pose.AlphaPoseDefaultValTransform(4, [[0, 1]], (64, 64)),
    ):
        seed()
        try:
            found.append(list(transform(image(), {k: np.array(v) for k, v in label.items()}, "a.jpg"))[:3])
        except Exception as error:
            found.append(type(error).__name__)
    found.append(alpha_pose.flip_heatmap(random(4, 5, 6), [[0, 1]]))
    return pack(*found)


def pictures():
    found = []
    for number in (1, 2, 3):
        seed(number)
        found += [
            image_transforms.imresize(image(), 40, 30, interp=number),
            image_transforms.resize_long(image(), 50),
            image_transforms.resize_short_within(image(), 50, 60),
            image_transforms.random_pca_lighting(image().astype("float32"), 10.0),
            image_transforms.random_expand(image(), max_ratio=2),
            image_transforms.random_flip(image(), px=0.5),
            image_transforms.resize_contain(image(), (70, 50)),
            image_transforms.ten_crop(image(), (20, 30)),
            experimental.image.random_color_distort(image().astype("float32")),
            experimental.image.np_random_color_distort(image().astype("float32").asnumpy(), np.random.RandomState(2)),
            experimental.bbox.random_crop_with_constraints(labels(number), (120, 90)),
            box_transforms.crop(labels(), (10, 10, 50, 60)),
            box_transforms.flip(labels(), (120, 90), flip_x=True),
            box_transforms.resize(labels(), (120, 90), (60, 60)),
            box_transforms.translate(labels(), 3, -4),
        ]
    return pack(*found)


def videos():
    clip = [image(60, 80, seed=s).asnumpy() for s in range(4)]
    found = []
    for transform in (
        video.VideoGroupTrainTransform((32, 32), [1.0, 0.8], [0.4] * 3, [0.2] * 3),
        video.VideoGroupValTransform((32, 32), [0.4] * 3, [0.2] * 3),
        video.VideoGroupTrainTransformV2((32, 32), 40, [1.0, 0.8], [0.4] * 3, [0.2] * 3),
        video.VideoGroupValTransformV2((32, 32), 40, [0.4] * 3, [0.2] * 3),
        video.VideoGroupTrainTransformV3((32, 32), 36, 44, [0.4] * 3, [0.2] * 3),
        video.VideoGroupTrainTransformV4((32, 32), [0.4] * 3, [0.2] * 3),
        video.VideoTenCrop((32, 32)),
        video.VideoThreeCrop((60, 60)),
        video.VideoCenterCrop((32, 32)),
        video.ShortSideRescale(40),
    ):
        seed()
        found.append(list(transform(clip)))
    return pack(*found)


class Pictures(gluon.data.Dataset):
    def __len__(self):
        return 5

    def __getitem__(self, index):
        return image(30, 40, seed=index), labels(index)[: index % 3 + 1]


def plain(pixels, label):
    return pixels.astype("float32"), label


def doubled(pixels, label):
    return pixels.astype("float32") * 2, label * 2


def loaders():
    found = []
    for workers in (0, 2):
        batch = batchify.Tuple(batchify.Stack(), batchify.Pad(pad_val=-1))
        found.append(
            list(gluon.data.DataLoader(Pictures(), 2, batchify_fn=batch, num_workers=workers, last_batch="keep"))
        )
        seed()
        turns = cv_data.dataloader.RandomTransformDataLoader(
            [plain, doubled],
            Pictures(),
            batch_size=2,
            interval=1,
            last_batch="rollover",
            batchify_fn=batch,
            num_workers=workers,
        )
        found.append(list(turns))
        mixed = cv_data.mixup.detection.MixupDetection(Pictures(), np.random.beta, 1.5, 1.5)
        seed()
        found.append([mixed[n] for n in range(3)])
    rows = [np.ones((n, 2)) for n in (2, 3)]
    found += [batchify.Pad(ret_length=True)(rows), batchify.Append()(rows), batchify.Stack()([mx.nd.ones(2)] * 2)]
    found += [
        list(cv_data.sampler.SplitSampler(10, 3, 1)),
        list(cv_data.sampler.ShuffleSplitSampler(10, 3, 1)),
        list(cv_data.sampler.SplitSortedBucketSampler([5, 1, 4, 2, 3, 6], 2, num_parts=2, part_index=1)),
    ]
    return pack(*found)


XML = """<annotation><filename>{0}.jpg</filename><size><width>120</width><height>90</height><depth>3</depth></size>
<object><name>{1}</name><difficult>{2}</difficult><bndbox><xmin>11</xmin><ymin>12</ymin><xmax>50</xmax><ymax>60</ymax>
</bndbox></object><object><name>cat</name><difficult>0</difficult><bndbox><xmin>2</xmin><ymin>3</ymin><xmax>100</xmax>
<ymax>80</ymax></bndbox></object></annotation>"""


@in_folder
def voc(folder):
    import cv2

    root = os.path.join(folder, "VOC2007")
    for name in (
        "Annotations",
        "JPEGImages",
        "SegmentationClass",
        os.path.join("ImageSets", "Main"),
        os.path.join("ImageSets", "Segmentation"),
    ):
        os.makedirs(os.path.join(root, name))
    names = ["a1", "a2"]
    for number, name in enumerate(names):
        with open(os.path.join(root, "Annotations", name + ".xml"), "w") as file:
            file.write(XML.format(name, "dog", number))
        cv2.imwrite(os.path.join(root, "JPEGImages", name + ".jpg"), image(seed=number).asnumpy())
        cv2.imwrite(os.path.join(root, "SegmentationClass", name + ".png"), image(seed=number).asnumpy()[:, :, 0] // 20)
    for kind in ("Main", "Segmentation"):
        for split in ("trainval", "train", "val"):
            with open(os.path.join(root, "ImageSets", kind, split + ".txt"), "w") as file:
                file.write("\n".join(names))
    found = cv_data.VOCDetection(root=folder, splits=[(2007, "trainval")])
    detections = [found[0][1], found[1][1], found[0][0].shape, len(found), found.classes[:3]]
    segmentation = cv_data.pascal_voc.segmentation.VOCSegmentation
    os.rename(root, os.path.join(folder, "VOC2012"))
    seed()
    segments = segmentation(root=folder, split="train", base_size=60, crop_size=48)
    return pack(*detections, list(segments[0])[1], segments.num_class, segments[1][0].shape)


@in_folder
def records(folder):
    """LstDetection and RecordFileDetection, by files that mx.recordio writes."""
    import cv2

    pixels = image().asnumpy()
    cv2.imwrite(os.path.join(folder, "a.png"), pixels)
    label = [4, 5, 120, 90, 0, 0.1, 0.2, 0.5, 0.6, 1, 0.3, 0.3, 0.8, 0.9]
    with open(os.path.join(folder, "a.lst"), "w") as file:
        file.write("\t".join(["0", *map(str, label), "a.png"]) + "\n")
    lst = cv_data.LstDetection(os.path.join(folder, "a.lst"), root=folder)
    writer = mx.recordio.MXIndexedRecordIO(os.path.join(folder, "a.idx"), os.path.join(folder, "a.rec"), "w")
    header = mx.recordio.IRHeader(0, np.array(label, dtype="float32"), 0, 0)
    writer.write_idx(0, mx.recordio.pack_img(header, pixels, quality=9, img_fmt=".png"))
    writer.close()
    rec = cv_data.RecordFileDetection(os.path.join(folder, "a.rec"))
    return pack(*lst[0], *rec[0], len(lst), len(rec))


# --- metrics, schedules, drawings, files


def metrics():
    found = []
    for kind in (utils.metrics.voc_detection.VOCMApMetric, utils.metrics.voc_detection.VOC07MApMetric):
        metric = kind(iou_thresh=0.5, class_names=CLASSES)
        for number in (1, 2):
            ground = mx.nd.array(corners(3, seed=number)).expand_dims(0)
            metric.update(
                [ground + 2 * number],
                [mx.nd.array([[[0], [2], [1]]])],
                [positive(1, 3, 1)],
                [ground],
                [mx.nd.array([[[0], [2], [2]]])],
                [mx.nd.zeros((1, 3, 1))],
            )
        found.append(metric.get())
    segments = utils.metrics.segmentation.SegmentationMetric(4)
    segments.update([integers(4, 2, 5, 5)], [random(2, 4, 5, 5)])
    accuracy = Accuracy(ignore_labels=[1])
    accuracy.update([integers(4, 6)], [random(6, 4)])
    heat = HeatmapAccuracy()
    heat.update([positive(2, 3, 8, 8)], [positive(2, 3, 8, 8)])
    found += [segments.get(), accuracy.get(), heat.get()]
    for kind, preds in (
        (rcnn_metrics.RPNAccMetric, [random(1, 6)]),
        (rcnn_metrics.RPNL1LossMetric, [random(1, 6)]),
        (rcnn_metrics.RCNNAccMetric, [random(1, 6, 3)]),
        (rcnn_metrics.RCNNL1LossMetric, [random(1, 6)]),
    ):
        metric = kind()
        metric.update([integers(2, 1, 6), positive(1, 6) > 0.5], preds)
        found.append(metric.get())
    return pack(*found, utils.bbox_iou(corners(3), corners(2, seed=9)))


def schedules():
    found = []
    for mode in ("constant", "linear", "poly", "cosine", "step"):
        one = utils.LRScheduler(mode, base_lr=0.1, target_lr=0.01, niters=10, step_iter=[3, 6], step_factor=0.5)
        both = utils.LRSequential([utils.LRScheduler("linear", base_lr=0, target_lr=0.1, niters=4), one])
        found += [[one(n) for n in range(12)], [both(n) for n in range(16)]]
    return pack(*[np.array(f, dtype="float64") for f in found])


@in_folder
def drawings(folder):
    import matplotlib

    matplotlib.use("Agg")
    ax = utils.viz.plot_bbox(
        image(), mx.nd.array(corners()), mx.nd.array([0.9, 0.8, 0.1]), mx.nd.array([0, 2, 1]), class_names=CLASSES
    )
    shown = len(ax.patches)
    drawn = utils.viz.cv_plot_bbox(
        image(),
        mx.nd.array(corners()),
        mx.nd.array([0.9, 0.8, 0.1]),
        mx.nd.array([0, 2, 1]),
        class_names=CLASSES,
        colors={0: (0.1, 0.2, 0.3), 2: (0.9, 0.1, 0.2), 1: (0, 0, 1)},
    )
    utils.viz.plot_image(image())
    palette = utils.viz.get_color_pallete(integers(20, 8, 8).asnumpy().astype("uint8"))
    masks, order = utils.viz.expand_mask(
        positive(3, 14, 14), mx.nd.array(corners()), (120, 90), mx.nd.array([0.9, 0.8, 0.6])
    )
    blended = utils.viz.plot_mask(image(), masks, alpha=0.5)
    ax = utils.viz.plot_keypoints(
        image(),
        mx.nd.array(corners(17)[None, :, :2]),
        mx.nd.ones((1, 17, 1)),
        mx.nd.array([[[0]]]),
        mx.nd.array(corners(1)[None]),
        mx.nd.array([[[0.9]]]),
    )
    return pack(
        shown,
        len(ax.patches),
        len(ax.lines),
        type(drawn).__name__,
        np.array(drawn).shape,
        np.array(palette),
        masks,
        order,
        np.array(blended).shape,
    )


@in_folder
def exports(folder):
    net = model_zoo.get_model("cifar_resnet20_v1", pretrained=False)
    net.initialize(mx.init.Xavier())
    net(mx.nd.zeros((1, 3, 32, 32)))
    found = []
    for layout in ("HWC", "CHW"):
        path = os.path.join(folder, layout)
        utils.export_block(path, net, preprocess=layout == "HWC" or None, layout=layout)
        again = gluon.SymbolBlock.imports(path + "-symbol.json", ["data"], path + "-0000.params")
        data = image(32, 32).astype("float32").expand_dims(0)
        found += [again(data if layout == "HWC" else data.transpose((0, 3, 1, 2))), sorted(os.listdir(folder))]
    utils.freeze_bn(net)
    utils.set_lr_mult(net, ".*dense.*", 3.0)
    found += [[p.lr_mult for p in net.collect_params().values()], net(random(1, 3, 32, 32))]
    return pack(*found)


def parallel():
    net = gluon.nn.Dense(3, in_units=4)
    net.initialize(mx.init.One(), ctx=[mx.cpu(0), mx.cpu(1)])
    model = utils.parallel.DataParallelModel(net, [mx.cpu(0), mx.cpu(1)])
    criterion = utils.parallel.DataParallelCriterion(gluon.loss.L2Loss(), [mx.cpu(0), mx.cpu(1)])
    with mx.autograd.record():
        out = model(random(4, 4))
        losses = criterion(out, positive(4, 3))
        mx.autograd.backward(losses)
    split = utils.split_and_load(random(5, 3), [mx.cpu(0), mx.cpu(1)], even_split=False)
    return pack(*[o[0] if isinstance(o, (list, tuple)) else o for o in out], *losses, net.weight.grad(mx.cpu(0)), split)


def features():
    """Networks that are symbols cut out of others."""
    from gluoncv.nn.feature import FeatureExpander, FeatureExtractor, FPNFeatureExpander

    found = []
    for kind, outputs, more in (
        (FeatureExtractor, ["relu1_fwd"], {}),
        (FeatureExpander, ["relu1_fwd", "relu2_fwd"], {"num_filters": [6, 4]}),
        (FPNFeatureExpander, ["relu1_fwd", "relu2_fwd"], {"num_filters": [6, 6]}),
    ):
        with mx.name.NameManager():
            net = gluon.nn.HybridSequential()
            with net.name_scope():
                for channels in (3, 5, 6):
                    net.add(gluon.nn.Conv2D(channels, 3, 2, 1, activation=None), gluon.nn.Activation("relu"))
            block = (
                kind(net, outputs=outputs, **more)
                if kind is not FeatureExtractor
                else kind(net, outputs=outputs, inputs=["data"])
            )
            mx.random.seed(1)
            block.initialize()
            found += [
                block(random(1, 3, 16, 16)),
                "\n".join(f"{p.name} {p.shape}" for p in block.collect_params().values()),
            ]
    return pack(*found)


PARTS = {
    f.__name__: f
    for f in (
        ssd_steps,
        yolo_steps,
        center_net_steps,
        segmentation_steps,
        losses,
        anchors,
        targets,
        coders,
        layers,
        transforms,
        poses,
        pictures,
        videos,
        loaders,
        metrics,
        schedules,
        parallel,
        features,
    )
}
PARTS.update(voc=voc, records=records, drawings=drawings, exports=exports)
