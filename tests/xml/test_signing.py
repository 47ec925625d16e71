"""Signatures: any sealed message passes once, and nothing that was altered, moved, wrapped or repeated passes at all."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from lxml import etree

from tests.xml.corpus.case import ENV, SIG, THREAD
from tests.xml.test_properties import NAMES, THREADS, XML_TEXT
from xpipe_nb import Identity, Rejected
from xpipe_nb.identity import check_message, replay, seal_message
from xpipe_nb.xml import build_envelope, canonical, open_envelope, read_document

STAMP = "https://xml-pipeline.org/ns/stamp/v1"
NOW = 1_700_000_000.0


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


def an_identity(**settings: Any) -> Identity:
    """An identity with a key of its own that was never in a file."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Identity(Ed25519PrivateKey.generate(), clock=settings.pop("clock", Clock()), **settings)


SIGNER = an_identity()


def a_receiver(**settings: Any) -> Identity:
    """Somebody who trusts the signer and has seen nothing yet."""
    return an_identity(trusted=[SIGNER.public_key], **settings)


def an_envelope(text: str = "World", to: str | None = "greeter") -> etree._Element:
    payload = etree.XML("<Greeting><Name/></Greeting>")
    payload[0].text = text
    return build_envelope(payload, from_id="console", to_id=to, thread=THREAD)


def sealed(text: str = "World", *, by: Identity = SIGNER, organism: str | None = None) -> bytes:
    return seal_message(an_envelope(text), by, organism)


def taken(message: bytes, receiver: Identity | None = None, port: str | None = "console") -> etree._Element:
    """Read and check a message; give what may be opened."""
    root = read_document(message)
    check_message(root, a_receiver() if receiver is None else receiver, port=port, organism="here")
    return root


def refusal(message: bytes, receiver: Identity | None = None, port: str | None = "console") -> Rejected:
    """How a message is refused, by the gate or by the check."""
    with pytest.raises(Rejected) as refused:
        open_envelope(taken(message, receiver, port))
    return refused.value


def edited(edit: Callable[[etree._Element], Any], message: bytes | None = None) -> bytes:
    """A sealed message after somebody has had their hands on its tree."""
    root = etree.fromstring(sealed() if message is None else message)
    edit(root)
    return etree.tostring(root)


# ------------------------------------------------------------------ what is signed, and where it stands


@given(XML_TEXT, NAMES, st.none() | NAMES, THREADS, st.none() | NAMES)
def test_any_sealed_envelope_passes_and_opens_as_it_was(text, sender, to, thread, organism):
    """Whatever an envelope holds, its seal fits, and what is opened is what was put in."""
    payload = etree.Element("Note")
    etree.SubElement(payload, "Text", key=text).text = text
    envelope = build_envelope(payload, from_id=sender, to_id=to, thread=thread)
    root = read_document(seal_message(envelope, SIGNER, organism))
    check_message(root, a_receiver(), port=sender, organism=organism or "anybody")
    opened = open_envelope(root)
    assert (opened.from_id, opened.to_id, opened.thread, opened.signature) == (sender, to, thread, None)
    assert (opened.payload.findtext("Text") or "") == text
    assert canonical(opened.payload) == canonical(payload)


