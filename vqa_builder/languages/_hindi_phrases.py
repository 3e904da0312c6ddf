"""How Hindi words go together: gender, number and the oblique case (लाल थैला, लकड़ी की बाड़, मेज़ के पास)."""

from __future__ import annotations

from collections.abc import Sequence

from vqa_builder.languages._phrases import ALIVE, EDIBLE, Forms, Phrases, Word


class HindiPhrases(Phrases):
    """Nouns have the forms direct, plural, oblique, oblique plural and a gender, with p if it is
    always plural, o if things are on it (पर), not in it.

    Adjectives have masculine singular, masculine plural, which is the oblique, too, and feminine.
    """

    def noun_forms(self, modifiers: Sequence[Word], noun: Word) -> Forms:
        """Direct and oblique as in English, direct singular, and words that agree with it."""
        one, many, oblique, oblique_many, gender = noun.forms
        plural = noun.plural or "p" in gender
        feminine = gender.startswith("f")

        def phrase(text: str, masculine: int) -> str:
            """With modifiers; their form is that of the masculine unless the noun is feminine."""
            return " ".join([*(_modifier(word, 2 if feminine else masculine) for word in modifiers), text])

        def agreeing(stem: str) -> str:
            return stem + ("ी" if feminine else "े" if plural else "ा")

        obliquely = phrase(oblique_many if plural else oblique, 1)
        alive = noun.kind in ALIVE
        return Forms(
            {
                "": phrase(many if plural else one, 1 if plural else 0),
                "one": phrase(one, 0),
                "many_of": phrase(many, 1),
                "single": phrase(one, 1 if "p" in gender else 0),
                "oblique": obliquely,
                "in": obliquely + (" पर" if "o" in gender else " में"),
                "object": obliquely + " को" if alive else phrase(many if plural else one, 1 if plural else 0),
                "with": obliquely + (" के साथ" if alive or noun.kind in EDIBLE else " से"),
                "of": agreeing("क"),
                "which": agreeing("वाल"),
                "second": agreeing("दूसर"),
                "many": agreeing("सार"),
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
        return Forms({"": said, "plural": plural, "feminine": feminine})

    def act_forms(self, word: Word) -> Forms:
        """चल रहा है, and of several, of a woman, and that it is not so."""
        masculine, plural, feminine = word.forms[:3]
        return Forms(
            {
                "": f"{masculine} है",
                "plural": f"{plural} हैं",
                "feminine": f"{feminine} है",
                "not": f"{masculine.replace(' रहा', ' नहीं रहा')} है"
                if " रहा" in masculine
                else f"{masculine} नहीं है",
            }
        )

    def counted(self, number: str, noun: Forms) -> str:
        """2 गाड़ियाँ, 1 गाड़ी."""
        return f"{number} {noun['one' if number == '1' else 'many_of']}"


def _modifier(word: Word, form: int) -> str:
    """An adjective that agrees, or of what material something is."""
    return f"{word.forms[2]} {('का', 'के', 'की')[form]}" if word.is_noun else word.forms[form]
