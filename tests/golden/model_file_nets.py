"""The net in model_files/, for MXNet and for this package."""


def Net(nn):
    """A plain Block with a layer and a hybrid net, under other names each time."""

    class Net(nn.Block):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.first = nn.Dense(2, in_units=3)
            self.rest = nn.HybridSequential()
            self.rest.add(nn.Dense(2, in_units=2), nn.BatchNorm(in_channels=2))

        def forward(self, x):
            return self.rest(self.first(x))

    return Net()
