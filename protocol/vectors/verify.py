#!/usr/bin/env python3
"""Checks every vector in this folder, from the specification alone.

This is a second reading of ../README.md and shares no code with the crate: if both agree about every
vector, the text says what the bytes are. Needs the packages of requirements.txt. Prints one line a
file, and exits with 1 if anything differs.
"""

import base64
import json
import pathlib
import struct
import sys

import nacl.exceptions
import nacl.signing
from blake3 import blake3
from mnemonic import Mnemonic

HERE = pathlib.Path(__file__).parent
ENTRY_SIGNATURE = b"starling entry v1\0"
IDENTITY_SIGNATURE = b"starling identity v1\0"
BUNDLE_SIGNATURE = b"starling bundle v1\0"
MAX_SEQ = (1 << 48) - 1
LOGS = 5


class Invalid(Exception):
    """What is not valid, and why."""


def need(condition, why):
    if not condition:
        raise Invalid(why)


# --- canonical CBOR (RFC 8949 section 4.2): whole numbers, strings, lists, booleans, null ---


def decode_item(data, at, depth=0):
    need(depth <= 16, "too deep")
    need(at < len(data), "cut short")
    major, info, at = data[at] >> 5, data[at] & 31, at + 1
    if major == 7:
        need(info in (20, 21, 22), "a float or a simple value")
        return {20: False, 21: True, 22: None}[info], at
    need(info <= 27, "an indefinite length")
    value = info
    if info >= 24:
        width = 1 << (info - 24)
        need(at + width <= len(data), "cut short")
        value, at = int.from_bytes(data[at : at + width], "big"), at + width
        need(value >= (24 if width == 1 else 1 << (4 * width)), "not in its shortest form")
    if major == 0:
        return value, at
    if major == 1:
        return -1 - value, at
    if major in (2, 3):
        need(at + value <= len(data), "cut short")
        piece, at = data[at : at + value], at + value
        if major == 2:
            return piece, at
        try:
            return piece.decode("utf-8"), at
        except UnicodeDecodeError as error:
            raise Invalid("not UTF-8") from error
    need(major == 4, "a map or a tag")
    items = []
    for _ in range(value):
        item, at = decode_item(data, at, depth + 1)
        items.append(item)
    return items, at


def decode(data):
    value, at = decode_item(data, 0)
    need(at == len(data), "bytes after the end")
    return value


def head(major, value):
    for info, limit, form in ((24, 1 << 8, ">B"), (25, 1 << 16, ">H"), (26, 1 << 32, ">I"), (27, 1 << 64, ">Q")):
        if value < 24:
            return bytes([major << 5 | value])
        if value < limit:
            return bytes([major << 5 | info]) + struct.pack(form, value)
    raise Invalid("a number over 64 bits")


def encode(value):
    if value is None or isinstance(value, bool):
        return {None: b"\xf6", False: b"\xf4", True: b"\xf5"}[value]
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    return head(4, len(value)) + b"".join(map(encode, value))


def uint(value, limit=1 << 64):
    need(type(value) is int and 0 <= value < limit, "not a number in its range")
    return value


def string(value, length=None):
    need(type(value) is bytes and length in (None, len(value)), "not bytes of the right length")
    return value


def listing(value, length=None):
    need(type(value) is list and length in (None, len(value)), "not a list of the right length")
    return value


# --- hashes, signatures, text forms ---


def digest(data):
    return blake3(data).digest()


def derive(context, data):
    return blake3(data, derive_key_context=context).digest()