def test_a_seal_is_an_ed25519_signature_of_the_canonical_message_without_it():
    """Anybody with Ed25519 and exclusive C14N can check it: no framing, no prefix, no other encoding."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    root = etree.fromstring(sealed())
    signature = root[0][-1]
    assert (signature.tag, signature.prefix) == (f"{{{SIG}}}sig", "sig")
    root[0].remove(signature)
    signed = etree.tostring(root, method="c14n", exclusive=True, with_comments=False)
    key = Ed25519PublicKey.from_public_bytes(b64decode(SIGNER.public_key))
    key.verify(b64decode(signature.text or ""), signed)
    assert etree.tostring(root, method="c14n2") == signed, "what the system uses that the format comes from"


def test_a_message_signed_by_other_hands_passes_where_no_stamp_is_asked_for():
    """A plain signature, by the wire format alone, is enough for a receiver without a window."""
    envelope = an_envelope()
    signature = b64encode(SIGNER.sign(canonical(envelope))).decode()
    etree.SubElement(envelope[0], f"{{{SIG}}}sig", nsmap={"other": SIG}).text = signature
    message = etree.tostring(envelope)
    assert open_envelope(taken(message, a_receiver(window=None))).from_id == "console"
    assert refusal(message).reason == "stamp"


def test_a_pretty_printed_message_passes_as_it_was_signed():
    """White space is content: signed with it, it passes with it; added later, it breaks the seal."""
    envelope = an_envelope()
    etree.indent(envelope)
    message = seal_message(envelope, SIGNER)
    assert b"\n" in message
    assert open_envelope(taken(message)).payload.findtext("Name") == "World"
    assert refusal(edited(etree.indent)).reason == "signature"


# ------------------------------------------------------------------ what is altered


MESSAGE = sealed()


@pytest.mark.parametrize("turned", [0x01, 0x04, 0x20, 0x2A, 0x80], ids=hex)
def test_no_single_byte_can_be_changed_to_any_effect(turned):
    """Each byte in turn: the message is refused, or its byte means nothing, as a line break for a space in a tag."""
    receiver, passed = a_receiver(window=None), []
    for place, byte in enumerate(MESSAGE):
        try:
            root = taken(MESSAGE[:place] + bytes([byte ^ turned]) + MESSAGE[place + 1 :], receiver)
        except Rejected as rejection:
            assert rejection.stage in ("read", "verify")
        else:
            assert canonical(root) == canonical(taken(MESSAGE))
            passed.append(chr(byte))
    assert set(passed) <= {" "}


@given(
    st.integers(0, len(MESSAGE)), st.integers(0, len(MESSAGE)), st.sampled_from(["", " ", "\n", "x", "<x/>", "&amp;"])
)
def test_nothing_can_be_cut_or_put_in_to_any_effect(start, end, put):
    """The same for a piece that is left out, or exchanged for another."""
    start, end = min(start, end), max(start, end)
    altered = MESSAGE[:start] + put.encode() + MESSAGE[end:]
    assume(altered != MESSAGE)
    try:
        root = taken(altered)
    except Rejected:
        return
    assert canonical(root) == canonical(taken(MESSAGE))


@given(st.data())
def test_no_element_can_be_dropped_doubled_moved_or_renamed(data):
    """A change of any single element breaks the seal, or leaves no seal."""
    root = etree.fromstring(MESSAGE)
    nodes = [node for node in root.iter() if node is not root]
    node = data.draw(st.sampled_from(nodes), "element")
    parent = node.getparent()
    change = data.draw(st.sampled_from(["drop", "double", "rename", "text", "tail", "attribute", "move"]), "change")
    if change == "drop":
        parent.remove(node)
    elif change == "double":
        node.addnext(deepcopy(node))
    elif change == "rename":
        node.tag += "x"
    elif change == "text":
        node.text = (node.text or "") + "x"
    elif change == "tail":
        node.tail = (node.tail or "") + "\n"
    elif change == "attribute":
        node.set("key", "x")
    else:
        target = data.draw(st.sampled_from([each for each in root.iter() if each not in (*node.iter(), parent)]), "to")
        target.append(node)
    assert refusal(etree.tostring(root)).stage in ("read", "verify")


def test_a_second_spelling_of_a_signature_is_refused():
    """Base64 has spare bits and white space; only one text is the signature of a message."""
    text = re.search(rb">([A-Za-z0-9+/]{86}==)<", MESSAGE)
    assert text is not None
    signature = text[1]
    assert signature[-3:-2] in b"AQgw"
    spare = signature[:-3] + {b"A": b"B", b"Q": b"R", b"g": b"h", b"w": b"x"}[signature[-3:-2]] + b"=="
    assert b64decode(spare) == b64decode(signature)
    for other in (spare, signature + b"\n", b" " + signature, signature[:-2], signature[:40] + b"\n" + signature[40:]):
        assert refusal(MESSAGE.replace(signature, other)).reason == "signature"


@pytest.mark.parametrize(
    "text", ["", "QUJD", "A" * 88, b64encode(bytes(64)).decode(), b64encode(bytes(63)).decode(), "ä" * 86 + "=="]
)
def test_what_is_no_signature_is_refused(text):
    """Of another length, of zeros, or no base64 at all."""

    def replace(root: etree._Element) -> None:
        root[0][-1].text = text

    assert refusal(edited(replace)).reason == "signature"


# ------------------------------------------------------------------ wrapping


def test_a_signature_moved_anywhere_else_is_refused():
    """One signature, the last child of meta: not in message, not before the stamp, not inside another element."""
    for move in (
        lambda root: root.append(root[0][-1]),
        lambda root: root.insert(0, root[0][-1]),
        lambda root: root[0].insert(3, root[0][-1]),
        lambda root: root[0][-2].append(root[0][-1]),
        lambda root: etree.SubElement(root[0], "{urn:x}wrap").append(root[0][-2]),
        lambda root: root[0].append(deepcopy(root[0][-1])),
        lambda root: etree.SubElement(root[0][-1], "{urn:x}inner"),
        lambda root: etree.SubElement(root[0][-1], f"{{{SIG}}}sig"),
        lambda root: root[0][-1].set("{urn:x}id", "1"),
        lambda root: setattr(root[0][-1], "tail", "\n"),
        lambda root: setattr(root[0][-1], "tag", f"{{{SIG}}}signature"),
    ):
        refused = refusal(edited(move))
        assert (refused.stage, refused.reason) == ("verify", "signature")


def test_a_second_signature_is_refused_wherever_it_stands():
    """Also behind the genuine one, where the rules of envelopes would find it later."""
    for place in (lambda root: root, lambda root: root[1], lambda root: root[0][0]):
        refused = refusal(edited(lambda root, place=place: place(root).append(deepcopy(root[0][-1]))))
        assert refused.stage in ("read", "verify")
    refused = refusal(edited(lambda root: root.append(deepcopy(root[0][-1]))))
    assert "only once" in refused.detail


def forged(wrap: Callable[[etree._Element, etree._Element], etree._Element]) -> bytes:
    """A forged message that carries a genuine one somewhere, seal and all."""
    evil = build_envelope(etree.XML("<Greeting><Name>Evil</Name></Greeting>"), from_id="console", thread=THREAD)
    return etree.tostring(wrap(evil, etree.fromstring(sealed())))


def inside_an_extension(evil: etree._Element, good: etree._Element) -> etree._Element:
    etree.SubElement(evil[0], "{urn:x}old").append(good)
    return evil


def inside_an_extension_with_the_seal_outside(evil: etree._Element, good: etree._Element) -> etree._Element:
    seal = good[0][-1]
    etree.SubElement(evil[0], "{urn:x}old").append(good)
    evil[0].append(seal)
    return evil


def inside_the_signature(evil: etree._Element, good: etree._Element) -> etree._Element:
    seal = deepcopy(good[0][-1])
    seal.append(good)
    evil[0].append(seal)
    return evil


def around_the_forgery(evil: etree._Element, good: etree._Element) -> etree._Element:
    good.append(evil)
    return good


def beside_the_payload(evil: etree._Element, good: etree._Element) -> etree._Element:
    good.append(evil[1])
    return good


def before_the_payload(evil: etree._Element, good: etree._Element) -> etree._Element:
    good.insert(1, evil[1])
    return good


def with_a_second_meta(evil: etree._Element, good: etree._Element) -> etree._Element:
    evil.insert(1, good[0])
    return evil


def with_the_good_meta_first(evil: etree._Element, good: etree._Element) -> etree._Element:
    evil.insert(0, good[0])
    return evil


def with_the_good_meta_instead(evil: etree._Element, good: etree._Element) -> etree._Element:
    evil.replace(evil[0], good[0])
    return evil


def with_the_seal_alone(evil: etree._Element, good: etree._Element) -> etree._Element:
    evil[0].append(good[0][-1])
    return evil


def with_stamp_and_seal(evil: etree._Element, good: etree._Element) -> etree._Element:
    evil[0].extend(good[0][-2:])
    return evil


def inside_the_payload(evil: etree._Element, good: etree._Element) -> etree._Element:
    evil[1].append(good)
    return evil


def inside_a_root_of_another_name(evil: etree._Element, good: etree._Element) -> etree._Element:
    root = etree.Element(f"{{{ENV}}}messages")
    root.extend([evil, good])
    return root


WRAPPINGS = [
    inside_an_extension, inside_an_extension_with_the_seal_outside, inside_the_signature, around_the_forgery,
    beside_the_payload, before_the_payload, with_a_second_meta, with_the_good_meta_first, with_the_good_meta_instead,
    with_the_seal_alone, with_stamp_and_seal, inside_the_payload, inside_a_root_of_another_name,
]  # fmt: skip


@pytest.mark.parametrize("verify", ["require", "if-present"])
@pytest.mark.parametrize("wrap", WRAPPINGS, ids=lambda wrap: wrap.__name__)
def test_no_wrapping_makes_a_forgery_pass(wrap, verify):
    """A genuine message inside, around or beside a forged one lends it nothing, also where a seal is optional."""
    assert refusal(forged(wrap), a_receiver(verify=verify)).stage in ("read", "verify")


def test_a_comment_cannot_split_what_was_signed():
    """Inside from, to and thread it is refused; elsewhere it is dropped, and the text that is read is what was signed."""
    for field in (b"<from>", b"<to>", b"<thread>"):
        assert refusal(MESSAGE.replace(field, field + b"<!---->")).stage == "read"
    assert taken(MESSAGE.replace(b"World", b"Wor<!-- x -->ld")).findtext("*/Name") == "World"
    assert refusal(MESSAGE.replace(b"World", b"Wor<!-- x -->")).reason == "signature"
    assert refusal(sealed("World<!--").replace(b"World&lt;!--", b"World<!---->")).reason == "signature"


# ------------------------------------------------------------------ who, when, for whom


def test_a_message_of_somebody_who_is_not_trusted_is_refused():
    """Signed rightly, but by a stranger; the detail does not say which keys are trusted."""
    refused = refusal(sealed(by=an_identity()))
    assert (refused.stage, refused.reason) == ("verify", "signature")
    assert SIGNER.public_key not in refused.detail


def test_a_message_signed_anew_by_a_stranger_is_refused():
    """Whoever strips a seal can put only their own in its place."""
    stranger = an_identity()

    def sign_anew(root: etree._Element) -> None:
        root[1][0].text = "Evil"
        root[0].remove(root[0][-1])
        seal = etree.SubElement(root[0], f"{{{SIG}}}sig")
        unsigned = deepcopy(root)
        unsigned[0].remove(unsigned[0][-1])
        seal.text = b64encode(stranger.sign(canonical(unsigned))).decode()

    assert refusal(edited(sign_anew)).reason == "signature"
    assert taken(edited(sign_anew), an_identity(trusted=[stranger.public_key])).findtext("*/Name") == "Evil"


def test_a_message_is_taken_once():
    """Its stamp is remembered; a copy is refused, another message is not."""
    receiver = a_receiver()
    taken(MESSAGE, receiver)
    refused = refusal(MESSAGE, receiver)
    assert (refused.stage, refused.reason) == ("verify", "replay")
    taken(sealed(), receiver)


def test_a_message_that_was_refused_uses_up_no_stamp():
    """A forgery with the id of a genuine message does not keep that one out."""
    receiver = a_receiver()
    assert refusal(MESSAGE.replace(b"World", b"Evil"), receiver).reason == "signature"
    taken(MESSAGE, receiver)


def test_nobody_can_use_up_the_ids_of_another():
    """Ids are remembered with their signer: a partner cannot keep another's message out by sending its id first."""
    clock = Clock()
    partner = an_identity(clock=clock)
    receiver = an_identity(trusted=[SIGNER.public_key, partner.public_key], clock=clock)
    root = etree.fromstring(MESSAGE)
    root[0].remove(root[0][-1])
    signature = b64encode(partner.sign(canonical(root))).decode()
    etree.SubElement(root[0], f"{{{SIG}}}sig").text = signature
    taken(etree.tostring(root), receiver)
    taken(MESSAGE, receiver)


