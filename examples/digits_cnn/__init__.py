"""Digits as Gluon's users write it: DataLoader, transforms, a hybridized CNN, an Estimator with its handlers.
`python -m examples.digits_cnn`"""
