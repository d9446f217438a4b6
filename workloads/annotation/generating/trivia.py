"""Task 7: clues of a quiz, from a small table of facts of our own and from what a program can compute."""

from __future__ import annotations

import random

from workloads.annotation.generating.made import Maker, Pair

CAPITALS = {
    "France": "paris", "Japan": "tokyo", "Kenya": "nairobi", "Peru": "lima", "Norway": "oslo", "Egypt": "cairo",
    "Cuba": "havana", "Italy": "rome", "Spain": "madrid", "Greece": "athens", "Ghana": "accra", "Chile": "santiago",
    "Austria": "vienna", "Canada": "ottawa", "Ireland": "dublin", "Poland": "warsaw", "Finland": "helsinki",
    "Portugal": "lisbon", "Hungary": "budapest", "Denmark": "copenhagen", "Iran": "tehran", "Iraq": "baghdad",
}  # fmt: skip
ELEMENTS = {
    "H": "hydrogen", "He": "helium", "C": "carbon", "N": "nitrogen", "O": "oxygen", "Na": "sodium", "Fe": "iron",
    "Cu": "copper", "Ag": "silver", "Au": "gold", "Hg": "mercury", "Pb": "lead", "Sn": "tin", "K": "potassium",
    "Ca": "calcium", "Ne": "neon", "Si": "silicon", "Cl": "chlorine", "Zn": "zinc", "U": "uranium",
}  # fmt: skip
OPPOSITES = {
    "hot": "cold", "early": "late", "full": "empty", "deep": "shallow", "rich": "poor", "loud": "quiet",
    "strong": "weak", "wide": "narrow", "brave": "cowardly", "ancient": "modern", "sharp": "blunt", "wet": "dry",
}  # fmt: skip
TABLES = {
    "CAPITALS": (
        CAPITALS,
        ("It is the capital of {}", "{} is governed from this city", "The seat of government of {}"),
    ),
    "ELEMENTS": (ELEMENTS, ("Its chemical symbol is {}", "On the periodic table it is written {}")),
    "OPPOSITES": (OPPOSITES, ('It is the opposite of "{}"', 'What is not at all "{}" is this')),
}
DECADES = ("tens", "twenties", "thirties", "forties", "fifties", "sixties", "seventies", "eighties", "nineties")


ROMAN = {1000: "m", 900: "cm", 500: "d", 400: "cd", 100: "c", 90: "xc", 50: "l", 40: "xl", 10: "x", 9: "ix", 5: "v"}
ROMAN |= {4: "iv", 1: "i"}


def roman(number: int) -> str:
    """A number as the Romans wrote it, in lower case."""
    text = ""
    for value, letters in ROMAN.items():
        text += letters * (number // value)
        number %= value
    return text


def _clue(chance: random.Random) -> Pair:
    kind = chance.random()
    if kind < 0.3:
        number = chance.randrange(1, 4000)
        return Pair(f"Category: ROMAN NUMERALS\nClue: What a Roman would have written for {number}", roman(number))
    if kind < 0.5:
        year = chance.randrange(1510, 2000)
        answer = f"the {DECADES[year % 100 // 10 - 1]}" if year % 100 >= 10 else "the first decade"
        return Pair(f"Category: DECADES\nClue: The part of its century that {year} lies in", answer)
    category = chance.choice(tuple(TABLES))
    table, clues = TABLES[category]
    asked = chance.choice(tuple(table))
    return Pair(f"Category: {category}\nClue: {chance.choice(clues).format(asked)}", table[asked])


TRIVIA = Maker("You are given a category and a clue. Give the answer to the clue, in lower case.", _clue)
