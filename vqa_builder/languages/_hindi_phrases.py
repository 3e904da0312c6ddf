"""How Hindi words go together: gender, number and the oblique case (लाल थैला, लकड़ी की बाड़, मेज़ के पास)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from vqa_builder.languages._phrases import Phrases
from vqa_builder.languages._words import ALIVE, EDIBLE, MATERIAL, PRONOUN, QUALIFIER, Forms, Word

_AGREEING = {"of": "क", "which": "वाल", "second": "दूसर", "many": "सार"}
_DOUBLED = re.compile("(?:वाला|वाले|वाली) (वाला|वाले|वाली)(?![^ ])")
_JOINED = re.compile(r"(?<![^ ])(उ[सन]) (?=(?:के|का|की|से|में|को)(?![^ ]))")


class HindiPhrases(Phrases):
    """Nouns have the forms direct, plural, oblique, oblique plural and a gender, with p if it is
    always plural, o if things are on it (पर), not in it.

    Adjectives have masculine singular, masculine plural, which is the oblique, too, and feminine. A verb has
    its infinitive, how it takes its object (``o``: with को if that lives, ``=``: direct, ``-``: none, else
    what stands behind the oblique) and what goes on, where that is not made with रहा.
    """

    agreements = tuple({name: stem + ending for name, stem in _AGREEING.items()} for ending in "ाेी")

    def _answer(self, text: str) -> str | None:
        """With pronouns joined to what stands behind them: उस के पास is उसके पास."""
        said = super()._answer(text)
        return said and _DOUBLED.sub(r"\1", _JOINED.sub(r"\1", said))

    def noun_forms(self, modifiers: Sequence[Word], noun: Word) -> Forms:
        """Direct and oblique as in English, as counted, and words that agree with it."""
        one, many, oblique, oblique_many, gender = noun.forms
        plural = noun.plural or "p" in gender
        feminine = gender.startswith("f")

        qualifiers = [word for word in modifiers if word.kind == QUALIFIER]
        others = [word for word in modifiers if word.kind != QUALIFIER]

        def phrase(text: str, masculine: int, words: Sequence[Word] = (*qualifiers, *others)) -> str:
            """With modifiers; their form is that of the masculine unless the noun is feminine."""
            return " ".join([*(_modifier(word, 2 if feminine else masculine) for word in words), text])

        ending = "ी" if feminine else "े" if plural else "ा"
        if noun.kind == PRONOUN:
            said = many if plural else one
            return Forms(
                {
                    "": said,
                    "one": said,
                    "object": said,
                    "oblique": oblique,
                    "in": f"{oblique} में",
                    "with": f"{oblique} के साथ",
                    "agreement": "",
                    **self.agreements[0],
                }
            )
        obliquely = phrase(oblique_many if plural else oblique, 1)
        alive = noun.kind in ALIVE
        return Forms(
            {
                "": phrase(many if plural else one, 1 if plural else 0),
                "counted": phrase("{number}", int(plural), qualifiers),
                "one": phrase(one, 0, others),
                "many_of": phrase(many, 1, others),
                "none": phrase("{none}", int(plural), qualifiers).replace(
                    "{none}", f"कोई {phrase(one, 1 if 'p' in gender else 0, others)}"
                ),
                "single": phrase(one, 1 if "p" in gender else 0),
                "oblique": obliquely,
                "in": obliquely + (" पर" if "o" in gender else " में"),
                "object": obliquely + " को" if alive else phrase(many if plural else one, 1 if plural else 0),
                "agreement": ("feminine" if feminine else "") + ("plural" if plural else ""),
                "with": obliquely + (" के साथ" if alive or noun.kind in EDIBLE else " से"),
                **{name: stem + ending for name, stem in _AGREEING.items()},
            }
        )

    def quality(self, text: str) -> Forms | None:
        """Nothing that is a sentence already, as बारिश हो रही है is."""
        forms = super().quality(text)
        return None if forms and forms[""].endswith((" है", " हैं")) else forms

    def quality_forms(self, text: str, word: Word | None) -> Forms:
        """Masculine singular as in the dictionary, plural and feminine."""
        said = text or (word.forms[0] if word else "")
        stem = said[:-1] if said.endswith("ा") else None
        plural = word.forms[1] if word and said == word.forms[0] else stem + "े" if stem else said
        feminine = word.forms[2] if word and said == word.forms[0] else stem + "ी" if stem else said
        return Forms({"": said, "plural": plural, "feminine": feminine, "feminineplural": feminine})

    def act_forms(self, word: Word) -> Forms:
        """चल रहा है, and of several, of a woman, and that it is not so."""
        return _going_on("", *word.forms[:3])

    def ongoing(self, said: str) -> Forms:
        """As ``act_forms``, where it ends in है."""
        if not said.endswith(" है"):
            return Forms({"": said})
        return _going_on("", *(_agreeing(said.removesuffix(" है"), vowel) for vowel in "ाेी"))

    def verb_forms(self, verb: Word, thing: Forms | None) -> Forms | None:
        """केक काट रहा है, केक काटना, केक काटने के लिए."""
        infinitive, frame, going_on, *_ = verb.forms
        if thing is not None and frame == "-":
            return None
        before = "" if thing is None else _object(thing, frame) + " "
        masculine = going_on or infinitive[:-2] + " रहा"
        forms = _going_on(before, *(_agreeing(masculine, vowel) for vowel in "ाेी"))
        oblique = f"{before}{infinitive[:-1]}े"
        forms |= {"purpose": f"{oblique} के लिए", "oblique": oblique}
        return forms if verb.plural else Forms({**forms, "": before + infinitive})

    def clause(self, subject: Forms, predicate: Forms) -> str:
        """कुत्ता दौड़ रहा है, सड़कें गीली हैं."""
        agreement = subject["agreement"]
        said = predicate.get(agreement, predicate[""])
        verb = " हैं" if agreement.endswith("plural") else " है"
        return f"{subject} {said}" if said.endswith((" है", " हैं")) else f"{subject} {said}{verb}"

    def counted(self, number: str, noun: Forms) -> str:
        """2 गाड़ियाँ, 1 गाड़ी."""
        before = noun["counted"].format(number=number)
        return f"{before} {noun['one' if number == '1' else 'many_of']}"


def _going_on(before: str, masculine: str, plural: str, feminine: str) -> Forms:
    """चल रहा है, and of several, of a woman, that it is not so, and before a noun."""
    ended = [
        text + _agreeing(" हुआ", vowel) if _is_state(text) else text
        for text, vowel in zip((masculine, plural, feminine), "ाेी", strict=True)
    ]
    negated = masculine.replace(" रहा", " नहीं रहा") if " रहा" in masculine else f"{masculine} नहीं"
    return Forms(
        {
            "": f"{before}{masculine} है",
            "plural": f"{before}{plural} हैं",
            "feminine": f"{before}{feminine} है",
            "feminineplural": f"{before}{feminine} हैं",
            "not": f"{before}{negated} है",
            "before": before + ended[0],
            "before_oblique": before + ended[1],
            "before_feminine": before + ended[2],
        }
    )


def _is_state(text: str) -> bool:
    """Whether it is something that somebody has done: बैठा, not चल रहा or पहने हुए.

    >>> _is_state("बैठी"), _is_state("चल रहा"), _is_state("पहने हुए"), _is_state("सवार")
    (True, False, False, False)
    """
    return text[-1] in "ाेी" and not text.endswith((" रहा", " रहे", " रही"))


def _agreeing(masculine: str, vowel: str) -> str:
    """A verb's form with another ending.

    >>> [_agreeing(text, "ी") for text in ("चल रहा", "बैठा", " हुआ", "पहने हुए")]
    ['चल रही', 'बैठी', ' हुई', 'पहने हुए']
    """
    if masculine.endswith("आ"):
        return masculine[:-1] + {"ा": "आ", "े": "ए", "ी": "ई"}[vowel]
    return masculine[:-1] + vowel if masculine.endswith("ा") else masculine


def _object(thing: Forms, frame: str) -> str:
    """A thing that something is done to: केक, कुत्ते को, घोड़े पर."""
    if frame in ("o", "="):
        return thing["object" if frame == "o" else ""]
    return f"{thing['oblique']} {frame}"


def _modifier(word: Word, form: int) -> str:
    """An adjective that agrees, or a noun that something is of; several things are in the plural."""
    if not word.is_noun:
        return word.forms[form]
    return f"{word.forms[3 if word.plural and word.kind != MATERIAL else 2]} {('का', 'के', 'की')[form]}"
