#!/usr/bin/env python3
"""A second implementation of docs/ledger.md: hashes, ids, and who replaces what (section 3, steps 1 to 6).

    python3 check_ledger.py VECTORS_DIR

Needs nothing but Python. Written from the document alone; what it shares with the first one is the vectors.
"""
import hashlib
import json
import pathlib
import sys
from urllib.parse import unquote

passed, failed = 0, []


def expect(what, found, wanted):
    global passed
    if found == wanted:
        passed += 1
    else:
        failed.append(f"{what}: found {found!r}, the vector says {wanted!r}")


def canonical(value):
    """RFC 8785 for values whose numbers are integers."""
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: key.encode("utf-16-be", "surrogatepass"))
        return "{" + ",".join(canonical(key) + ":" + canonical(value[key]) for key in keys) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def sha(data):
    return hashlib.sha256(data if isinstance(data, bytes) else data.encode()).hexdigest()


def claims_hash(claims):
    return sha(b"".join(bytes.fromhex(one) for one in sorted({sha(canonical(claim)) for claim in claims})))


class Said:
    """One statement of a scenario."""

    def __init__(self, case):
        self.header, self.claims = case["header"], case["claims"]
        self.id = sha(canonical(self.header))
        self.author, self.scope, self.op = (self.header[key] for key in ("author", "scope", "op"))
        self.person = self.author.startswith("person:")
        self.word = self.claims[0] if self.person else {}
        time = self.header["time"]
        # Times have one written form, so they sort as texts.
        at = min(self.header.get("source", {}).get("at", time), time)
        self.order = (at, self.header.get("rules", 0), time, self.id)

    def is_target_of(self, word):
        target = word.word["of"]
        return word is not self and target in ("op:" + self.op, "statement:" + self.id)


def withdrawn_ids(said):
    """Step 2."""
    words = [one for one in said if one.word.get("type") == "withdrawn"]
    targeting = {word.id: [by for by in words if word.is_target_of(by)] for word in words}
    counts = {}
    while True:
        before = len(counts)
        for word in words:
            verdicts = [counts.get(by.id) for by in targeting[word.id]]
            if True in verdicts:
                counts[word.id] = False
            elif None not in verdicts:
                counts[word.id] = True
        if len(counts) == before:
            break
    counting = [word for word in words if counts.get(word.id)]
    return {one.id for one in said if any(one.is_target_of(word) for word in counting)}


def standing_words(said, withdrawn):
    """Step 3."""
    by_id = {one.id: one for one in said}
    replaced = set()
    for word in said:
        if word.person and word.id not in withdrawn:
            open_ids = list(word.header.get("replaces", []))
            while open_ids:
                one = open_ids.pop()
                if one in by_id and one not in replaced:
                    replaced.add(one)
                    open_ids += by_id[one].header.get("replaces", [])
    return [one for one in said if one.person and one.id not in withdrawn | replaced]


def one_name(standing):
    """Step 4: from a repository to the smallest name of its set."""
    def bare(word):
        pair = (word.word["of"], word.word.get("to", ""))
        return all(name.startswith("repo:") and "//" not in name for name in pair) and frozenset(pair)

    words = [word for word in standing if word.word["type"] == "same_as" and bare(word)]
    denied = {bare(word) for word in words if word.word.get("not")}
    joined = {bare(word) for word in words if not word.word.get("not")} - denied
    sets = []
    for pair in joined:
        meeting = [one for one in sets if one & pair]
        sets = [one for one in sets if not one & pair] + [frozenset(pair).union(*meeting)]
    return {name: min(one) for one in sets if not any(pair <= one for pair in denied) for name in one}


def rewritten(scope, names):
    repository, mark, branch = scope.partition("@")
    return names.get(repository, repository) + mark + branch


def is_unread(path, patterns):
    def matches(pattern):
        if pattern.startswith("!"):
            return not path.startswith(pattern[1:])
        return path.startswith(pattern) if pattern.endswith("/") else path == pattern

    return any(map(matches, patterns))


