"""Tasks 2, 5 and 6: sentences of a small grammar over a closed vocabulary, so that the label is known by construction.

They are plainer than the official data by far: what a model does on them says that a procedure works, not how well it does.
"""

from __future__ import annotations

import random

from workloads.annotation.generating.made import Maker, Pair

# No word of one list is a word of another: what is counted is beyond dispute.
NOUNS = ("dog", "cat", "farmer", "doctor", "river", "garden", "letter", "teacher", "bridge", "window", "child", "horse")
VERBS = ("sees", "finds", "follows", "paints", "carries", "visits", "admires", "ignores", "describes", "remembers")
ADJECTIVES = ("old", "quiet", "green", "small", "happy", "tall", "clever", "young", "heavy", "bright")
PREPOSITIONS = ("near", "behind", "beside", "under", "above")

SAD: tuple[str, ...] = (
    "my cat died last night",
    "i cannot stop crying",
    "nobody came to my birthday",
    "i miss my grandmother so much",
)
SAD += ("she left and the house is empty", "another rejection, i feel hopeless", "i feel so lonely tonight")
NOT_SAD: tuple[str, ...] = ("we won the match", "best pizza of my life", "my exam went great", "sunny day at the beach")
NOT_SAD += ("she said yes", "new shoes, who dis", "so proud of my little brother", "coffee and a good book")
BEFORE = ("", "honestly, ", "well, ", "ok so ", "today: ", "update: ", "fyi ", "guys, ")
TAGS = ("monday", "life", "mood", "family", "weekend", "work", "home", "thoughts", "autumn", "city")

GENRES = {
    "telephone": (
        "yeah i uh {} too",
        "well you know i really {}",
        "uh-huh and we {} every week",
        "oh i just {} at home",
    ),
    "travel": (
        "Visitors {} on the old quay.",
        "The guide says that guests {} here.",
        "In summer most tourists {} there.",
    ),
    "government": (
        "The agency shall {} by March.",
        "Section 4 requires that offices {}.",
        "The committee may {} at will.",
    ),
    "fiction": ('"We must {}," she whispered.', "He had sworn never to {} again.", "They would {}, or perish."),
}
ACTIONS: tuple[str, ...] = (
    "camp",
    "fish",
    "wait",
    "sing",
    "report",
    "travel",
    "cook",
    "read",
    "listen",
    "paint",
    "walk",
    "vote",
)
ACTIONS += ("swim", "argue", "dance", "leave", "return", "work", "write", "rest")


def _noun_phrase(chance: random.Random, nouns: list[str]) -> str:
    nouns.append(chance.choice(NOUNS))
    adjectives = chance.sample(ADJECTIVES, k=chance.randrange(3))
    return " ".join(["the", *adjectives, nouns[-1]])


def _count(chance: random.Random) -> Pair:
    nouns: list[str] = []
    clauses = []
    for _ in range(chance.randrange(1, 4)):
        subject, verb, target = _noun_phrase(chance, nouns), chance.choice(VERBS), _noun_phrase(chance, nouns)
        place = f" {chance.choice(PREPOSITIONS)} {_noun_phrase(chance, nouns)}" if chance.random() < 0.5 else ""
        clauses.append(f"{subject} {verb} {target}{place}")
    sentence = " and ".join(clauses)
    kind, number = chance.choice((("nouns", len(nouns)), ("verbs", len(clauses))))
    return Pair(f"Sentence: '{sentence}'. Count the number of {kind} in this sentence.", str(number))


def _sadness(chance: random.Random) -> Pair:
    sad = chance.random() < 0.5
    tags = " ".join(f"#{tag}" for tag in chance.sample(TAGS, k=chance.randrange(3)))
    tweet = f"{chance.choice(BEFORE)}{chance.choice(SAD if sad else NOT_SAD)} {tags}".strip()
    return Pair(tweet, "Sad" if sad else "Not sad")


def _genre(chance: random.Random) -> Pair:
    first = chance.choice(tuple(GENRES))
    others = [genre for genre in GENRES if genre != first]
    second = first if chance.random() < 0.5 else chance.choice(others)
    one, two = (chance.choice(GENRES[genre]).format(chance.choice(ACTIONS)) for genre in (first, second))
    return Pair(f"Sentence 1: {one} Sentence 2: {two} Genre: {first}.", "Y" if first == second else "N")


COUNT = Maker("You are given a sentence. Count the nouns or the verbs in it, as is asked.", _count)
SADNESS = Maker("You are given a tweet. Say whether its author is sad: `Sad` or `Not sad`.", _sadness)
GENRE = Maker(
    "You are given two sentences and the genre of the first (telephone, travel, government or fiction). "
    "Say whether the second is of the same genre: `Y` or `N`.",
    _genre,
)