@pytest.mark.parametrize(
    ("later", "reason"),
    [(0, None), (299, None), (300, None), (301, "window"), (1e6, "window"), (-299, None), (-301, "window")],
)
def test_a_stamp_must_lie_within_the_window(later, reason):
    """As many seconds behind or ahead as the window says, and no more."""
    signs, receives = Clock(), Clock()
    receives.now -= 1_000  # the receiver is there before
    signer, receiver = an_identity(clock=signs), None
    receiver = an_identity(trusted=[signer.public_key], clock=receives)
    receives.now = NOW + later
    message = sealed(by=signer)
    if reason is None:
        taken(message, receiver)
        assert refusal(message, receiver).reason == "replay"
    else:
        assert refusal(message, receiver).reason == reason


@given(st.lists(st.tuples(st.integers(-400, 400), st.integers(0, 400)), max_size=30))
def test_no_message_is_ever_taken_twice_however_time_passes(steps):
    """Whatever the clocks of both say: what is forgotten is so old that the window keeps it out."""
    signs, receives = Clock(), Clock()
    signer = an_identity(clock=signs)
    receiver = an_identity(trusted=[signer.public_key], clock=receives)
    messages: list[bytes] = []
    accepted: set[bytes] = set()
    for ahead, passed in steps:
        receives.now += passed
        signs.now = receives.now + ahead
        messages.append(sealed(by=signer))
        for message in messages:
            try:
                taken(message, receiver)
            except Rejected as rejection:
                assert rejection.reason in ("window", "replay")
            else:
                assert message not in accepted
                accepted.add(message)


