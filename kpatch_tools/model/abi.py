# SPDX-License-Identifier: GPL-2.0-only
"""What a contract says of the binary interface, as numbers that a compiler can be asked for.

Sizes and offsets are bytes.
"""

from dataclasses import dataclass
from enum import StrEnum

from kpatch_tools.model.contract import Contract, Field


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A member of the struct with its offset and the size of all of it."""

    field: Field
    offset: int
    size: int


class Kind(StrEnum):
    """What an assertion is about: the struct, one member of it, the ioctl's number, the capability's."""

    STRUCT = "struct"
    MEMBER = "member"
    REQUEST = "request"
    CAPABILITY = "capability"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """One number: ``subject`` as a reader would write it, ``expression`` as C, and what the contract has.

    ``name`` is the member or macro that it is about, the struct's name for the whole struct; ``truth`` says
    that the expression is a yes (1) or no.
    """

    kind: Kind
    name: str
    subject: str
    expression: str
    wanted: int
    truth: bool = False

    @property
    def measures_width(self) -> bool:
        """The assertion is about how many bytes a member takes."""
        return self.kind is Kind.MEMBER and self.expression.startswith("sizeof")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the compiler says of an assertion that does not hold: the value it found, or why it has none."""

    assertion: Assertion
    value: int | None = None
    said: str = ""


def placed(contract: Contract) -> tuple[Placed, ...]:
    """The members where the x86-64 ABI puts them: each at the next multiple of its own width.

    Source: System V ABI, AMD64 supplement, 3.1.2 (alignment of scalars and aggregates).
    """
    found, offset = [], 0
    for field in contract.struct.field:
        offset = -(-offset // field.width) * field.width
        size = field.width * (field.count or 1)
        found.append(Placed(field=field, offset=offset, size=size))
        offset += size
    return tuple(found)


def assertions(contract: Contract) -> tuple[Assertion, ...]:
    """Every number of the contract's interface; the struct first, then its members in order."""
    ioctl = contract.ioctl
    struct = f"struct {ioctl.struct}"
    found = [
        Assertion(
            kind=Kind.STRUCT,
            name=ioctl.struct,
            subject=f"sizeof({struct})",
            expression=f"sizeof({struct})",
            wanted=ioctl.size,
        )
    ]
    for member in placed(contract):
        found += _member(struct, member)
    return (
        *found,
        Assertion(
            kind=Kind.REQUEST,
            name=ioctl.name,
            subject=ioctl.name,
            expression=ioctl.name,
            wanted=contract.request,
        ),
        Assertion(
            kind=Kind.CAPABILITY, name=ioctl.cap, subject=ioctl.cap, expression=ioctl.cap, wanted=ioctl.cap_nr
        ),
    )


def _member(struct: str, member: Placed) -> tuple[Assertion, ...]:
    name = member.field.name
    place = f"(({struct} *)0)->{name}"
    element = f"{place}[0]" if member.field.count else place
    written = f"{member.field.type}{f' [{member.field.count}]' if member.field.count else ''}"
    return (
        Assertion(
            kind=Kind.MEMBER,
            name=name,
            subject=f"offsetof({struct}, {name})",
            expression=f"__builtin_offsetof({struct}, {name})",
            wanted=member.offset,
        ),
        Assertion(
            kind=Kind.MEMBER,
            name=name,
            subject=f"the width of {struct}.{name}",
            expression=f"sizeof({place})",
            wanted=member.size,
        ),
        Assertion(
            kind=Kind.MEMBER,
            name=name,
            subject=f"{struct}.{name} is {written}",
            expression=f"__builtin_types_compatible_p(__typeof__({element}), {member.field.type})",
            wanted=1,
            truth=True,
        ),
    )
