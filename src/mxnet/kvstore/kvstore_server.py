"""mx.kvstore.kvstore_server: where MXNet's parameter servers start; there are none here."""

from __future__ import annotations

from ..base import MXNetError

__all__ = ["KVStoreServer"]


class KVStoreServer:
    """A server of a distributed store.  `run` raises MXNetError: stores are those of one process."""

    def __init__(self, kvstore):
        self.kvstore = kvstore

    def run(self):
        raise MXNetError(f"KVStoreServer: a store of type {self.kvstore.type!r} has no servers; stores of several "
                         "machines are not available")
