# SPDX-License-Identifier: GPL-2.0-only
"""The JSON Schema of the contract language: current, and of one mind with the reader about the form."""

import json
import tomllib
from pathlib import Path

import jsonschema
import msgspec
import pytest

from kpatch_tools.flow.generate import contract_names
from kpatch_tools.model.place import place
from kpatch_tools.parse import contract_schema
from kpatch_tools.parse.contract_schema import PLACE_PATTERN, schema_text
from kpatch_tools.tools.files import data_dir

CORPUS = Path(__file__).parent.parent / "corpus" / "contracts"
# What is wrong in these is their form; the others have the right form and contradict themselves.
FORM = {
    "hostile-text",
    "missing-table",
    "negative-size",
    "out-of-the-tree",
    "schema-of-tomorrow",
    "unknown-key",
    "unknown-step",
    "wrong-form",
    "wrong-table",
}
NO_TOML = {"no-toml", "key-twice"}


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    schema = json.loads(schema_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_the_shipped_schema_is_current() -> None:
    shipped = data_dir("selftests-gen") / "contract.schema.json"

    assert shipped.read_text() == schema_text(), "kvet contract schema > selftests-gen/contract.schema.json"


@pytest.mark.parametrize("name", contract_names())
def test_shipped_contracts_validate(name: str, validator: jsonschema.Draft202012Validator) -> None:
    text = (data_dir("selftests-gen") / "contracts" / f"{name}.toml").read_text()

    assert [error.message for error in validator.iter_errors(tomllib.loads(text))] == []
    assert "\n#:schema ../contract.schema.json\n" in text


@pytest.mark.parametrize("path", sorted(CORPUS.glob("*.toml")), ids=lambda path: path.stem)
def test_schema_and_reader_agree_about_the_form(
    path: Path, validator: jsonschema.Draft202012Validator
) -> None:
    if path.stem in NO_TOML:
        return
    assert validator.is_valid(tomllib.loads(path.read_text())) is (path.stem not in FORM)


@pytest.mark.parametrize("path", sorted((CORPUS / "extends").glob("*.toml")), ids=lambda path: path.stem)
def test_schema_and_reader_agree_about_the_form_of_an_extension(
    path: Path, validator: jsonschema.Draft202012Validator
) -> None:
    wrong = {"wrong-form", "leaves-out-what-is-not-there"}

    assert validator.is_valid(tomllib.loads(path.read_text())) is (path.stem not in wrong)


@pytest.mark.parametrize("text", ["base", "base+3p", "top - 1p", "bit63", "512", "base+1p+7"])
def test_a_place_matches(text: str, validator: jsonschema.Draft202012Validator) -> None:
    assert place(text)
    assert jsonschema.Draft202012Validator({"pattern": PLACE_PATTERN}).is_valid(text)


@pytest.mark.parametrize("text", ["", "base+", "bit64", "four", "base*2", "+1p"])
def test_what_is_no_place_does_not_match(text: str) -> None:
    with pytest.raises(ValueError, match=r"place|bits"):
        place(text)
    assert not jsonschema.Draft202012Validator({"pattern": PLACE_PATTERN}).is_valid(text)


def test_a_type_without_words_is_not_passed_over() -> None:
    with pytest.raises(TypeError, match="no words for"):
        contract_schema._scalar(msgspec.inspect.type_info(complex))
