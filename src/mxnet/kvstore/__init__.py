"""mx.kvstore, mx.kv: stores that sum arrays from several contexts and hand the result back."""

from . import base, kvstore
from .base import KVStoreBase, TestStore
from .kvstore import KVStore, create

__all__ = ["KVStore", "KVStoreBase", "create"]
