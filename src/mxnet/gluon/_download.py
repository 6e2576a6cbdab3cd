"""Files from the network, for gluon.utils: continued where they broke off, checked, and whole or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import os
import secrets
import ssl
import urllib.error
import urllib.request
import warnings
from collections.abc import Iterator
from typing import IO

from ..base import MXNetError

try:
    import fcntl
except ImportError:  # Windows: there, several processes fetch the same file each for itself
    fcntl = None  # type: ignore[assignment]

__all__ = ["check_sha1", "download", "locked", "replace_file"]

_BLOCK = 1 << 16
_TIMEOUT = 60  # seconds without a byte


def check_sha1(filename, sha1_hash):
    """Whether a file's content has this SHA-1 (hexadecimal, lower case)."""
    return _sha1(filename) == sha1_hash


def _sha1(filename) -> str:
    digest = hashlib.sha1()
    with open(filename, "rb") as f:
        while block := f.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def replace_file(src, dst):
    """Give the file `src` the name `dst`, whatever had it; OSError, with `src` deleted, where that fails."""
    try:
        os.replace(src, dst)
    except OSError as e:
        with contextlib.suppress(OSError):
            os.remove(src)
        raise OSError(f"Moving downloaded temp file - {src}, to {dst} failed. Please retry the download.") from e


def download(url, path=None, overwrite=False, sha1_hash=None, retries=5, verify_ssl=True):
    """Fetch a file unless it is there already with the right content; returns its name.

    path: file or folder to write to, by default the current folder; missing folders are made.  The file appears whole
    or not at all; until then its beginning is in `path`.part, where the next attempt goes on, and the next call too if
    a sha1_hash can tell that both parts belong together.  Of several processes one downloads, the others wait for it.
    sha1_hash: what the content must have.  retries: how many attempts, at least one.
    verify_ssl=False does not check the server's certificate.

    MXNetError (an OSError's message in it) when the file cannot be had; UserWarning raised when its content is wrong.
    """
    path = _target(url, path)
    assert retries >= 0, f"Number of retries should be at least 0, currently it's {retries}"
    if not verify_ssl:
        warnings.warn("Unverified HTTPS request is being made (verify_ssl=False). Adding certificate verification is "
                      "strongly advised.", stacklevel=2)
    if not overwrite and _is_there(path, sha1_hash):
        return path
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    with locked(path + ".part") as (part, waited):
        # there by now, if this process waited for another one
        if (overwrite and not waited) or not _is_there(path, sha1_hash):
            _Transfer(url, path, part, sha1_hash, verify_ssl).attempt(max(1, retries))
    return path


def _target(url: str, path) -> str:
    """The name of the file to write."""
    name = url.rsplit("/", maxsplit=1)[-1]
    if path is None:
        assert name, "Can't construct file-name from this URL. Please set the `path` option manually."
        return name
    path = os.path.expanduser(path)
    return os.path.join(path, name) if os.path.isdir(path) else path


def _is_there(path: str, sha1_hash: str | None) -> bool:
    return os.path.exists(path) and (not sha1_hash or check_sha1(path, sha1_hash))


# ------------------------------------------------------------------ one process at a time


@contextlib.contextmanager
def locked(name: str) -> Iterator[tuple[IO[bytes], bool]]:
    """A file, open to append, that this process alone has, and whether another process had it just before.

    Who comes later waits.  It is deleted at the end unless something is in it or it was renamed.
    """
    if fcntl is None:
        name = f"{name}.{secrets.token_hex(8)}"
    file, waited = open(name, "a+b"), False
    _lock(file)
    while not _has_name(file, name):  # whom this process waited for has renamed or deleted it
        file.close()
        file, waited = open(name, "a+b"), True
        _lock(file)
    try:
        yield file, waited
    finally:
        if not file.closed:
            if file.seek(0, os.SEEK_END) == 0 and _has_name(file, name):
                _close_for_windows(file)
                os.remove(name)
            file.close()


def _lock(file: IO[bytes]) -> None:
    """Wait until no other process has the file."""
    if fcntl is not None:
        with contextlib.suppress(OSError):  # of a file system without locks, where checks have to do
            fcntl.flock(file, fcntl.LOCK_EX)


def _close_for_windows(file: IO[bytes]) -> None:
    """Which neither deletes nor renames what is open."""
    if os.name == "nt":
        file.close()


def _has_name(file: IO[bytes], name: str) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), os.stat(name))
    except FileNotFoundError:
        return False


# ------------------------------------------------------------------ transfers


