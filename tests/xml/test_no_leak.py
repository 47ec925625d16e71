"""No file is opened for any document, shown with a control: a careless parser opens the same files."""

from __future__ import annotations

import errno
import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from lxml import etree

from xpipe_nb.errors import Rejected
from xpipe_nb.xml import gate, read_document, repair_text

CANARY = "canary-5f1c"
DOCUMENTS = {
    "entity": '<!DOCTYPE a [<!ENTITY e SYSTEM "{url}">]><a>&e;</a>',
    "external-dtd": '<!DOCTYPE a SYSTEM "{url}"><a>&e;</a>',
    "public-dtd": '<!DOCTYPE a PUBLIC "-//X//Y" "{url}"><a>&e;</a>',
    "parameter-entity": '<!DOCTYPE a [<!ENTITY % p SYSTEM "{url}"> %p;]><a>&e;</a>',
    "entity-after-hiding-comment": '<!-- --><!DOCTYPE a [<!ENTITY e SYSTEM "{url}">]><a>&e;</a><!-- -->',
}
OTHERS = {
    "xinclude": '<a xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="{url}" parse="text"/></a>',
    "stylesheet": '<?xml-stylesheet href="{url}"?><a/>',
    "schema": '<a xmlns:x="http://www.w3.org/2001/XMLSchema-instance" x:noNamespaceSchemaLocation="{url}"/>',
}


def careless(document: str) -> str:
    """Parse as nobody should: entities resolved, DTDs loaded."""
    parser = etree.XMLParser(resolve_entities=True, load_dtd=True, no_network=False, recover=True)
    root = etree.fromstring(document.encode(), parser)
    return etree.tostring(root, encoding="unicode") if root is not None else ""


class Watched:
    """A named pipe that notices who opens it for reading, and then says something."""

    def __init__(self, path: Path, content: str) -> None:
        os.mkfifo(path)
        self.path, self.content, self.opened = path, content, threading.Event()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._wait, daemon=True)
        self._thread.start()

    def _wait(self) -> None:
        while not self._done.is_set():
            try:
                pipe = os.open(self.path, os.O_WRONLY | os.O_NONBLOCK)
            except OSError as error:
                assert error.errno == errno.ENXIO  # nobody reads
                self._done.wait(0.001)
                continue
            self.opened.set()
            os.write(pipe, self.content.encode())
            os.close(pipe)
            return

    def was_opened(self) -> bool:
        self._done.set()
        self._thread.join(5)
        return self.opened.is_set()


def content_for(name: str) -> str:
    return CANARY if name.startswith("entity") else f'<!ENTITY e "{CANARY}">'


def refused(read: Callable[[str], object], document: str) -> None:
    with pytest.raises(Rejected) as refusal:
        read(document)
    assert CANARY not in refusal.value.detail


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_careless_parser_leaks_the_file(name: str, tmp_path: Path):
    """The control: each document makes a careless parser bring the canary in, so the tests below can fail."""
    (tmp_path / "canary").write_text(content_for(name))
    assert CANARY in careless(DOCUMENTS[name].replace("{url}", f"file://{tmp_path}/canary"))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_careless_parser_opens_the_pipe(name: str, tmp_path: Path):
    """The control for opening alone."""
    watched = Watched(tmp_path / "pipe", content_for(name))
    careless(DOCUMENTS[name].replace("{url}", str(watched.path)))
    assert watched.was_opened()


@pytest.mark.parametrize("read", [read_document, repair_text])
@pytest.mark.parametrize("name", [*DOCUMENTS, *OTHERS])
def test_nothing_is_opened(name: str, read: Callable[[str], object], tmp_path: Path):
    """Gate and repair refuse each of them and open nothing."""
    watched = Watched(tmp_path / "pipe", content_for(name))
    refused(read, {**DOCUMENTS, **OTHERS}[name].replace("{url}", str(watched.path)))
    assert not watched.was_opened()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_parser_alone_opens_nothing_either(name: str, tmp_path: Path):
    """Should the scan before it ever miss a DOCTYPE, the parser behind it still opens nothing and says nothing."""
    watched = Watched(tmp_path / "pipe", content_for(name))
    document = DOCUMENTS[name].replace("{url}", str(watched.path))
    for parser in (gate._PARSERS.plain, gate._PARSERS.with_comments):
        try:
            root = etree.fromstring(document.encode(), parser)
        except etree.XMLSyntaxError:
            continue
        assert root.getroottree().docinfo.internalDTD is not None  # which the gate looks for
        assert CANARY not in "".join(root.itertext(etree.Element))
    assert not watched.was_opened()


def test_nobody_is_called():
    """No document makes the gate connect anywhere (this libxml2 has no HTTP, so there is no control)."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        url = f"http://127.0.0.1:{server.getsockname()[1]}/x"
        for document in {**DOCUMENTS, **OTHERS}.values():
            refused(read_document, document.replace("{url}", url))
        with pytest.raises(BlockingIOError):
            server.accept()
