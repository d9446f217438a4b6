"""How a profile's TOML says what an attribute of a stand-in module is. `matrix/emulation/stand_in_values.py` makes it.

    count = 4                                          a literal is itself, and so is a table of literals
    Event = { returns = 0 }                            a callable that takes anything and gives this
    Tools = { attributes = { version = "1" } }         an object with these attributes
    tanh = { same_as = "triton.language.math.tanh" }   what lies at that address
    "*" = { widened = "triton...libdevice" }           the functions of a device library, for any types
    hint = { argument = 0 }                            a function that gives back one of its arguments
    select = { triton = "def select(...): ..." }       a device function, in Triton's language (`tl`)
    shuffle = { gap = "why it has no meaning here" }   a gap with the symbol's name when it is called

One of these keys alone makes a table such a form. `"*"`, which is `same_as` or `widened`, stands for every other name.
"""

from __future__ import annotations

from collections.abc import Mapping

from backends.reading import MODULE, Table, describe

OTHERS = "*"
ATTRIBUTE = rf"{MODULE}|\*"
FORMS: dict[str, type] = {
    "returns": object,
    "attributes": dict,
    "same_as": str,
    "widened": str,
    "argument": int,
    "triton": str,
    "gap": str,
}


def form_of(value: object) -> str | None:
    """The form that a table is written in, or None for a literal."""
    if isinstance(value, Mapping) and len(value) == 1:
        (key,) = value
        return key if key in FORMS else None
    return None


def read_attributes(table: Table) -> dict[str, object]:
    """The attributes of one module as they are written. What is no proper form is a problem of the file."""
    attributes = {name: table.data[name] for name in table.keys_like(ATTRIBUTE)}
    for name, value in attributes.items():
        _check(table, name, value)
    if OTHERS in attributes and form_of(attributes[OTHERS]) not in {"same_as", "widened"}:
        table.complain(OTHERS, describe(attributes[OTHERS]), '{ same_as = "module" }', "name a module")
    return attributes


def _check(table: Table, place: str, value: object) -> None:
    if not isinstance(value, Mapping):
        return
    form = form_of(value)
    inner = value if form is None else {form: value[form]}
    if form is not None and not isinstance(value[form], FORMS[form]):
        wanted = {dict: "a table", str: "a text", int: "a whole number"}[FORMS[form]]
        table.complain(f"{place}.{form}", describe(value[form]), wanted, "correct it")
    elif form == "attributes":
        inner = value[form]
    for name, item in inner.items():
        _check(table, f"{place}.{name}", item)
