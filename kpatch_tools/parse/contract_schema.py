# SPDX-License-Identifier: GPL-2.0-only
"""The contract language as a JSON Schema, for editors: made from the types that kvet itself reads with.

It knows the form only; whether the parts of a contract agree is for parse/contract.py. The generator of
msgspec gives up at a default that is a Place, hence this one.
"""

import inspect
import json
from typing import Any

import msgspec
from msgspec import inspect as types

from kpatch_tools.model.contract import Contract
from kpatch_tools.model.place import Place
from kpatch_tools.parse.contract_extends import EXTENDS, NAMED, OWN, TABLES, WITHOUT

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TERM = r"(base|top|bit([0-9]|[1-5][0-9]|6[0-3])|[0-9]{1,16}p|[0-9]{1,20})"
PLACE_PATTERN = rf"^{_TERM}(\s*[+-]\s*{_TERM})*$"
_PLACE = {
    "type": "string",
    "pattern": PLACE_PATTERN,
    "description": "an address or a size: base, top (2^64), bitN, Np (pages) and bytes, joined by + and -",
}
_WITHOUT = {
    "type": "array",
    "items": {"type": "string"},
    "description": "The keys in `without` are left out.",
}
_NUMBERS = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}

Schema = dict[str, Any]


def schema_text() -> str:
    """The JSON Schema as it is shipped; the same bytes for the same types."""
    return json.dumps(contract_schema(), indent=2, ensure_ascii=True) + "\n"


def contract_schema() -> Schema:
    """The JSON Schema of a contract, draft 2020-12. Raises TypeError for a type that it has no words for."""
    tables: dict[str, Schema] = {}
    top = _schema(types.type_info(Contract), tables)
    return {
        "$schema": DIALECT,
        "$comment": "SPDX-License-Identifier: GPL-2.0-only. Made by `kvet contract schema`, do not edit.",
        "title": "A contract of kvet",
        "if": {"required": [EXTENDS]},
        "then": _extension(tables),
        "else": top,
        "$defs": dict(sorted(tables.items())),
    }


def _extension(tables: dict[str, Schema]) -> Schema:
    """A contract that extends another: the same tables, of which an entry gives its name and what changes."""
    contract = tables[Contract.__name__]
    properties: Schema = dict(contract["properties"])
    for key in (*TABLES, *NAMED):
        shown = properties[key]
        name = (shown["items"] if key in NAMED else shown)["$ref"].rpartition("/")[2]
        changes = {"$ref": f"#/$defs/{name}Change"}
        properties[key] = {"type": "array", "items": changes} if key in NAMED else changes
        given = {key: _without_default(shown) for key, shown in tables[name]["properties"].items()}
        tables[f"{name}Change"] = {
            **tables[name],
            "description": f"What is otherwise than in the contract extended. {_WITHOUT['description']}",
            "properties": {**given, WITHOUT: _WITHOUT},
            "required": [NAMED[key]] if key in NAMED else [],
        }
    left_out = {"type": "array", "items": {"type": "string"}}
    properties[WITHOUT] = {
        "type": "object",
        "description": "The entries that are left out, by name.",
        "properties": dict.fromkeys(NAMED, left_out),
        "additionalProperties": False,
    }
    tables["Extension"] = {
        **contract,
        "description": "A contract that extends the one beside it: what it does not give is as there.",
        "properties": properties,
        "required": [*OWN, EXTENDS],
    }
    return {"$ref": "#/$defs/Extension"}


def _without_default(shown: Schema) -> Schema:
    """A key that is left out is as in the contract extended."""
    return {word: value for word, value in shown.items() if word != "default"}


def _schema(kind: types.Type, tables: dict[str, Schema]) -> Schema:  # noqa: PLR0911 - one return a kind
    match kind:
        case types.Metadata():
            return {**_schema(kind.type, tables), **(kind.extra_json_schema or {})}
        case types.StructType():
            if kind.cls.__name__ not in tables:
                tables[kind.cls.__name__] = {}
                tables[kind.cls.__name__].update(_table(kind, tables))
            return {"$ref": f"#/$defs/{kind.cls.__name__}"}
        case types.UnionType():
            # TOML has no null: a key that may be None is one that may be left out.
            options = [item for item in kind.types if not isinstance(item, types.NoneType)]
            shown = [_schema(item, tables) for item in options]
            return shown[0] if len(shown) == 1 else {"oneOf": shown}
        case types.VarTupleType():
            return {"type": "array", "items": _schema(kind.item_type, tables)}
        case types.DictType():
            names = _schema(kind.key_type, tables)
            values = _schema(kind.value_type, tables)
            return {"type": "object", "propertyNames": names, "additionalProperties": values}
        case types.EnumType():
            return {"enum": [item.value for item in kind.cls]}
        case types.LiteralType():
            return {"enum": list(kind.values)}
        case types.CustomType() if kind.cls is Place:
            tables["Place"] = dict(_PLACE)
            return {"$ref": "#/$defs/Place"}
        case _:
            return _scalar(kind)


def _scalar(kind: types.Type) -> Schema:
    match kind:
        case types.BoolType():
            return {"type": "boolean"}
        case types.IntType():
            limits = {word: getattr(kind, name) for name, word in _NUMBERS.items()}
            return {"type": "integer", **{word: limit for word, limit in limits.items() if limit is not None}}
        case types.StrType():
            form = {"pattern": kind.pattern, "minLength": kind.min_length, "maxLength": kind.max_length}
            return {"type": "string", **{word: limit for word, limit in form.items() if limit is not None}}
        case _:
            raise TypeError(f"the schema has no words for {kind}")


def _table(kind: types.StructType, tables: dict[str, Schema]) -> Schema:
    properties: Schema = {}
    if kind.tag_field:
        properties[kind.tag_field] = {"const": kind.tag}
    for item in kind.fields:
        shown = _schema(item.type, tables)
        default = _default(item.default)
        properties[item.encode_name] = shown if default is None else {**shown, "default": default}
    required = [item.encode_name for item in kind.fields if item.required]
    return {
        "type": "object",
        "description": inspect.cleandoc(kind.cls.__doc__ or ""),
        "properties": properties,
        "required": [kind.tag_field, *required] if kind.tag_field else required,
        "additionalProperties": False,
    }


def _default(value: Any) -> Any:
    """What an editor shows for a key that is left out; None for nothing to show."""
    if value in (msgspec.NODEFAULT, None):
        return None
    if isinstance(value, Place):
        return str(value)
    return list(value) if isinstance(value, tuple) else value