def test_what_is_past_the_window_is_forgotten():
    """The memory of stamps holds a window's worth, not all that ever came."""
    clock = Clock()
    signer = an_identity(clock=clock)
    receiver = an_identity(trusted=[signer.public_key], clock=clock, window=10)
    for _ in range(100):
        clock.now += 5
        taken(sealed(by=signer), receiver)
    assert len(receiver.seen) <= 5


def test_a_memory_that_is_full_takes_no_more(monkeypatch):
    """Rather than forget one too early; what the window keeps out makes room again."""
    monkeypatch.setattr(replay, "_MOST", 3)
    clock = Clock()
    signer = an_identity(clock=clock)
    receiver = an_identity(trusted=[signer.public_key], clock=clock)
    for _ in range(3):
        taken(sealed(by=signer), receiver)
    refused = refusal(sealed(by=signer), receiver)
    assert (refused.reason, "no more can be remembered" in refused.detail) == ("replay", True)
    clock.now += 301
    taken(sealed(by=signer), receiver)


def test_what_was_sealed_before_the_receiver_was_there_is_refused():
    """After a restart nobody knows what was taken before it, so none of it is taken again."""
    clock = Clock()
    signer = an_identity(clock=clock)
    message = sealed(by=signer)
    clock.now += 1
    refused = refusal(message, an_identity(trusted=[signer.public_key], clock=clock))
    assert refused.reason == "replay"
    assert "2023-11-14 22:13:21 UTC" in refused.detail


