"""The MXNet API level that this package implements; clients parse this string."""

__version__ = "1.9.1"
