# SPDX-License-Identifier: GPL-2.0-only
"""The thirty kinds of fault that api.rst had, by name, and some more of the same classes."""

from collections.abc import Mapping
from types import MappingProxyType

from tests.faults import kinds, markup
from tests.faults.kinds import Kind

THIRTY: Mapping[str, Kind] = MappingProxyType(
    {
        "underline too short": kinds.underline_short,
        "underline too long": kinds.underline_long,
        "number used twice": kinds.number_twice,
        "number out of order": kinds.number_order,
        "title without underline": kinds.title_no_underline,
        "title of another level": kinds.title_level,
        "field without first colon": kinds.field_no_first_colon,
        "field missing": kinds.field_missing,
        "field misspelt": kinds.field_misspelt,
        "capability wrong in title or field": kinds.capability_wrong,
        "name wrong in the text": kinds.name_wrong,
        "type of another descriptor": kinds.type_level,
        "type without its second word": kinds.type_form,
        "section of another subject": kinds.section_reference,
        "label that is not there": kinds.label_unknown,
        "register id of another size": kinds.register_size,
        "struct of another ioctl": kinds.returns_struct,
        "struct without a member": kinds.struct_member,
        "single backticks": kinds.single_backtick,
        "table cell too wide": kinds.table_cell,
        '"::" above a sentence': markup.literal_none,
        "block begins at the margin": markup.literal_at_margin,
        "block ends at the margin": markup.literal_end_margin,
        "#define at the margin": markup.define_margin,
        "no blank line below a block": markup.blank_after_block,
        'no blank line below "::"': markup.blank_after_colons,
        "item set in too far": markup.list_indent,
        "item goes on at the margin": markup.item_at_margin,
        "no blank line above a list": markup.list_glued,
        "no blank line above a table": markup.table_glued,
    }
)
MORE: Mapping[str, Kind] = MappingProxyType(
    {
        "field without second colon": kinds.field_no_second_colon,
        "fields below a sentence": kinds.field_glued,
        "struct of another ioctl in a field": kinds.parameters_struct,
        "architectures without commas": kinds.architectures_commas,
        "value of a #define": kinds.define_value,
        "errno misspelt": kinds.errno_wrong,
        "errno with a sign": kinds.errno_sign,
        "word twice": kinds.word_twice,
        "colon and blank line lost above code": markup.colons_lost,
        "colon lost above code": markup.colon_lost,
        "no blank line below a table": markup.table_end,
        "name in code not closed": markup.unclosed_literal,
        "rows that are no table": markup.rows_of_text,
    }
)
# What is right or wrong there only a change tells.
ONLY_IN_A_CHANGE = frozenset(["label that is not there", "no blank line above a list"])