@pytest.mark.parametrize(
    "stamp",
    [
        "",
        'id="1" time="2023-11-14T22:13:20Z"',
        f'id="{THREAD}"',
        f'id="{THREAD}" time="2023-11-14T22:13:20"',
        f'id="{THREAD}" time="2023-11-14T22:13:20+01:00"',
        f'id="{THREAD}" time="2023-13-14T22:13:20Z"',
        f'id="{THREAD}" time="yesterday"',
        f'id="{THREAD}" time="2023-11-14T22:13:20Z" organism="no name"',
        f'id="{THREAD}" time="2023-11-14T22:13:20Z" until="2099"',
    ],
)
def test_a_stamp_that_is_not_written_right_is_refused(stamp):
    """Signed by somebody who is trusted, and still no stamp."""
    envelope = an_envelope()
    envelope[0].append(etree.XML(f'<s xmlns="{STAMP}" {stamp}/>'.replace("<s ", "<stamp ")))
    etree.SubElement(envelope[0], f"{{{SIG}}}sig").text = b64encode(SIGNER.sign(_without(envelope))).decode()
    assert refusal(etree.tostring(envelope)).reason == "stamp"


def _without(envelope: etree._Element) -> bytes:
    copy = deepcopy(envelope)
    for seal in copy[0].findall(f"{{{SIG}}}sig"):
        copy[0].remove(seal)
    return canonical(copy)


