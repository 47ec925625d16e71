"""What stands in a store: text that is read back as it was written, or refused by the name of its entry."""

from __future__ import annotations

import json
import os
import pickle
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xpipe_nb import CorruptEntry, PayloadError, SharedState, payload
from xpipe_nb.payloads import PayloadTable
from xpipe_nb.stores.memory_store import MemoryStore
from xpipe_nb.stores.records import ConversationRecord, Records, SlotRecord, ThreadRecord
from xpipe_nb.stores.store import MOST, Put, PutSlot

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
counts = st.integers(0, MOST)
times = st.floats(0, 2**35)
states = st.sampled_from(["active", "waiting", "done", "failed", "killed"])
conversations = st.builds(
    ConversationRecord, texts, texts, counts, texts, states, st.lists(texts).map(tuple), counts, texts, times
)
threads = st.builds(ThreadRecord, texts, texts, texts, texts, counts, st.sampled_from(["open", "closed"]))
slots = st.builds(
    SlotRecord, texts, counts, texts, texts, texts, times, st.booleans(), st.booleans(), st.booleans(), texts
)
records = st.one_of(conversations, threads, slots)
authkeys = st.one_of(st.none(), st.binary(min_size=1, max_size=40))


def key_of(record):
    if isinstance(record, SlotRecord):
        return f"history:{record.thread}:{record.index}"
    return f"{'thread' if isinstance(record, ThreadRecord) else 'conversation'}:{record.id}"


@given(records, authkeys)
def test_what_was_written_is_read(record, authkey):
    """Every record that can be written comes back the same, sealed or not."""
    book = Records("here", "xp:", authkey)
    assert book.read(type(record), key_of(record), book.write(record).encode()) == record


@given(records, st.data())
def test_a_sealed_entry_cannot_be_altered(record, data):
    """One byte more, less or other than was written, and the entry is refused by name."""
    book = Records("here", "xp:", b"secret")
    written = book.write(record).encode()
    place = data.draw(st.integers(0, len(written) - 1))
    piece = data.draw(st.binary(max_size=2).filter(lambda piece: piece != written[place : place + 1]))
    forged = written[:place] + piece + written[place + 1 :]
    with pytest.raises(CorruptEntry) as caught:
        book.read(type(record), key_of(record), forged)
    assert caught.value.key == f"xp:{key_of(record)}"


@given(records, texts)
def test_a_sealed_entry_stays_where_it_is(record, other):
    """Under another key, another prefix or another authkey an entry is no entry."""
    written = Records("here", "xp:", b"secret").write(record).encode()
    for book, key in [
        (Records("here", "xp:", b"secret"), f"{key_of(record)}{other or '!'}"),
        (Records("here", "yp:", b"secret"), key_of(record)),
        (Records("here", "xp:", b"secrets"), key_of(record)),
    ]:
        with pytest.raises(CorruptEntry, match="not sealed with our authkey"):
            book.read(type(record), key, written)


@given(st.sampled_from([ConversationRecord, ThreadRecord, SlotRecord]), st.binary(max_size=80))
def test_bytes_that_are_no_record_are_refused(cls, text):
    """Whatever stands there, it is refused by name and nothing else is raised."""
    with pytest.raises(CorruptEntry, match="the entry xp:k is refused"):
        Records("here", "xp:").read(cls, "k", text)


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), texts),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=5,
)


@given(records, st.data())
def test_a_field_of_another_form_is_refused(record, data):
    """A value that the field cannot have written is refused, whatever else is right."""
    book = Records("here")
    values = json.loads(book.write(record))
    field = data.draw(st.sampled_from(sorted(values)))
    value = data.draw(json_values)
    entry = json.dumps({**values, field: value}).encode()
    try:
        read = book.read(type(record), key_of(record), entry)
    except CorruptEntry as error:
        assert error.key == key_of(record)
    else:  # it was one that the field may have
        assert json.loads(book.write(read)) == {**values, field: value}


