"""Images sampled at points that another array holds: spatial transformers (Jaderberg et al. 2015), warping by flow.

Points are pairs (x, y) on axis 1, in units in which the image reaches from -1 to 1, centre of pixel to centre.
"""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from ..base import MXNetError
from .boxes import same_dtype
from .registry import Shape, register

__all__ = ["bilinear_sampler", "grid_generator", "spatial_transformer"]


def _pixels(like: Tensor, height: int, width: int) -> tuple[Tensor, Tensor]:
    """(y, x) of the pixels of an image, as columns and rows that broadcast to (height, width)."""
    y = torch.arange(height, device=like.device, dtype=like.dtype)
    x = torch.arange(width, device=like.device, dtype=like.dtype)
    return y[:, None], x[None, :]


def _affine_grid(op: str, matrix: Tensor, size: Shape) -> tuple[Tensor, Tensor]:
    """Points that (batch, 6) matrices map the pixels of an image of `size` to; and those pixels as (x, y, 1)."""
    if matrix.dim() != 2 or matrix.shape[1] != 6:
        raise MXNetError(f"{op}: the matrices must be of shape (batch, 6), got {tuple(matrix.shape)}")
    if len(size) != 2 or min(size) < 1:
        raise MXNetError(f"{op}: target_shape={size} must be two positive numbers")
    height, width = size
    y, x = _pixels(matrix, height, width)
    step_y, step_x = (torch.full_like(matrix[0, 0], 2) / (n - 1) for n in size)  # NaN points for one pixel, as MXNet
    x, y = torch.broadcast_tensors(x * step_x - 1, y * step_y - 1)
    pixels = torch.stack([x, y, torch.ones_like(x)]).reshape(3, -1)
    return (matrix.reshape(-1, 3) @ pixels).reshape(-1, 2, height, width), pixels


@register("GridGenerator", num_outputs=2, visible=1, output_names=("output", "grid_dst"))
def grid_generator(data: Tensor, *, transform_type: Literal["affine", "warp"],
                   target_shape: Shape = (0, 0)) -> tuple[Tensor, Tensor]:
    """Points for BilinearSampler.

    "affine": data (batch, 6), a 2 x 3 matrix each, which maps the points of an image of `target_shape`.
    "warp": data (batch, 2, height, width), how far (x, y) each pixel moves, in pixels.
    Returns (batch, 2, height, width); and, hidden, the points before they moved.
    """
    if data.dtype is not torch.float32:
        raise MXNetError("GridGenerator: data must be of type float32")
    if transform_type == "affine":
        return _affine_grid("GridGenerator", data, target_shape)
    if data.dim() != 4 or data.shape[1] != 2:
        raise MXNetError(f"GridGenerator: the flow must be of shape (batch, 2, height, width), got {tuple(data.shape)}")
    height, width = data.shape[2:]
    y, x = _pixels(data, height, width)
    start = torch.stack(torch.broadcast_tensors(x, y))
    half = torch.stack([torch.full_like(data[0, 0, 0, 0], n - 1) for n in (width, height)]) / 2
    return (data + start) / half[:, None, None] - 1, start.flatten(1)


def _sampled(data: Tensor, grid: Tensor) -> Tensor:
    return F.grid_sample(data, grid.permute(0, 2, 3, 1), "bilinear", "zeros", align_corners=True)


@register("BilinearSampler", num_outputs=2, visible=1, output_names=("output", "tmp"))
def bilinear_sampler(data: Tensor, grid: Tensor, *, cudnn_off: bool | None = None) -> tuple[Tensor, Tensor]:
    """Values of images at the points of `grid`, interpolated bilinearly between pixels; 0 outside of the image.

    data: (batch, channel, height, width).  grid: (batch, 2, rows, columns), pairs (x, y).  Returns (batch, channel,
    rows, columns); and, hidden, MXNet's workspace, which is empty here.  `cudnn_off` changes nothing.
    """
    for name, tensor in (("data", data), ("grid", grid)):
        if tensor.dim() != 4:
            raise MXNetError(f"BilinearSampler: {name} of shape {tuple(tensor.shape)} must have 4 axes")
    if grid.shape[1] != 2:
        raise MXNetError(f"BilinearSampler: grid of shape {tuple(grid.shape)} must be (batch, 2, rows, columns)")
    same_dtype("BilinearSampler", data, grid)
    return _sampled(data, grid), data.new_empty(0)


@register("SpatialTransformer", num_outputs=3, visible=1, output_names=("output", "grid_dst", "grid_src"))
def spatial_transformer(data: Tensor, loc: Tensor, *, target_shape: Shape = (0, 0),
                        transform_type: Literal["affine"], sampler_type: Literal["bilinear"],
                        cudnn_off: bool | None = None) -> tuple[Tensor, Tensor, Tensor]:
    """Images seen through affine maps: GridGenerator and BilinearSampler in one.

    data: (batch, channel, height, width).  loc: (batch, 6).  Returns (batch, channel, *target_shape); and, hidden, the
    points of the result and where in the images they are.
    """
    if data.dim() != 4:
        raise MXNetError(f"SpatialTransformer: data of shape {tuple(data.shape)} must have 4 axes")
    same_dtype("SpatialTransformer", data, loc)
    grid, pixels = _affine_grid("SpatialTransformer", loc, target_shape)
    return _sampled(data, grid), pixels, grid
