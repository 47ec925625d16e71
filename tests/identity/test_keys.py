"""Keys in files: made for their owner's eyes only, read only if they are kept so, and never put into a message."""

from __future__ import annotations

import copy
import os
import pickle
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xpipe_nb import ConfigError, Identity, Organism, XPipeError
from xpipe_nb.config import ConfigLoader, OrganismConfig, settings_from
from xpipe_nb.notebook.runs import Source

pytestmark = pytest.mark.skipif(os.name != "posix", reason="modes of files mean something on POSIX only")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "me.pem"


@pytest.fixture
def partner(tmp_path: Path) -> Identity:
    return Identity.create(tmp_path / "partner.pem")


def fault_of(make):
    """The only fault of what cannot be used."""
    with pytest.raises(ConfigError) as refused:
        make()
    [fault] = refused.value.faults
    return fault


def written(path: Path, text: str | bytes, mode: int = 0o600) -> Path:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    path.chmod(mode)
    return path


def as_pem(key, *, public: bool = False, password: bytes | None = None) -> bytes:
    from cryptography.hazmat.primitives import serialization as to

    if public:
        return key.public_key().public_bytes(to.Encoding.PEM, to.PublicFormat.SubjectPublicKeyInfo)
    lock = to.BestAvailableEncryption(password) if password else to.NoEncryption()
    return key.private_bytes(to.Encoding.PEM, to.PrivateFormat.PKCS8, lock)


# ------------------------------------------------------------------ create


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o277, 0o777])
def test_a_new_key_is_its_owners_only_whatever_the_umask(path, umask):
    """Mode 0600, no more and no less."""
    before = os.umask(umask)
    try:
        made = Identity.create(path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Identity.load(path).public_key == made.public_key


def test_a_key_is_never_overwritten(path):
    """What is there stays, byte for byte; also what a link points to."""
    Identity.create(path)
    before = path.read_bytes()
    assert "exists already" in fault_of(lambda: Identity.create(path)).problem
    assert path.read_bytes() == before
    link = path.with_name("link.pem")
    link.symlink_to(path.with_name("elsewhere.pem"))
    assert "exists already" in fault_of(lambda: Identity.create(link)).problem
    assert not path.with_name("elsewhere.pem").exists()


def test_no_key_is_written_when_a_setting_is_wrong(path):
    """The next try does not find a file in its way."""
    for settings in ({"trusted": ["nonsense"]}, {"verify": "maybe"}, {"window": 0}, {"local": "console"}):
        fault_of(lambda settings=settings: Identity.create(path, **settings))
        assert not path.exists()


def test_a_folder_that_is_not_there_is_named(tmp_path):
    """The cause in words, and no traceback of the operating system."""
    fault = fault_of(lambda: Identity.create(tmp_path / "no" / "me.pem"))
    assert "cannot be written: No such file or directory" in fault.problem


def test_two_keys_are_never_the_same(tmp_path):
    """Each is made of fresh randomness."""
    keys = {Identity.create(tmp_path / f"{number}.pem").public_key for number in range(20)}
    assert len(keys) == 20


# ------------------------------------------------------------------ load


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660, 0o610, 0o601, 0o666, 0o777])
def test_a_key_that_others_can_use_is_refused_with_the_command_that_helps(path, mode):
    """Any right of the group or of others is one too many."""
    Identity.create(path)
    path.chmod(mode)
    fault = fault_of(lambda: Identity.load(path))
    assert f"chmod 600 {path}" in fault.expected
    assert f"{mode:04o}" in fault.problem


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o700])
def test_a_key_of_its_owner_only_is_read(path, mode):
    """Also one that the owner cannot write."""
    made = Identity.create(path)
    path.chmod(mode)
    assert Identity.load(path) == made


