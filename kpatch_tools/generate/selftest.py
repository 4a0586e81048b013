# SPDX-License-Identifier: GPL-2.0-only
"""Contract and dialect -> C source of one KVM selftest. Same input, same bytes: no date, no path."""

import hashlib
import re
from collections.abc import Mapping

import jinja2
import msgspec

from kpatch_tools.generate.cases import case_views, errnos, features, need_macro
from kpatch_tools.generate.cexpr import WIDTH, call
from kpatch_tools.generate.races import bug_views
from kpatch_tools.model.case import Case, Need
from kpatch_tools.model.contract import Contract, Field, Role
from kpatch_tools.model.dialect import Dialect

MAIN_TEMPLATE = "selftest.c.j2"


def file_name(contract: Contract, dialect: Dialect) -> str:
    """Where the test lies below tools/testing/selftests/kvm."""
    return f"{dialect.directory}/{contract.name}_gen_test.c"


def render_selftest(contract: Contract, dialect: Dialect, templates: Mapping[str, str]) -> str:
    """The C source. ``templates`` maps names to texts; C keeps its braces, so the delimiters are <{ and <%.

    Raises jinja2.TemplateError for a fault of a template: templates are ours, so that is a fault in kvet.
    """
    environment = jinja2.Environment(  # noqa: S701 - the output is C, and every value is typed by the contract
        loader=jinja2.DictLoader(dict(templates)),
        undefined=jinja2.StrictUndefined,
        variable_start_string="<{",
        variable_end_string="}>",
        block_start_string="<%",
        block_end_string="%>",
        comment_start_string="<#",
        comment_end_string="#>",
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    fields = _fields(contract)
    lacking = _lacking(contract, dialect)
    used = features(msgspec.structs.replace(contract, case=_able(contract, lacking)))
    text = environment.get_template(MAIN_TEMPLATE).render(
        contract=contract,
        statement=call,
        dialect=dialect,
        ioctl=contract.ioctl,
        request=contract.request,
        directions=_directions(contract),
        source=f"{contract.name}.toml",
        digest=digest(contract, dialect, templates),
        fields=fields,
        definition=_definition(contract),
        assertions=_assertions(contract, dialect, fields),
        member={
            role.value: next((field.name for field in contract.struct.field if field.role is role), "")
            for role in Role
        },
        features=used,
        needs=[need_macro(need) for need in Need if f"needs-{need}" in used],
        errnos=errnos(contract),
        cases=case_views(contract),
        lacking=lacking,
        bugs=bug_views(contract),
    )
    return re.sub(r"\n{3,}", "\n\n", text).rstrip("\n") + "\n"


def digest(contract: Contract, dialect: Dialect, templates: Mapping[str, str]) -> str:
    """sha256 over what the output depends on; comments of the TOML files are not part of it."""
    parts = [msgspec.json.encode(part, enc_hook=str, order="deterministic") for part in (contract, dialect)]
    parts += [f"{name}\0{templates[name]}".encode() for name in sorted(templates)]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _lacking(contract: Contract, dialect: Dialect) -> dict[str, str]:
    """The cases that cannot be written with the library of a dialect, each with the reason for its skip."""
    if dialect.private_memory:
        return {}
    reason = "needs private memory in the selftest library (6.8)"
    return {case.name: reason for case in contract.case if case.vm != "default"}


def _able(contract: Contract, lacking: Mapping[str, str]) -> tuple[Case, ...]:
    return tuple(case for case in contract.case if case.name not in lacking)


def _directions(contract: Contract) -> str:
    words = {"none": "_IOC_NONE", "write": "_IOC_WRITE", "read": "_IOC_READ"}
    return words.get(contract.ioctl.dir.value, "_IOC_READ | _IOC_WRITE")


def _fields(contract: Contract) -> list[dict[str, str | int]]:
    """Members with their offsets in bytes, laid out as C does on every architecture KVM has."""
    fields: list[dict[str, str | int]] = []
    offset = 0
    for field in contract.struct.field:
        offset = -(-offset // field.width) * field.width
        fields.append({"type": field.type, "name": field.name, "count": field.count, "offset": offset})
        offset += _size(field)
    return fields


def _definition(contract: Contract) -> str:
    ioctl = contract.ioctl
    value = f"{ioctl.dir.macro}(KVMIO, {ioctl.nr:#04x}, struct {ioctl.struct})"
    line = f"#define {ioctl.name} {value}"
    return line if len(line) <= WIDTH else f"#define {ioctl.name} \\\n\t{value}"


def _assertions(contract: Contract, dialect: Dialect, fields: list[dict[str, str | int]]) -> list[str]:
    """Number, size and offsets, for the compiler to hold against the tree's headers."""
    ioctl = contract.ioctl
    pairs = [
        (f"{ioctl.cap} == {ioctl.cap_nr}", "number of the capability"),
        (f"{ioctl.name} == {contract.request:#x}", "number of the ioctl"),
        (f"sizeof(struct {ioctl.struct}) == {ioctl.size}", "size of the struct"),
    ]
    for field in fields:
        condition = f"offsetof(struct {ioctl.struct}, {field['name']}) == {field['offset']}"
        pairs.append((condition, f"offset of {field['name']}"))
    if not dialect.static_assert_text:
        return [call(0, dialect.static_assert, condition) for condition, _ in pairs]
    return [call(0, dialect.static_assert, condition, f'"{text}"') for condition, text in pairs]


def _size(field: Field) -> int:
    return field.width * (field.count or 1)