def test_two_stamps_are_refused():
    """Nobody can tell which of them counts."""
    envelope = etree.fromstring(sealed())
    envelope[0].remove(envelope[0][-1])
    assert refusal(seal_message(envelope, SIGNER)).reason == "stamp"


def test_a_message_for_one_organism_is_taken_by_no_other():
    """A message that names its organism cannot be carried to another that trusts the same key."""
    assert taken(sealed(organism="here")).findtext("*/Name") == "World"
    assert refusal(sealed(organism="elsewhere")).reason == "audience"


# ------------------------------------------------------------------ without a signature


@pytest.mark.parametrize("verify", ["if-present", "off"])
def test_an_unsigned_message_is_taken_where_none_is_required(verify):
    """Optional means optional, for whole messages and bare payloads, by any port."""
    for message in (canonical(an_envelope()), b"<Greeting/>"):
        taken(message, a_receiver(verify=verify), "gateway")


@pytest.mark.parametrize("port", ["console", "gateway", None])
def test_a_whole_message_without_a_signature_is_refused_where_one_is_required(port):
    """Stripping a seal helps nobody, by whatever port."""
    assert refusal(canonical(an_envelope()), port=port).reason == "unsigned"


def test_a_bare_payload_is_taken_from_local_ports_only():
    """Stripping the whole envelope helps nobody either: only the ports of this process bring bare payloads."""
    taken(b"<Greeting/>")
    assert refusal(b"<Greeting/>", port="gateway").reason == "unsigned"
    assert refusal(b"<Greeting/>", port=None).reason == "unsigned"
    assert refusal(b"<Greeting/>", a_receiver(local=[])).reason == "unsigned"
    taken(b"<Greeting/>", a_receiver(local=["cell"]), "cell")


def test_a_broken_signature_is_refused_where_none_is_required():
    """What claims to be signed is held to it."""
    for message in (
        MESSAGE.replace(b"World", b"Evil"),
        sealed(by=an_identity()),
        edited(lambda root: root.append(root[0][-1])),
    ):
        assert refusal(message, a_receiver(verify="if-present")).reason == "signature"


def test_off_looks_at_no_signature():
    """A receiver that does not check takes what is well-formed."""
    assert taken(MESSAGE.replace(b"World", b"Evil"), a_receiver(verify="off")).findtext("*/Name") == "Evil"
