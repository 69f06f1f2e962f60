# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The register of places where secrets are handled (term 16), compared with the code: none is missing, none made up."""

import ast
from collections.abc import Iterator
from pathlib import Path

import vaka
from vaka.crypto.activation import KINDS
from vaka.crypto.entry_points import FIELDS, FILES, PROMPTS, TAKERS
from vaka.plain_secrets import is_called_secret
from vaka.settings import Settings

SOURCE = Path(next(iter(vaka.__path__)))
JUDGES = ("require_usable_secret", "take_secret")
"""`require_usable_secret` itself, and `SecretDesk.take_secret`, through which every device's secret goes."""
THE_JUDGE_ITSELF = {"vaka.crypto.activation", "vaka.tenants.device_secrets"}
FROM_OUTSIDE = ("BaseModel", "Form", "Body", "_Section", "_Issuer", "_Data")
"""How classes are called whose fields come from outside: forms, files, bodies."""


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(SOURCE.rglob("*.py")):
        name = "vaka." + ".".join(path.relative_to(SOURCE).with_suffix("").parts)
        yield name, ast.parse(path.read_text(encoding="utf-8"))


def called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def test_whoever_asks_the_judge_stands_in_the_register() -> None:
    asking = {
        name
        for name, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and called(node) in JUDGES
    } - THE_JUDGE_ITSELF  # fmt: skip
    assert asking == set(TAKERS)
    assert {one.kind for one in TAKERS.values()} == set(KINDS)


def test_no_other_place_makes_a_hash_of_a_devices_secret() -> None:
    """HA1 is made where the secret is judged. (`vaka.sip.digest` is the protocol: both sides of a challenge.)"""
    makers = {
        name
        for name, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and called(node) == "Digest" and not name.startswith("vaka.sip")
    }
    assert makers == {"vaka.tenants.device_secrets"}


def test_what_is_typed_unseen_stands_in_the_register() -> None:
    hidden = {
        (name, str(ast.literal_eval(node.args[0])))
        for name, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and called(node) in ("prompt", "option")
        and any(word.arg == "hide_input" for word in node.keywords)
    }  # fmt: skip
    assert hidden == set(PROMPTS)


def test_fields_that_are_called_like_secrets_stand_in_the_register() -> None:
    fields = {
        (name, line.target.id)
        for name, tree in modules()
        if not name.startswith("vaka.settings")  # those are files: below
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and any(ast.unparse(base).endswith(FROM_OUTSIDE) for base in node.bases)
        for line in node.body
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name)
        and (is_called_secret(line.target.id) or line.target.id == "code")
    }  # fmt: skip
    assert fields == set(FIELDS)


def test_files_that_hold_a_secret_stand_in_the_register() -> None:
    secret_files = {
        (node.name, line.target.id)
        for name, tree in modules()
        if name.startswith("vaka.settings")
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        for line in node.body
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name)
        and ast.unparse(line.annotation) == "SecretFile"
    }  # fmt: skip
    sections = {getattr(field.annotation, "__name__", ""): name for name, field in Settings.model_fields.items()}
    assert {f"{sections[section]}.{name}" for section, name in secret_files} == set(FILES)


def test_whatever_is_judged_is_of_a_kind_and_whatever_is_not_says_why() -> None:
    for one in (*TAKERS.values(), *PROMPTS.values(), *FIELDS.values(), *FILES.values()):
        assert one.kind in KINDS or not one.kind
        assert one.why
