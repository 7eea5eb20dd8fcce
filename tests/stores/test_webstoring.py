"""STOW-RS as it is served, where our own code has a bug."""

import logging
import socket
import threading

import factories
import pytest
import requests
from headgate.stores.dicomnet import webparts, webserving, webstoring
from headgate.stores.dicomnet.receiver import Admission, Limits
from headgate.stores.dicomnet.tally import Board, Tally
from headgate.stores.dicomweb.stow import HEAD, TAIL, TYPE
from headgate.stores.quarantine.archive import Archive


@pytest.fixture
def lines():
    said = []
    handler = logging.Handler()
    handler.emit = lambda record: said.append(record.getMessage())
    logging.getLogger("headgate.receiver").addHandler(handler)
    yield said
    logging.getLogger("headgate.receiver").removeHandler(handler)


def test_a_bug_is_told_without_its_message_and_the_sender_keeps_its_data(
    a_layout, lines, monkeypatch
):
    def fail(*_):
        raise ValueError("Nordmann")

    monkeypatch.setattr(webparts, "Storing", fail)
    board = Board(1)
    tally = Tally(board, 0)
    door = webstoring.Door(Archive(a_layout), tally, Admission(), Limits(), "", "HEADGATE")
    listener, over = socket.create_server(("127.0.0.1", 0)), threading.Event()
    words = (webstoring.application(door), listener, None, 5.0, over.wait)
    patience = webserving.Patience(10, 5.0, lambda _reason: None)
    serving = threading.Thread(target=webserving.serve, args=(*words, patience))
    serving.start()
    body = HEAD + b"".join(factories.encoded(next(factories.Study("bug").instances(1)))) + TAIL
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/studies"
    answer = requests.post(url, data=body, headers={"Content-Type": TYPE}, timeout=30)
    over.set()
    serving.join(30)
    assert answer.status_code == 500
    assert "Nordmann" not in answer.text
    (line,) = lines
    assert "a bug: ValueError at" in line
    assert "in a STOW-RS request from 127.0.0.1" in line
    assert "Nordmann" not in line
    assert board.open_in_all() == 0
    assert board.counts() == {"refused": 1}
