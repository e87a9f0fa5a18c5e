"""Words that look wrong, and words that don't."""

import pytest

from shardmill.transforms.sniff.odd_words import foreign_words, oddness, tells_language

RIGHT = [
    (
        "cp1252",
        "Zürich Éric ÉCOLE It’s l’été “quoted” «mot» Ben® µg 25² 1ª Nº °C €5 ½ ¿Qué ¡Hola Porto–Lisboa Straße Ñandú Ø Ærø naïve œuvre cœur",
    ),
    ("cp1250", "Łódź Žižkov Győr Świdnica"),
    ("cp1251", "Москва №5 Иван «Газпром» Ё"),
    ("cp1253", "Άμφισσα Ρόδος"),
    ("cp1255", "חיפה"),
    ("cp1256", "القاهرة"),
    ("cp932", "東京 トヨタ ソニー株式会社 ＡＢＣ 日立製作所 ﾄﾖﾀ"),
    ("gb18030", "北京 上海市 A座"),
    ("cp949", "서울 삼성전자"),
]
WRONG = [
    ("cp1252", "LŽon GŽrard PŠrtzelt Wei§ Z³rich CafÈ c½ur Andr‚ GÇrard \x81a Bolesˆawiec ¶ber £aziska Elbl¹g"),
    ("koi8-r", "RenИ Z╖rich"),
    ("cp1253", "¶μφισσα"),
    ("cp1251", "Zьrich"),
    ("cp932", "뜴뱻"),
    ("gb18030", "トヨ"),
    ("iso8859-2", "Kra\x9cnik"),
]
RARE = [("cp949", "뜴뱻"), ("big5hkscs", "𠻻𡤧"), ("gb18030", "邆")]


@pytest.mark.parametrize(
    ("encoding", "words", "expected"),
    [*((*pair, 0) for pair in RIGHT), *((*pair, 1) for pair in WRONG), *((*pair, 0.5) for pair in RARE)],
)
def test_words_look_right_wrong_or_rare(encoding: str, words: str, expected: float) -> None:
    """As they would stand in text that is read in an encoding."""
    found = {word: oddness(word, encoding) for word in foreign_words(words)}
    assert found == dict.fromkeys(found, expected)


def test_words_are_those_beyond_ascii() -> None:
    """Each once, in their order, whole."""
    assert foreign_words("id,naïve café\n1,don’t naïve,\x00plain") == ["naïve", "café", "don’t"]


def test_signs_and_lone_letters_tell_no_language() -> None:
    """They stand in text of any."""
    assert not any(map(tells_language, ["€", "°C", "don’t", "½", "Ø", "µg", "1ª"]))
    assert all(map(tells_language, ["né", "Москва", "東京"]))
