"""Settings of the iterators over images, for generate_recordio.py and tests/io/test_image_record.py."""

SHAPE = (3, 30, 30)
STEP = 197  # every so manieth number of a batch is recorded
MAGIC = b"\x0a\x23\xd7\xce"

PAYLOADS = [
    b"",
    b"a",
    b"abc",
    b"abcd",
    MAGIC,
    b"x" + MAGIC,
    MAGIC * 2,
    b"abcd" + MAGIC + b"ef",
    b"ab" + MAGIC + b"cd" + MAGIC,
    MAGIC + b"ab",
    b"abcd" + MAGIC,
    MAGIC * 3 + b"1",
    b"z" * 100,
]

LABELS = [4.0, 3, [1, 2.5], [], [[1, 2], [3, 4]]]

IMAGES = {
    "plain": {},
    "odd": {"data_shape": (3, 31, 28)},
    "grown": {"data_shape": (3, 60, 60)},
    "grown_auto": {"data_shape": (3, 60, 60), "inter_method": 9},
    "grey": {"data_shape": (1, 30, 30)},
    **{f"resize_{m}": {"resize": 35, "inter_method": m} for m in (0, 1, 2, 3, 4, 9)},
    "crop_size": {"min_crop_size": 25, "max_crop_size": 25, "data_shape": (3, 31, 30)},
    "rotate": {"rotate": 30},
    "rotate_fill": {"rotate": 45, "fill_value": 0},
    "rotate_lanczos": {"rotate": 30, "inter_method": 4},
    "scale": {"max_random_scale": 1.3, "min_random_scale": 1.3},
    "aspect": {"min_aspect_ratio": 1.5, "max_aspect_ratio": 1.5},
    "img_size": {"max_img_size": 50, "min_img_size": 40},
    "pad": {"pad": 10, "fill_value": 7, "data_shape": (3, 60, 60)},
    "mirror": {"mirror": True},
    "mean": {"mean_r": 100, "mean_g": 50, "mean_b": 20, "std_r": 2, "std_g": 3, "std_b": 4, "scale": 0.5},
    "grey_mean": {"data_shape": (1, 30, 30), "mean_r": 100, "mean_g": 50, "std_r": 2},
    "uint8": {"dtype": "uint8", "mirror": True, "mean_r": 3},
    "int8": {"dtype": "int8", "mean_r": 100, "mean_g": 50.5, "scale": 0.5},
    "no_area": {
        "random_resized_crop": True,
        "min_random_area": 1,
        "max_random_area": 1,
        "max_aspect_ratio": 1,
        "min_aspect_ratio": 1,
    },
}

ORDERS = {
    "in_order": {},
    "shuffled": {"shuffle": True},
    "seed": {"shuffle": True, "seed": 7},
    "seed_index": {"shuffle": True, "seed": 7, "path_imgidx": True},
    "odd_seed": {"shuffle": True, "seed": 3, "batch_size": 3},
    "part": {"num_parts": 2, "part_index": 1, "batch_size": 1, "path_imgidx": True},
}

DETECTION = {
    "plain": {},
    "padded": {"label_pad_width": 20, "label_pad_value": -7.0},
    "mirror": {"rand_mirror_prob": 1},
    "fit": {"resize_mode": "fit"},
    "shrink": {"resize_mode": "shrink", "data_shape": (3, 60, 60)},
    "mean": {"mean_r": 100, "std_r": 2, "scale": 0.5},
    "resize": {"resize": 50, "inter_method": 2},
}
