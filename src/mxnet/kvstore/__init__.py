"""mx.kvstore, mx.kv: stores that sum arrays from several contexts and hand the result back."""

from . import base, kvstore, kvstore_server
from .base import KVStoreBase, TestStore
from .kvstore import KVStore, create
from .kvstore_server import KVStoreServer

__all__ = ["KVStore", "KVStoreBase", "KVStoreServer", "create"]