def signed(key, context, hashed, signature):
    """Strict verification: libsodium refuses weak and misspelled keys, and S that is not reduced."""
    try:
        nacl.signing.VerifyKey(key).verify(context + hashed, signature)
        return True
    except (nacl.exceptions.BadSignatureError, ValueError):
        return False


ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def polymod(values):
    check = 1
    for value in values:
        top, check = check >> 25, (check & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            check ^= generator if top >> bit & 1 else 0
    return check


def spread(name):
    return [ord(c) >> 5 for c in name] + [0] + [ord(c) & 31 for c in name]


def to_bech32m(name, data):
    bits = "".join(f"{byte:08b}" for byte in data)
    bits += "0" * (-len(bits) % 5)
    words = [int(bits[i : i + 5], 2) for i in range(0, len(bits), 5)]
    check = polymod(spread(name) + words + [0] * 6) ^ 0x2BC830A3
    words += [check >> 5 * (5 - i) & 31 for i in range(6)]
    return name + "1" + "".join(ALPHABET[word] for word in words)


def from_bech32m(name, text):
    need(text == text.lower() or text == text.upper(), "mixed case")
    prefix, _, rest = text.lower().rpartition("1")
    need(prefix == name and all(c in ALPHABET for c in rest), "another name or character")
    words = [ALPHABET.index(c) for c in rest]
    need(polymod(spread(name) + words) == 0x2BC830A3, "checksum")
    bits = "".join(f"{word:05b}" for word in words[:-6])
    need(len(bits) // 8 == 32 and set(bits[256:]) <= {"0"}, "not 32 bytes")
    return bytes(int(bits[i : i + 8], 2) for i in range(0, 256, 8))


def base32(data):
    return base64.b32encode(data).decode().rstrip("=").lower()


def entry_text(identifier):
    return "b" + base32(bytes([1, 0x71, 0x1E, 32]) + identifier)


# --- identities ---


def read_action(action):
    kind = uint(listing(action)[0] if listing(action) else None)
    if kind == 0:
        return kind, string(listing(action, 2)[1], 32)
    if kind == 1:
        return kind, [read_removal(listing(action, 2)[1])]
    if kind == 2:
        _, root, following, keep, removals = listing(action, 5)
        keep = [string(device, 32) for device in listing(keep)]
        return kind, (string(root, 32), string(following, 32), keep, [read_removal(r) for r in listing(removals)])
    need(kind == 3, "no such operation")
    return kind, [read_removal(removal) for removal in listing(listing(action, 2)[1])]


def read_removal(removal):
    device, cutoffs = listing(removal, 2)
    ends = {}
    for cutoff in listing(cutoffs):
        log, seq, identifier = listing(cutoff, 3)
        need(uint(log, 256) < LOGS and uint(seq) <= MAX_SEQ, "an end where no entry can be")
        ends[log] = (seq, string(identifier, 32))
    return string(device, 32), ends


def commitment(root, following):
    return derive("starling 2026-11 root commitment v1", root + following)


class Identity:
    """Records of one author, verified, and what they mean together."""

    def __init__(self, *records):
        self.operations = {}
        for record in records:
            inception, operations = listing(decode(record), 2)
            version, self.root, self.next = listing(decode(string(inception)), 3)
            need(version == 1 and len(operations) <= 128, "version or limit")
            self.author = digest(inception)
            for operation in operations:
                body, signature = listing(operation, 2)
                need(len(string(body)) <= 16 * 1024, "an operation is too long")
                version, author, epoch, action = listing(decode(body), 4)
                need(version == 1 and author == self.author, "version or author")
                said = (uint(epoch, 1 << 32), read_action(action), string(signature, 64))
                self.operations.setdefault(digest(body), said)
        self.ids = sorted(self.operations)
        self.check_signatures()
        self.keep_first()
        self.fold()

    def keep_first(self):
        """One rotation an epoch; then the first 128: rotations by epoch, all else from the last epoch backwards, by id."""
        rotated = set()
        for identifier in list(self.ids):
            epoch, (kind, _), _ = self.operations[identifier]
            if kind == 2 and epoch in rotated:
                self.ids.remove(identifier)
            elif kind == 2:
                rotated.add(epoch)

        def rank(identifier):
            epoch, (kind, _), _ = self.operations[identifier]
            return kind != 2, epoch if kind == 2 else -epoch, identifier

        kept = set(sorted(self.ids, key=rank)[:128])
        self.ids = [i for i in self.ids if i in kept]

    def of_epoch(self, epoch):
        return [(i, *self.operations[i][1:]) for i in self.ids if self.operations[i][0] == epoch]

    def check_signatures(self):
        turn, epoch, known = (self.root, self.next), 0, 0
        while turn:
            (current, committed), turn = turn, None
            for identifier, (kind, what), signature in self.of_epoch(epoch):
                if kind == 2:
                    need(commitment(*what[:2]) == committed, "not committed to")
                    turn = what[:2]
                signer = what[0] if kind == 2 else current
                need(signed(signer, IDENTITY_SIGNATURE, identifier, signature), "not signed by its root")
                known += 1
            epoch += 1
        need(known == len(self.operations), "an epoch that nothing leads to")

    def fold(self):
        self.epoch, self.devices, self.cut, self.retired = 0, set(), {}, False
        while True:
            rotations = [what for _, (kind, what), _ in self.of_epoch(self.epoch) if kind == 2]
            if not rotations:
                break
            self.root, _, keep, removals = rotations[0]
            self.epoch, self.devices, self.cut = self.epoch + 1, set(keep[:32]), {}
            for device, ends in removals:
                if len(self.cut) < 32 or device in self.cut:
                    self.remove(device, ends)
        removals = []
        for identifier, (kind, what), _ in self.of_epoch(self.epoch):
            if kind == 0 and len(self.devices) < 32:
                self.devices.add(what)
            if kind in (1, 3):
                self.retired |= kind == 3
                removals += what
        for device, ends in removals:
            if device in self.devices or device in self.cut:
                self.remove(device, ends)
        if self.retired:
            self.devices = set()

    def remove(self, device, ends):
        if device in self.cut:
            old = self.cut[device]
            ends = {log: min(old[log], ends[log]) for log in old if log in ends}
        self.cut[device] = ends

    def voice(self, device, log):
        if device in self.cut:
            return self.cut[device].get(log, "silent")
        return "speaks" if device in self.devices else "silent"

    def digest(self):
        return digest(b"".join(self.ids))


# --- entries, forks, frames ---


def read_header(header):
    need(len(header) <= 256, "a header is too long")
    version, author, device, log, seq, previous, hashed, length, time = listing(decode(header), 9)
    need(version == 1, "version")
    string(author, 32), string(device, 32), string(hashed, 32)
    need(uint(log, 256) < LOGS, "no such log")
    need(uint(seq) <= MAX_SEQ and (seq == 0) == (previous is None), "position")
    need(previous is None or len(string(previous)) == 32, "previous")
    need(uint(length, 1 << 32) <= 32 * 1024 - 512, "payload length")
    uint(time)
    return author, device, log, seq, previous, hashed, length, time


def read_entry(data):
    need(len(data) <= 32 * 1024, "an entry is too long")
    header, signature, payload = listing(decode(data), 3)
    fields = read_header(string(header))
    if payload is not None:
        need(len(string(payload)) == fields[6], "payload length")
        need(derive("starling 2026-11 payload v1", payload) == fields[5], "payload hash")
        salt, kind, body = listing(decode(payload), 3)
        string(salt, 16), listing(body)
        need(type(kind) is str and len(kind.encode()) <= 64, "kind")
    identifier = digest(header)
    need(signed(fields[1], ENTRY_SIGNATURE, identifier, string(signature, 64)), "signature")
    return identifier, fields, payload


def read_proof(data):
    halves = [listing(half, 2) for half in listing(decode(data), 2)]
    first, second = (read_entry(encode([header, signature, None])) for header, signature in halves)
    (a, b), (x, y) = (first[1], second[1]), (first[0], second[0])
    need(a[:3] == b[:3], "two logs")
    need((a[3], x) <= (b[3], y), "order")
    need((a[3] == b[3] and x != y) or (a[3] + 1 == b[3] and b[4] != x), "no contradiction")
    return a[2], a[3]


def read_frame(data):
    need(len(data) <= 32 * 1024, "a frame is too long")
    kind, record, *rest = listing(decode(data))
    need((kind, len(rest)) in ((0, 1), (1, 0), (2, 1)), "no such frame")
    identity = Identity(encode(record))
    if kind == 0:
        need(len(string(rest[0])) <= 4 * 1024 + 512, "too long for gossip")
        fields = read_entry(rest[0])[1]
        need(fields[0] == identity.author and identity.voice(fields[1], fields[2]) == "speaks", "voice")
    if kind == 2:
        read_proof(string(rest[0]))


# --- sync, bundles, invites ---


def read_interests(data):
    prefixes, distance, shift = [], 0, 0
    for byte in data:
        need(shift <= 28, "too long")
        distance, shift = distance | (byte & 127) << shift, shift + 7
        if byte & 128:
            continue
        need(distance > 0 or not prefixes, "not ascending")
        prefixes.append(distance + (prefixes[-1] if prefixes else 0))
        need(prefixes[-1] < 1 << 32, "over 32 bits")
        distance, shift = 0, 0
    need(shift == 0, "cut short")
    return prefixes


def state_item(state):
    author, short, devices = decode(state)
    blind = [[d, [[log, 0, hi, top, frozen] for log, _, hi, top, frozen in heads]] for d, heads in devices]
    forks = [[d, head[0], head[4]] for d, heads in devices for head in heads if head[4] is not None]
    item = derive("starling 2026-11 feed state v1", encode([author, short, blind]))
    known = derive("starling 2026-11 feed identity v1", encode([short, forks]))
    return item, encode([author, item[:8], known[:8]])


def read_bundle(data):
    at, items = 0, []
    (magic, version, author, device, time), at = decode_item(data, 0)
    need(magic == "starling bundle" and version == 1, "no bundle")
    while True:
        start = at
        item, at = decode_item(data, at)
        if item[0] == 9:
            break
        need((item[0] == 0 and Identity(encode(item[1]))) or (item[0] == 1 and read_entry(item[1]))
             or (item[0] == 2 and read_proof(item[1])), "no such item")
        items.append(item)
    _, count, hashed, signature = listing(item, 4)
    need(count == len(items) and hashed == digest(data[:start]), "changed")
    need(signed(device, BUNDLE_SIGNATURE, hashed, signature), "not signed")
    need(at == len(data), "bytes after the end")
    return author, time, len(items)


def read_invite(link):
    scheme, _, coded = link.strip().lower().rpartition(":")
    need(scheme == "starling:invite", "scheme")
    try:
        data = base64.b32decode(coded.upper() + "=" * (-len(coded) % 8))
    except ValueError as error:
        raise Invalid("base32") from error
    need(base32(data) == coded, "base32 that is not canonical")
    body, check = data[:-4], data[-4:]
    need(digest(body)[:4] == check, "checksum")
    version, author, name, addresses, newest = listing(decode(body), 5)
    need(version == 1 and len(addresses) <= 8 and len(newest) <= 3, "version or limits")
    return author, name, addresses, newest


# --- the vectors ---

CHECKS = 0


def same(left, right, what):
    global CHECKS
    CHECKS += 1
    if left != right:
        sys.exit(f"{what}: {left!r} is not {right!r}")


def refused(read, value, why):
    global CHECKS
    CHECKS += 1
    try:
        read(value)
    except (Invalid, ValueError, TypeError, IndexError):
        return
    sys.exit(f"accepted, though there is {why}")


def keys(v):
    entropy = bytes(Mnemonic("english").to_entropy(v["words"]))
    same(entropy.hex(), v["entropy"], "entropy")
    following = bytes(32)
    for root in reversed(v["roots"]):
        seed = derive("starling 2026-11 root key v1", entropy + struct.pack("<I", root["n"]))
        public = bytes(nacl.signing.SigningKey(seed).verify_key)
        same((seed.hex(), public.hex()), (root["seed"], root["public"]), "root key")
        following = commitment(public, following)
        same(following.hex(), root["commitment"], "commitment")
    same([root["n"] for root in v["roots"]], list(range(32)), "all roots")
    first, second = v["roots"][:2]
    inception = encode([1, bytes.fromhex(first["public"]), bytes.fromhex(second["commitment"])])
    same(inception.hex(), v["inception"], "inception")
    author = digest(inception)
    same(author.hex(), v["author"], "author")
    same(to_bech32m("star", author), v["author_text"], "author as text")
    same(from_bech32m("star", v["author_text"]), author, "author from text")
    device = bytes(nacl.signing.SigningKey(bytes.fromhex(v["device_seed"])).verify_key)
    same(device.hex(), v["device"], "device")
    same(to_bech32m("stardev", device), v["device_text"], "device as text")
    same(entry_text(bytes.fromhex(v["entry_id"])), v["entry_id_text"], "entry id as text")
    for bad in v["bad_texts"]:
        refused(lambda text: from_bech32m("star", text), bad["text"], bad["why"])


def signatures(v):
    for case in v["cases"]:
        raw = [bytes.fromhex(case[name]) for name in ("key", "context", "hash", "signature")]
        same(signed(*raw), case["valid"], case["why"])


def identities(v):
    for case in v["cases"]:
        identity = Identity(bytes.fromhex(case["record"]))
        found = (identity.author.hex(), identity.epoch, identity.root.hex(), identity.retired, identity.digest().hex())
        same(found, tuple(case[n] for n in ("author", "epoch", "root", "retired", "digest")), case["name"])
        for expected in case["voices"]:
            voice = identity.voice(bytes.fromhex(expected["device"]), expected["log"])
            voice = voice if isinstance(voice, str) else {"seq": voice[0], "id": voice[1].hex()}
            same(voice, expected["voice"], case["name"])
    for case in v["merged"]:
        records = [bytes.fromhex(record) for record in case["records"]]
        for order in (records, records[::-1]):
            identity = Identity(*order)
            same((identity.digest().hex(), identity.epoch), (case["digest"], case["epoch"]), case["name"])
    for bad in v["invalid"]:
        refused(Identity, bytes.fromhex(bad["record"]), bad["why"])


def entries(v):
    for case in v["cases"]:
        data = bytes.fromhex(case["entry"])
        identifier, (author, device, log, seq, previous, hashed, _, time), payload = read_entry(data)
        same((author.hex(), device.hex()), (v["author"], v["device"]), "who")
        same((log, seq, time), (case["log"], case["seq"], case["time"]), "place and time")
        same(previous and previous.hex(), case["previous"], "previous")
        same((identifier.hex(), entry_text(identifier)), (case["id"], case["id_text"]), "id")
        same(hashed.hex(), case["payload_hash"], "payload hash")
        same(payload and payload.hex(), case["payload"], "payload")
        same(payload and decode(payload)[1], case["kind"], "kind")
        parts = [bytes.fromhex(case["header"]), bytes.fromhex(case["signature"]), payload]
        same(encode(parts), data, "framing")
    for bad in v["invalid"]:
        refused(read_entry, bytes.fromhex(bad["entry"]), bad["why"])


def payloads(v):
    for case in v["cases"]:
        payload = bytes.fromhex(case["payload"])
        same(encode(decode(payload)), payload, "canonical payload")
        same(derive("starling 2026-11 payload v1", payload).hex(), case["hash"], "payload hash")


def read_poll(value):
    options, end, several, hidden = listing(decode(value), 4)
    need(2 <= len(listing(options)) <= 8 and len(set(options)) == len(options), "answers")
    for option in options:
        need(type(option) is str and 1 <= len(option) <= 100, "an answer")
    need(type(several) is bool and type(hidden) is bool, "switches")
    return options, uint(end), several, hidden


def counts(vote, poll, author):
    options, end, several, _ = poll
    choices = vote["choices"]
    good = choices == sorted(set(choices)) and choices and choices[-1] < len(options)
    return good and (several or len(choices) == 1) and vote["time"] < end and vote["author"] != author


def polls(v):
    for case in v["cases"]:
        poll = read_poll(bytes.fromhex(case["value"]))
        said = (case["options"], case["ends_at"], case["multiple"], case["hides_totals"])
        same(poll, said, "poll")
        same(encode(list(poll)).hex(), case["value"], "canonical poll")
        held = {}
        for vote in v["votes"]:
            if counts(vote, poll, case["author"]):
                place = (vote["time"], vote["device"], vote["seq"])
                held[vote["author"]] = max(held.get(vote["author"], ((-1,), [])), (place, vote["choices"]))
        chosen = [choice for _, choices in held.values() for choice in choices]
        same([chosen.count(n) for n in range(len(poll[0]))], case["counts"], "counts")
        same(len(held), case["voters"], "voters")
    for value in v["none"]:
        refused(read_poll, bytes.fromhex(value), "what is no poll")


def forks(v):
    for case in v["cases"]:
        same(read_proof(bytes.fromhex(case["proof"])), (case["log"], case["seq"]), case["name"])
        halves = [decode(bytes.fromhex(entry))[:2] for entry in case["entries"]]
        halves.sort(key=lambda half: (decode(half[0])[4], digest(half[0])))
        same(encode(halves).hex(), case["proof"], case["name"])
    for bad in v["invalid"]:
        refused(read_proof, bytes.fromhex(bad["proof"]), bad["why"])


def frames(v):
    for case in v["cases"]:
        read_frame(bytes.fromhex(case["frame"]))
        same(True, True, case["name"])
    for bad in v["invalid"]:
        refused(read_frame, bytes.fromhex(bad["frame"]), bad["why"])


def sync(v):
    came, kinds = [], []
    for frame in v["frames"]:
        data = bytes.fromhex(frame["frame"])
        kinds.append(data[0])
        same(data[0] < 128, frame["from"] == "puller", "direction")
        body = listing(decode(data[1:]))
        if data[0] == 133:
            came += [read_entry(entry)[1][2:4] for entry in body[1]]
        if data[0] == 130:
            [Identity(encode(record)) for record in body[0]]
    same(kinds, [1, 4, 130, 132, 6, 133, 7], "the course of the conversation")
    same(came, [(1, 0), (0, 2), (0, 1), (0, 0)], "the graph first, then posts from the newest down")
    for state in v["states"]:
        item, mark = state_item(bytes.fromhex(state["state"]))
        same((item.hex(), mark.hex()), (state["item"], state["mark"]), "item and mark")
    same(read_interests(bytes.fromhex(v["interests"]["bytes"])), v["interests"]["prefixes"], "interests")
    for bad in v["bad_interests"]:
        refused(read_interests, bytes.fromhex(bad), "a misspelling of interests")


def bundles(v):
    _, time, items = read_bundle(bytes.fromhex(v["bundle"]))
    same((time, items), (v["time"], v["items"]), "bundle")
    for bad in v["invalid"]:
        refused(read_bundle, bytes.fromhex(bad["bundle"]), bad["why"])


def invites(v):
    for case in v["cases"]:
        author, name, addresses, newest = read_invite(case["link"])
        found = (author.hex(), name, addresses, [identifier.hex() for identifier in newest])
        same(found, (case["author"], case["name"], case["addresses"], case["newest"]), "invite")
        same(read_invite(case["link"].upper()), read_invite(case["link"]), "upper case")
    for bad in v["invalid"]:
        refused(read_invite, bad["link"], bad["why"])


def main():
    files = sorted(HERE.glob("*.json"))
    readers = (keys, signatures, identities, entries, payloads, polls, forks, frames, sync, bundles, invites)
    readers = {reader.__name__: reader for reader in readers}
    same(sorted(readers), [file.stem for file in files], "the files in this folder")
    for file in files:
        before = CHECKS
        try:
            readers[file.stem](json.loads(file.read_text(encoding="utf-8")))
        except Invalid as error:
            sys.exit(f"{file.name}: a valid vector was refused: {error}")
        print(f"{file.name}: {CHECKS - before} checks")


if __name__ == "__main__":
    main()
