"""Keys in every form in which services were seen to repeat them."""

import json
from base64 import b64encode, urlsafe_b64encode
from urllib.parse import quote

import pytest

from vqa_builder.redaction import redact, redact_masked, repeats

KEY = "qk-CANARY-9f8e7d6c5b4a+/=x"
FORMS = {
    "plain": KEY,
    "upper case": KEY.upper(),
    "percent-encoded": quote(KEY, safe=""),
    "in JSON": json.dumps(KEY),
    "hexadecimal": KEY.encode().hex(),
    "base64": b64encode(KEY.encode()).decode(),
    "base64 of a header": b64encode(f"Bearer {KEY}".encode()).decode(),
    "base64 of user and key": b64encode(f"me:{KEY}".encode()).decode(),
    "base64 for addresses": urlsafe_b64encode(f"x{KEY}y".encode()).decode(),
}
MASKED = {
    "beginning": KEY[:9],
    "beginning and stars": f"{KEY[:6]}********",
    "both ends": f"{KEY[:4]}****{KEY[-4:]}",
    "both ends, points": f"{KEY[:5]}...{KEY[-4:]}",
    "end": f"••••••{KEY[-4:]}",
    "ellipsis": f"{KEY[:4]}…{KEY[-2:]}",
}


@pytest.mark.parametrize("form", FORMS)
def test_a_key_is_found_in_every_code(form: str) -> None:
    told = redact(f"you sent {FORMS[form]} and it is wrong", [KEY])
    assert told.startswith("you sent ") and told.endswith(" and it is wrong") and "***" in told
    for part in (KEY[3:12], KEY.encode().hex()[6:20], b64encode(KEY.encode()).decode()[4:14]):
        assert part.lower() not in told.lower()


@pytest.mark.parametrize("form", MASKED)
def test_what_a_mask_leaves_is_hidden_too(form: str) -> None:
    assert redact_masked(f"key {MASKED[form]} refused", [KEY]) == "key *** refused"


@pytest.mark.parametrize("at", [6, 9, 13, 17])
@pytest.mark.parametrize("between", ["\n", " ", '", "'])
def test_a_key_in_two_pieces_is_hidden(at: int, between: str) -> None:
    told = redact_masked(f"key {KEY[:at]}{between}{KEY[at:]} refused", [KEY])
    assert told == f"key ***{between}*** refused"


@pytest.mark.parametrize("form", FORMS)
def test_a_translation_that_repeats_a_key_is_known(form: str) -> None:
    assert repeats(f"鍵は{FORMS[form]}です", [KEY])
    assert not repeats("鍵は猫です", [KEY])


def test_other_words_stay() -> None:
    said = "質問は日本語です... the model qk-small, wait 10 s ... x****y"
    assert redact_masked(said, [KEY]) == said
    assert redact_masked("a bad key", ["key"]) == "a bad ***"


@pytest.mark.parametrize("secret", ["", "x", "sk", "none"])
def test_a_short_key_takes_no_letters_of_other_words(secret: str) -> None:
    told = "the service at http://127.0.0.1:8000/v1 said 404"
    assert redact(told, [secret]) == told
