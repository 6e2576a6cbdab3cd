"""gluon.utils.download: files come whole or not at all, continued where they broke off, once for several processes."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import sys

import pytest

import mxnet as mx
from mxnet.gluon import utils
from web import serving

CONTENT = bytes(range(256)) * 2000
SHA1 = hashlib.sha1(CONTENT).hexdigest()
NOWHERE = "http://127.0.0.1:9/"


@pytest.fixture
def web(tmp_path):
    folder = tmp_path / "served"
    folder.mkdir()
    (folder / "f.bin").write_bytes(CONTENT)
    with serving(folder) as web:
        yield web


@pytest.fixture(params=["as installed", "without requests"])
def client(request, monkeypatch):
    if request.param == "without requests":
        monkeypatch.setitem(sys.modules, "requests", None)


def left(folder):
    return sorted(os.listdir(folder)) if folder.exists() else []


@pytest.mark.usefixtures("client")
class TestDownload:
    def test_where_to(self, web, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        assert utils.download(web.url + "f.bin") == "f.bin"
        target = tmp_path / "new" / "folder" / "g.bin"
        assert utils.download(web.url + "f.bin", path=str(target), sha1_hash=SHA1) == str(target)
        assert target.read_bytes() == CONTENT and utils.check_sha1(str(target), SHA1)
        assert left(target.parent) == ["g.bin"]

    def test_what_is_there(self, web, tmp_path):
        target = tmp_path / "g.bin"
        target.write_bytes(b"other")
        assert utils.download(NOWHERE + "g.bin", path=str(tmp_path)) == str(target)
        utils.download(web.url + "f.bin", path=str(target), sha1_hash=SHA1)
        assert target.read_bytes() == CONTENT
        target.write_bytes(b"other")
        utils.download(web.url + "f.bin", path=str(target), overwrite=True)
        assert target.read_bytes() == CONTENT

    def test_what_cannot_be_had(self, web, tmp_path, capsys):
        target = tmp_path / "x" / "n"
        with pytest.raises(mx.MXNetError, match=r"Failed downloading url .*nope.txt: .*404"):
            utils.download(web.url + "nope.txt", path=str(target), retries=3)
        out = capsys.readouterr().out
        assert out.count("Downloading") == 3 and "2 attempts left" in out and "1 attempt left" in out
        with pytest.raises(UserWarning, match="the content hash does not match"):
            utils.download(web.url + "f.bin", path=str(target), sha1_hash="abc", retries=0)
        with pytest.raises(mx.MXNetError, match=f"Without a network, put the file at {target}"):
            utils.download(NOWHERE + "f.bin", path=str(target), retries=0)
        assert left(target.parent) == []
        target.write_bytes(b"hello")
        hello = hashlib.sha1(b"hello").hexdigest()
        with pytest.raises(mx.MXNetError, match=f"What is there now has SHA-1 {hello}, not {SHA1}"):
            utils.download(NOWHERE + "f.bin", path=str(target), sha1_hash=SHA1, retries=0)
        assert target.read_bytes() == b"hello"

    @pytest.mark.parametrize("sha1", [None, SHA1])
    def test_attempts_go_on_where_the_last_one_broke_off(self, web, tmp_path, sha1):
        target = tmp_path / "t" / "f.bin"
        web.cuts = [100_000, 50_000]
        utils.download(web.url + "f.bin", path=str(target), sha1_hash=sha1)
        assert target.read_bytes() == CONTENT and left(target.parent) == ["f.bin"]
        assert web.ranges[0] is None and len(web.ranges) == 3
        assert all(asked.startswith("bytes=") and asked != "bytes=0-" for asked in web.ranges[1:])

    def test_servers_that_do_not_give_parts(self, web, tmp_path):
        web.cuts, web.in_parts = [100_000], False
        utils.download(web.url + "f.bin", path=str(tmp_path / "f.bin"))
        assert (tmp_path / "f.bin").read_bytes() == CONTENT

    def test_content_that_has_changed_meanwhile_is_fetched_afresh(self, web, tmp_path):
        web.cuts = [100_000]
        with pytest.raises(mx.MXNetError, match="Failed downloading"):
            utils.download(web.url + "f.bin", path=str(tmp_path / "f.bin"), sha1_hash=SHA1, retries=1)
        part = tmp_path / "f.bin.part"
        part.write_bytes(b"x" + part.read_bytes()[1:])
        utils.download(web.url + "f.bin", path=str(tmp_path / "f.bin"), sha1_hash=SHA1, retries=1)
        assert (tmp_path / "f.bin").read_bytes() == CONTENT and not part.exists()

    def test_the_next_call_goes_on_where_content_can_be_checked(self, web, tmp_path):
        target, part = tmp_path / "f.bin", tmp_path / "f.bin.part"
        web.cuts = [100_000]
        with pytest.raises(mx.MXNetError, match="Failed downloading"):
            utils.download(web.url + "f.bin", path=str(target), retries=1)
        assert not part.exists() and not target.exists()
        web.cuts = [100_000]
        with pytest.raises(mx.MXNetError, match="Failed downloading"):
            utils.download(web.url + "f.bin", path=str(target), sha1_hash=SHA1, retries=1)
        begun = part.stat().st_size
        assert 0 < begun <= 100_000 and not target.exists()
        utils.download(web.url + "f.bin", path=str(target), sha1_hash=SHA1, retries=1)
        assert web.ranges[-1] == f"bytes={begun}-" and target.read_bytes() == CONTENT and not part.exists()

    def test_a_part_that_was_all(self, web, tmp_path):
        (tmp_path / "f.bin.part").write_bytes(CONTENT)
        utils.download(web.url + "f.bin", path=str(tmp_path / "f.bin"), sha1_hash=SHA1, retries=1)
        assert (tmp_path / "f.bin").read_bytes() == CONTENT and left(tmp_path) == ["f.bin", "served"]


def test_arguments(web, tmp_path):
    with pytest.raises(AssertionError, match="Can't construct file-name from this URL"):
        utils.download(NOWHERE)
    with pytest.raises(AssertionError, match="Number of retries should be at least 0, currently it's -1"):
        utils.download(NOWHERE + "x", retries=-1)
    with pytest.warns(UserWarning, match="Unverified HTTPS request is being made"):
        utils.download(web.url + "f.bin", path=str(tmp_path / "f"), verify_ssl=False)


def test_replace_file(tmp_path):
    with pytest.raises(OSError, match="Moving downloaded temp file"):
        utils.replace_file(str(tmp_path / "none"), str(tmp_path / "target"))


@pytest.mark.skipif(sys.platform == "win32", reason="files are not locked there")
@pytest.mark.parametrize("sha1", [None, SHA1])
def test_one_of_several_processes_downloads(web, tmp_path, sha1):
    folder = tmp_path / "to"
    fork = multiprocessing.get_context("fork")
    several = [fork.Process(target=utils.download, args=(web.url + "f.bin", str(folder / "f.bin"), False, sha1))
               for _ in range(4)]
    for process in several:
        process.start()
    for process in several:
        process.join()
    assert [process.exitcode for process in several] == [0] * 4
    assert len(web.asked) == 1 and left(folder) == ["f.bin"] and (folder / "f.bin").read_bytes() == CONTENT
