# SPDX-License-Identifier: GPL-2.0-only
"""What a document's sections say in words, as far as it can be decided; a part of a documentation profile.

All patterns are regular expressions and are searched in text whose words may stand on two lines. An empty
one switches its rule off.
"""

import msgspec


class MemberName(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The usual name of a struct's member, other names for the same thing, and what is meant by both."""

    use: str
    instead_of: tuple[str, ...]
    means: str


class Wording(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The words by which rules know what a section says.

    ``architectures`` is the field that says where a call exists, ``everywhere`` its values that name no
    single one. ``vendor`` are words of one vendor's technology. ``limits`` are phrases that restrict a
    whole call to some machines; ARCH in them stands for the name of one.

    ``must_be_zero`` is what follows the names of members that userspace has to clear, ``reserved`` how
    members for later use are called, ``flags`` the member that holds flags. ``bit`` is the value of a
    #define that is a flag, ``helper`` the name of one that only serves to handle others.

    ``inout`` is how ``parameters`` says that a call writes its argument back, ``success`` how ``returns``
    says that a call does all or nothing; ``progress_in_errors`` and ``progress_in_text`` are how a row of
    an errno table and the text say that it does not.
    """

    architectures: str = ""
    everywhere: tuple[str, ...] = ()
    vendor: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    must_be_zero: str = ""
    reserved: str = ""
    flags: str = ""
    bit: str = ""
    helper: str = ""
    parameters: str = ""
    inout: str = ""
    returns: str = ""
    success: str = ""
    progress_in_errors: str = ""
    progress_in_text: str = ""
    member_names: tuple[MemberName, ...] = ()