def test_a_record_has_all_its_fields_and_no_others():
    """An entry of another version, with a field more or a field less is refused in words."""
    book = Records("Redis at here", "xp:")
    values = json.loads(book.write(ThreadRecord("t", "c", "", "greeter", 1, "open")))
    for change, problem in [
        ({"v": 2}, "it is of version 2, and we read 1"),
        ({"more": 1}, "it has 'more', which we do not know"),
        ({"depth": True}, "its depth is not a whole number from 0"),
        ({"depth": -1}, "its depth is not a whole number from 0"),
        ({"state": "ajar"}, "its state is not one of open, closed"),
        ({"id": "other"}, "it says that it is thread:other"),
    ]:
        with pytest.raises(CorruptEntry) as caught:
            book.read(ThreadRecord, "thread:t", json.dumps({**values, **change}).encode())
        assert str(caught.value) == f"Redis at here: the entry xp:thread:t is refused: {problem}"
    del values["listener"]
    with pytest.raises(CorruptEntry, match="it lacks listener"):
        book.read(ThreadRecord, "thread:t", json.dumps(values).encode())


def test_every_field_of_a_record_is_checked():
    """No field of a record is beyond the table of forms."""
    book = Records("here")
    for record in [
        ConversationRecord("c", "o", 1, "console", "done", ("console",), 1, "", 1.0),
        ThreadRecord("t", "c", "", "greeter", 1, "open"),
        SlotRecord("t", 0, "a", "b", "Say", 1.0, is_self_call=False, is_agent=False, failed=False, xml="<Say/>"),
    ]:
        values = json.loads(book.write(record))
        names = {item.name for item in fields(record)} - {"_origin"}
        assert set(values) - {"v"} == names
        for name in names:
            with pytest.raises(CorruptEntry, match=f"its {name} is not"):
                book.read(type(record), key_of(record), json.dumps({**values, name: {}}).encode())


# ---- payloads


@payload
class Note:
    """Something written down."""

    text: str
    times: int = 1


class Bomb:
    """What a pickle can do to whoever opens it."""

    def __reduce__(self):
        return os.mkdir, ("exploded",)


def state_with(xml, type="Note", text=None):
    store = MemoryStore()
    slot = SlotRecord("t", 0, "a", "b", type, 1.0, is_self_call=False, is_agent=False, failed=False, xml=xml)
    store.write([Put("thread", "t", "c", "-"), PutSlot("t", "c", 0, text or Records("").write(slot), 10)])
    return SharedState(store, payloads=[Note])


def test_a_payload_is_an_object_of_the_registered_class():
    """The class is found by its name here; nothing in the store says where it comes from."""
    [slot] = state_with("<Note><Text>007</Text><Times>2</Times></Note>").history("t")
    assert slot.payload == Note("007", 2)
    assert slot.payload is not slot.payload
    assert slot.element.findtext("Text") == "007"


@pytest.mark.parametrize(
    ("xml", "problem"),
    [
        ("<Note><Text>a</Text><Times>many</Times></Note>", "Times|times"),
        ("<Note><Text>a</Text><Evil/></Note>", "Evil"),
        ("<!DOCTYPE Note [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><Note><Text>&x;</Text></Note>", "<!"),
        ("<Note><Text>cut", "ends inside"),
        ("<Other/>", "its payload is <Other>, not <Note>"),
        ("", "empty"),
    ],
)
def test_a_forged_payload_is_refused_by_name(xml, problem):
    """What the gate or the schema does not let in from outside is not let in from a store."""
    [slot] = state_with(xml).history("t")
    with pytest.raises(CorruptEntry, match=problem) as caught:
        print(slot.payload)
    assert caught.value.key == "history:t:0"


def test_a_class_that_is_not_registered_here_is_said():
    """Without its class a payload is still text and tree."""
    [slot] = state_with("<Told><Text>x</Text></Told>", "Told").history("t")
    assert slot.element.findtext("Text") == "x"
    with pytest.raises(PayloadError, match="no class of that name is registered here"):
        print(slot.payload)


def test_a_pickle_in_a_store_is_never_opened(tmp_path, monkeypatch):
    """A pickle that would run code is refused like any other text."""
    monkeypatch.chdir(tmp_path)
    bomb = pickle.dumps(Bomb(), 0)
    state = state_with("", text=bomb.decode("ascii"))
    with pytest.raises(CorruptEntry, match="history:t:0"):
        state.history("t")
    with pytest.raises(CorruptEntry, match="thread:t"):
        state.thread("t")
    assert list(tmp_path.iterdir()) == []
    pickle.loads(bomb)  # it is a real one
    assert (tmp_path / "exploded").is_dir()


def test_a_table_of_an_organism_will_do():
    """Whatever finds a class by its tag can be given."""
    table = PayloadTable()
    table.add(Note)
    state = SharedState(MemoryStore(), payloads=table)
    assert state.history("t") == []
    assert state.thread("t") is None
    assert state.conversation("c") is None