def carried_claims(order):
    """Step 6, for the statements of one slot from the one that holds downwards."""
    found, above = [], []
    for one in order:
        unread = one.header.get("unread", [])
        for claim in one.claims if above else []:
            paths = [point["path"] for point in claim.get("evidence", []) if "path" in point]
            if any(all(is_unread(path, each) for each in above) and not is_unread(path, unread) for path in paths):
                found.append({"claim": sha(canonical(claim)), "statement": one.id})
        if not unread:
            break
        above.append(unread)
    return found


def check_scenario(case):
    name, cut_off = case["name"], case["cut_off"]
    all_said = [Said(one) for one in case["statements"]]
    for said, one in zip(all_said, case["statements"]):
        expect(f"{name}: {one['label']}: id", said.id, one["id"])
        expect(f"{name}: {one['label']}: claims", claims_hash(said.claims), said.header["claims"])
    there = [one for one in all_said if one.header["time"] <= cut_off.get("at", "9")]
    withdrawn = withdrawn_ids(there)
    standing = standing_words(there, withdrawn)
    names = one_name(standing)
    retired = {rewritten(word.word["of"], names) for word in standing if word.word["type"] == "retired"}
    slots = {(one.author, rewritten(one.scope, names)): [] for one in all_said if not one.person}
    for one in there:
        due = one.header["time"] <= cut_off.get("now", "9")
        if not one.person and due and one.id not in withdrawn and rewritten(one.scope, names) not in retired:
            slots[one.author, rewritten(one.scope, names)].append(one)
    holds, carried = [], []
    for (author, scope), order in slots.items():
        order.sort(key=lambda one: one.order, reverse=True)
        holds.append({"author": author, "id": order[0].id if order else None, "scope": scope})
        carried += carried_claims(order)
    expect(f"{name}: withdrawn", sorted(withdrawn), case["withdrawn"])
    expect(f"{name}: standing", sorted(word.id for word in standing), case["standing"])
    expect(f"{name}: holds", sorted(holds, key=canonical), sorted(case["holds"], key=canonical))
    expect(f"{name}: carried", sorted(carried, key=canonical), sorted(case["carried"], key=canonical))


def check_word(claim, header, name):
    """A word's scope is that of its fact."""
    of, _, rest = header["scope"].removeprefix("fact:").partition("#")
    kind, _, to = rest.partition(">")
    ends = [claim["of"]] + ([claim["to"]] if "to" in claim else [])
    expect(f"{name}: scope", ([unquote(part) for part in [of] + ([to] if to else [])], unquote(kind)),
           (sorted(ends) if claim["type"] == "same_as" else ends, claim["type"]))


def main(folder):
    def cases(file):
        return json.loads((pathlib.Path(folder) / file).read_text(encoding="utf-8"))

    for case in cases("canonical.json"):
        expect(f"{case['name']}: form", canonical(json.loads(case["text"])), case["canonical"])
        expect(f"{case['name']}: hash", sha(case["canonical"]), case["hash"])
    for case in cases("claims.json"):
        expect(f"{case['name']}: form", canonical(case["claim"]), case["canonical"])
        expect(f"{case['name']}: hash", sha(case["canonical"]), case["hash"])
    for case in cases("against.json"):
        expect(f"against {case}", sha(canonical([case["author"], case["not"], case["value"]])), case["hash"])
    for case in cases("statements.json"):
        expect(f"{case['name']}: claims", claims_hash(case["claims"]), case["header"]["claims"])
        expect(f"{case['name']}: id", sha(canonical(case["header"])), case["id"])
        if case["header"]["author"].startswith("person:"):
            check_word(case["claims"][0], case["header"], case["name"])
    for case in cases("scenarios.json"):
        check_scenario(case)
    print("\n".join(failed + [f"{passed} passed, {len(failed)} failed"]))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
