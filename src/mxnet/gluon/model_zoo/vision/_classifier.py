"""What all networks of the zoo are: features, then an output layer, with weights of MXNet's to be had."""

from ...block import HybridBlock
from ..model_store import get_model_file


class Classifier(HybridBlock):
    """A network of two parts: `features`, made to be reused, and `output`, which gives a score to each class.

    Input: images (N, 3, height, width). Output: (N, classes).
    """

    def hybrid_forward(self, F, x):
        return self.output(self.features(x))


def restore(net, name, pretrained, ctx, root):
    """`net`, with the weights of `name` from the folder `root` or the network if `pretrained`."""
    if pretrained:
        net.load_parameters(get_model_file(name, root=root), ctx=ctx)
    return net