class _Transfer:
    """The way of one file from `url` by way of `part`, a file open to append, to `path`."""

    def __init__(self, url: str, path: str, part: IO[bytes], sha1_hash: str | None, verify_ssl: bool):
        self.url, self.path, self.part, self.sha1_hash, self.verify_ssl = url, path, part, sha1_hash, verify_ssl
        self.version: str | None = None  # what the server calls the content whose beginning is in `part`
        if not sha1_hash:
            part.truncate(0)  # of which version this is nobody knows

    def attempt(self, times: int) -> None:
        """Fetch, check and rename; what fails is tried again."""
        for left in range(times - 1, -1, -1):
            try:
                print(f"Downloading {self.path} from {self.url}...")
                self._fetch_and_check()
                _close_for_windows(self.part)
                replace_file(self.part.name, self.path)
                return
            except (OSError, http.client.HTTPException, UserWarning) as e:
                if left:
                    print(f"download failed due to {e!r}, retrying, {left} attempt{'s' * (left > 1)} left")
                elif isinstance(e, UserWarning):
                    raise
                else:
                    self._give_up(e)

    def _give_up(self, error: Exception) -> None:
        if not self.sha1_hash:
            self.part.truncate(0)
        found = (f" What is there now has SHA-1 {_sha1(self.path)}, not {self.sha1_hash}."
                 if self.sha1_hash and os.path.isfile(self.path) else "")
        raise MXNetError(f"Failed downloading url {self.url}: {error}. Without a network, put the file at {self.path} "
                         f"by other means and call again.{found}") from error

    def _fetch_and_check(self) -> None:
        continued = self._size() > 0
        self._fetch()
        if not self.sha1_hash or check_sha1(self.part.name, self.sha1_hash):
            return
        self.part.truncate(0)
        if continued:  # with what does not belong together: once more, all of it
            self._fetch_and_check()
            return
        raise UserWarning(f"File {self.path} is downloaded but the content hash does not match. The repo may be "
                          'outdated or download may be incomplete. If the "repo_url" is overridden, consider '
                          "switching to the default repo.")

    def _size(self) -> int:
        return self.part.seek(0, os.SEEK_END)

    def _fetch(self) -> None:
        """Append what is missing, or all of it if the server does not give parts of this version."""
        from tqdm import tqdm

        headers = {"Accept-Encoding": "identity"}
        if not (self.sha1_hash or self.version):
            self.part.truncate(0)
        elif start := self._size():
            headers["Range"] = f"bytes={start}-"
            if self.version:
                headers["If-Range"] = self.version
        with _open(self.url, self.verify_ssl, headers) as (status, answer, blocks):
            if status == 416:  # there is nothing after what is here
                return
            if status != 206:
                self.part.truncate(0)
            elif not answer.get("Content-Range", "").startswith(f"bytes {self._size()}-"):
                raise OSError(f"the server answered with {answer.get('Content-Range')} to {headers['Range']}")
            self.version = answer.get("ETag") or answer.get("Last-Modified")
            start, length = self._size(), answer.get("Content-Length")
            total = start + int(length) if length and not answer.get("Content-Encoding") else None
            with tqdm(desc=os.path.basename(self.path), initial=start, total=total, unit="B", unit_scale=True,
                      delay=1, disable=None) as bar:
                for block in blocks:
                    self.part.write(block)
                    bar.update(len(block))
        self.part.flush()
        if total is not None and self._size() != total:
            raise OSError(f"the connection ended after {self._size()} of {total} bytes")


@contextlib.contextmanager
def _open(url: str, verify_ssl: bool, headers: dict[str, str]) -> Iterator[tuple]:
    """(status, headers, blocks of the content).  By `requests` where it is installed, for its proxies and certificates.

    OSError unless the status is 200, 206 or 416.
    """
    try:
        import requests
    except ImportError:
        with _open_without_requests(url, verify_ssl, headers) as response:
            yield response.status, response.headers, iter(lambda: response.read(_BLOCK), b"")
        return
    with contextlib.closing(requests.get(url, stream=True, verify=verify_ssl, headers=headers,
                                         timeout=_TIMEOUT)) as response:
        if response.status_code not in (200, 206, 416):
            raise OSError(f"the server answered {response.status_code}")
        yield response.status_code, response.headers, (b for b in response.iter_content(chunk_size=_BLOCK) if b)


def _open_without_requests(url: str, verify_ssl: bool, headers: dict[str, str]):
    context = ssl.create_default_context() if verify_ssl else ssl._create_unverified_context()
    try:
        return urllib.request.urlopen(urllib.request.Request(url, headers=headers), context=context, timeout=_TIMEOUT)
    except urllib.error.HTTPError as e:
        if e.code == 416:
            return e  # which is a response, too
        raise OSError(f"the server answered {e.code}") from e