def test_a_missing_file_is_told_with_the_nearest_name(path):
    """The likely slip is a letter."""
    Identity.create(path)
    fault = fault_of(lambda: Identity.load(path.with_name("mee.pem")))
    assert ("there is no file" in fault.problem, fault.nearest) == (True, "me.pem")
    assert "key create" in fault.expected


def test_what_is_no_file_is_refused(tmp_path):
    """A folder, and a pipe that would wait for somebody to write."""
    assert "no file" in fault_of(lambda: Identity.load(tmp_path)).problem
    os.mkfifo(tmp_path / "pipe", 0o600)
    assert "is no file" in fault_of(lambda: Identity.load(tmp_path / "pipe")).problem


@pytest.mark.parametrize(
    "text", [b"", b"garbage", b"\xff\xfe\x00", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"]
)
def test_garbage_is_refused(path, text):
    """The wrong format is told as that."""
    assert "holds no private key" in fault_of(lambda: Identity.load(written(path, text))).problem


@given(st.binary(max_size=200))
def test_any_bytes_are_a_key_or_a_config_error(tmp_path_factory, data):
    """Nothing else is ever raised for what a file holds, as a private key or as a trusted one."""
    path = written(tmp_path_factory.mktemp("any") / "key", data)
    assert fault_of(lambda: Identity.load(path)).expected
    good = path.with_name("good")
    assert fault_of(lambda: Identity.create(good, trusted=[path])).expected


def test_other_kinds_of_keys_are_refused(path):
    """Only Ed25519 signs here; a locked key, a public one and one of another kind are told apart."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, x25519

    own = ed25519.Ed25519PrivateKey.generate()
    for key in (ec.generate_private_key(ec.SECP256R1()), x25519.X25519PrivateKey.generate()):
        assert "not Ed25519" in fault_of(lambda key=key: Identity.load(written(path, as_pem(key)))).problem
        public = as_pem(key, public=True)
        trusting = lambda public=public: Identity(own, trusted=[written(path, public)])  # noqa: E731
        assert "not Ed25519" in fault_of(trusting).problem
    assert "password" in fault_of(lambda: Identity.load(written(path, as_pem(own, password=b"x")))).problem
    assert "no private key" in fault_of(lambda: Identity.load(written(path, as_pem(own, public=True)))).problem


# ------------------------------------------------------------------ public keys


def test_a_public_key_is_trusted_as_text_or_from_a_file(path, partner):
    """44 characters of base64, a file that holds them, or PEM; all mean the same key."""
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    key = load_pem_private_key((path.parent / "partner.pem").read_bytes(), None)
    pem = written(path.with_name("a.pub"), as_pem(key, public=True), 0o644)
    text = written(path.with_name("b.pub"), partner.public_key + "\n", 0o644)
    me = Identity.create(path, trusted=[partner.public_key, pem, str(text)])
    assert me.trusted == (me.public_key, partner.public_key)
    assert Identity.load(path, trusted=partner.public_key).trusted == me.trusted


def test_a_private_key_among_the_trusted_is_refused(path, partner):
    """It should never have left its owner; the command that prints the public one is told."""
    fault = fault_of(lambda: Identity.create(path, trusted=[path.with_name("partner.pem")]))
    assert ("holds a private key" in fault.problem, "key show" in fault.expected) == (True, True)


def test_a_second_spelling_of_a_public_key_is_refused(path, partner):
    """Else a key could be trusted under two texts, and distrusted under one."""
    text = partner.public_key
    spare = next(text[:-2] + last + "=" for last in "BRhx" + "CDFGJKNOSTVWZabdefijlmnpqrtuvyz1235679+/")
    assert spare != text
    assert "not canonical" in fault_of(lambda: Identity.create(path, trusted=[spare])).problem


def test_a_secret_is_never_repeated(path):
    """A key that was written where its path belongs does not come back in a message."""
    made = Identity.create(path)
    pem, seed = path.read_text(), "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2U="
    for secret in (pem, seed):
        for make in (
            lambda secret=secret: Identity.load(secret),
            lambda secret=secret: settings_from(identity=secret),
            lambda secret=secret: settings_from(identity={"key": secret}),
        ):
            told = str(fault_of(make))
            assert secret not in told
            assert secret.splitlines()[len(secret.splitlines()) // 2] not in told
    assert "hunter2" not in str(fault_of(lambda: settings_from(identity=["hunter2"])))
    shown = f"{made!r} {made}"
    assert made.public_key in shown
    assert pem.splitlines()[1] not in shown


def test_an_identity_cannot_be_copied_away(path):
    """A pickle or a deep copy of it would carry the key along unseen."""
    made = Identity.create(path)
    for carry in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError):
            carry(made)


# ------------------------------------------------------------------ trust, and rotation


def test_rotation_signs_with_the_new_key_and_trusts_both(path):
    """Until the old one is removed; its file is left alone."""
    me = Identity.create(path)
    old, file = me.public_key, path.read_bytes()
    before = me.sign(b"before")
    new = me.rotate(path.with_name("new.pem"))
    assert (me.public_key, me.trusted) == (new, (old, new))
    assert (me.signer_of(b"before", before), me.signer_of(b"after", me.sign(b"after"))) == (old, new)
    assert path.read_bytes() == file
    me.distrust(old)
    assert me.signer_of(b"before", before) is None
    assert Identity.load(path.with_name("new.pem")) == me
    assert stat.S_IMODE(path.with_name("new.pem").stat().st_mode) == 0o600


def test_a_rotation_that_fails_changes_nothing(path):
    """The old key stays in use when the new one cannot be written."""
    me = Identity.create(path)
    old = me.public_key
    assert "exists already" in fault_of(lambda: me.rotate(path)).problem
    assert (me.public_key, me.trusted) == (old, (old,))


def test_trust_is_all_or_nothing_and_can_be_taken_back(path, partner):
    """One bad key in a list means that none of it is trusted; distrust of an unknown one is told."""
    me = Identity.create(path)
    fault_of(lambda: me.trust(partner.public_key, "nonsense"))
    assert me.trusted == (me.public_key,)
    me.trust(partner.public_key)
    assert me.signer_of(b"x", partner.sign(b"x")) == partner.public_key
    me.distrust(partner.public_key)
    assert me.signer_of(b"x", partner.sign(b"x")) is None
    with pytest.raises(XPipeError, match="was not trusted"):
        me.distrust(partner.public_key)


@given(st.binary(max_size=100), st.binary(max_size=100))
def test_a_signature_is_of_its_bytes_only(one, other):
    """Signing is a function of the bytes, and no other bytes have the signature."""
    me = KEY.identity()
    assert me.signer_of(one, me.sign(one)) == me.public_key
    assert (me.signer_of(other, me.sign(one)) is None) == (one != other)


class KEY:
    """One key for all examples."""

    made: Identity | None = None

    @classmethod
    def identity(cls) -> Identity:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        cls.made = cls.made or Identity(Ed25519PrivateKey.generate())
        return cls.made


def test_the_signature_is_that_of_the_standard(path):
    """RFC 8032, 7.1, test 2: a known key, a known byte, a known signature."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    seed = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
    me = Identity(Ed25519PrivateKey.from_private_bytes(seed))
    assert me.sign(b"\x72").hex() == (
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )


# ------------------------------------------------------------------ settings


def test_yaml_names_a_key_by_path_or_in_a_mapping(path, partner):
    """Both forms, with every word of the mapping used."""
    made = Identity.create(path)
    plain = ConfigLoader.load_text(f"organism: {{identity: {path}}}").identity
    assert plain == made
    assert (plain.verify, plain.window, plain.local) == ("require", 300, {"console"})
    text = f"""
organism:
  name: hello
  identity:
    key: {path}
    trusted: [{partner.public_key}]
    verify: if-present
    window: 12.5
    local: [cell, console]
"""
    full = ConfigLoader.load_text(text).identity
    assert full.trusted == (made.public_key, partner.public_key)
    assert (full.verify, full.window, full.local) == ("if-present", 12.5, {"cell", "console"})
    assert ConfigLoader.load_text(text.replace("12.5", "null").replace("if-present", "off")).identity.window is None


def test_a_relative_path_begins_beside_its_file(path, monkeypatch):
    """In a file it is the file's folder, in a text the current one, and `~` is a home."""
    made = Identity.create(path)
    file = path.with_name("organism.yaml")
    file.write_text("organism: {identity: me.pem}")
    assert ConfigLoader.load(file).identity == made
    assert "no file" in fault_of(lambda: settings_from(identity="me.pem")).problem
    monkeypatch.chdir(path.parent)
    assert settings_from(identity="me.pem").identity == made
    monkeypatch.chdir("/")
    source = Source(file, lambda: 1)
    assert source.config("x", {}).identity == source.again("x", {}).identity == made, (
        "also when a notebook reads it anew"
    )
    monkeypatch.setenv("HOME", str(path.parent))
    assert settings_from(identity="~/me.pem").identity == made


@pytest.mark.parametrize(
    ("lines", "place", "line", "words"),
    [
        ("identity: none.pem", "$.organism.identity", 2, "there is no file"),
        ("identity: 7", "$.organism.identity", 2, "got a int"),
        ("identity: {}", "$.organism.identity", 2, "no key to sign with"),
        ("identity:\n    keys: me.pem", "$.organism.identity.keys", 3, "unknown key"),
        ("identity:\n    key: none.pem", "$.organism.identity.key", 3, "there is no file"),
        ("identity:\n    key: me.pem\n    trusted: me.pub", "$.organism.identity.trusted", 4, "no list"),
        (
            "identity:\n    key: me.pem\n    trusted: [none.pub]",
            "$.organism.identity.trusted[0]",
            4,
            "there is no file",
        ),
        ("identity:\n    key: me.pem\n    verify: requires", "$.organism.identity.verify", 4, "got 'requires'"),
        ("identity:\n    key: me.pem\n    window: 0", "$.organism.identity.window", 4, "got 0"),
        ("identity:\n    key: me.pem\n    window: soon", "$.organism.identity.window", 4, "got 'soon'"),
        ("identity:\n    key: me.pem\n    local: [no name]", "$.organism.identity.local[0]", 4, "got 'no name'"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_line(path, monkeypatch, lines, place, line, words):
    """The place in the YAML, its line, and what is wrong there."""
    Identity.create(path)
    monkeypatch.chdir(path.parent)
    with pytest.raises(ConfigError) as refused:
        ConfigLoader.load_text(f"organism:\n  {lines}\n")
    [fault] = [each for each in refused.value.faults if each.path == place]
    assert (fault.line, words in fault.problem, bool(fault.expected)) == (line, True, True)


def test_an_organism_tells_its_identity_however_it_was_given(path):
    """So that keys can be trusted and rotated while it runs; without one there is none."""
    made = Identity.create(path)
    assert Organism("x", identity=made).identity is made
    assert Organism.from_config(OrganismConfig(identity=str(path))).identity == made
    assert Organism.from_yaml(f"organism: {{identity: {path}}}").identity == made
    assert Organism("x").identity is None


def test_an_organism_that_cannot_load_its_key_does_not_come_to_be(path):
    """It never runs unsigned instead: from Python, from YAML, from a mapping."""
    Identity.create(path)
    path.chmod(0o644)
    for make in (
        lambda: Organism("x", identity=path),
        lambda: Organism("x", identity=str(path)),
        lambda: Organism("x", identity={"key": path}),
        lambda: Organism.from_yaml(f"organism: {{identity: {path}}}"),
    ):
        assert "chmod 600" in fault_of(make).expected
