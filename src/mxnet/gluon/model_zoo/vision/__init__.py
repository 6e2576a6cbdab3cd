"""Networks for images, a file for each architecture. This file is the table of contents.

    >>> net = vision.resnet18_v1()                      # random weights, to be initialized
    >>> net = vision.get_model("resnet18_v1", pretrained=True)
"""

from .alexnet import *
from .densenet import *
from .inception import *
from .mobilenet import *
from .models import *
from .resnet import *
from .squeezenet import *
from .vgg import *
