"""Tests of guessing the encoding of files."""

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shardmill.schemas.errors import DataError
from shardmill.transforms.csv.dialect import Dialect
from shardmill.transforms.scoring.samples import Sample
from shardmill.transforms.sniff.decision import Decision
from shardmill.transforms.sniff.guess_encoding import guess_encoding
from shardmill.transforms.sniff.sniff import sniff
from tests.support.csv.csv_blocks import BYTES, read, rejects, select, values

# Names and towns as they stand in tables, a dozen for each language.
WORDS = {
    "French": "Éloïse Lefèvre Besançon Forêt Gérard Orléans Saint-Étienne Noël Hélène Périgueux Angoulême François",
    "German": "Müller Köln Zürich Jäger Straße Größe Österreich Mönch Düsseldorf Übersee Käthe Fürth",
    "Spanish": "José Muñoz Málaga Córdoba Peña Íñigo León Ramón Cádiz Núñez Jiménez Begoña",
    "Portuguese": "São João Conceição Magalhães Açores Évora Paraná Goiás Antônio Brandão Sé Guimarães",
    "Swedish": "Malmö Göteborg Åsa Björn Västerås Jönköping Sjöström Håkan Örebro Lindström Växjö Mårten",
    "Polish": "Łódź Kraków Gdańsk Wrocław Poznań Świdnica Żary Błażej Małgorzata Zieliński Częstochowa Rzeszów",
    "Czech": "Dvořák Plzeň Žižkov Tomáš Nováková Jiří Ostravě Kateřina Šárka Růžena Třebíč Bělá",
    "Hungarian": "Győr Székesfehérvár Kovács Szűcs Erdős Tóth Pécs Zoltán Nyíregyháza Gergő Békéscsaba Gyöngyös",
    "Russian": "Москва Иванов Петрова Казань Сергей Екатеринбург Ёлкин Пермь Ольга Юрьев Нижний Чебоксары",
    "Greek": "Αθήνα Θεσσαλονίκη Παπαδόπουλος Γιώργος Πάτρα Ηράκλειο Μαρία Λάρισα Άρτα Κώστας Βόλος Ελένη",
    "Turkish": "İstanbul Şişli Ağrı Çanakkale Eskişehir Yıldız Güneş Öztürk Beşiktaş Işık Doğan Muğla",
    "Hebrew": "ירושלים חיפה כהן לוי משה באר אילת נתניה שרה דוד רחובות יוסף",
    "Arabic": "القاهرة محمد فاطمة بغداد دمشق الرياض أحمد علي بيروت عمان خالد سعيد",
    "Thai": "กรุงเทพ เชียงใหม่ สมชาย ภูเก็ต สมหญิง ขอนแก่น ประเสริฐ ชลบุรี วิชัย นนทบุรี มาลี อุดรธานี",
    "Japanese": "東京都 株式会社ソニー 高橋さくら トヨタ 横浜市 りんご 大阪府 コーヒー 京都 佐藤 鈴木 北海道",
    "Chinese": "北京市 上海 张伟 王芳 广州 深圳 李娜 重庆 杭州 刘洋 成都 武汉",
    "Traditional Chinese": "臺北市 高雄 陳怡君 林志明 臺中 新竹 黃淑芬 張家豪 桃園 嘉義 李雅婷 花蓮",
    "Korean": "서울 부산 김민수 이영희 대구 인천 박지훈 광주 최현우 대전 울산 정수빈",
}
ENCODINGS = [
    *(
        (language, stored, "cp1252")
        for stored in ("cp1252", "latin-1")
        for language in ("French", "German", "Spanish", "Portuguese", "Swedish")
    ),
    ("French", "mac-roman", "mac-roman"),
    ("German", "cp437", "cp850"),
    ("Spanish", "cp850", "cp850"),
    ("Polish", "cp1250", "cp1250"),
    ("Czech", "cp1250", "cp1250"),
    ("Hungarian", "cp1250", "cp1250"),
    ("Polish", "iso8859-2", "iso8859-2"),
    ("Polish", "cp852", "cp852"),
    ("Russian", "cp1251", "cp1251"),
    ("Russian", "koi8-r", "koi8-r"),
    ("Russian", "cp866", "cp866"),
    ("Greek", "cp1253", "cp1253"),
    ("Greek", "iso8859-7", "iso8859-7"),
    ("Turkish", "cp1254", "cp1254"),
    ("Turkish", "iso8859-9", "cp1254"),
    ("Hebrew", "cp1255", "cp1255"),
    ("Arabic", "cp1256", "cp1256"),
    ("Thai", "cp874", "cp874"),
    ("Japanese", "shift_jis", "cp932"),
    ("Japanese", "euc_jp", "euc_jis_2004"),
    ("Chinese", "gbk", "gb18030"),
    ("Chinese", "gb18030", "gb18030"),
    ("Traditional Chinese", "big5", "big5hkscs"),
    ("Korean", "euc_kr", "cp949"),
    *(
        (language, stored, stored)
        for stored in ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
        for language in ("French", "Russian", "Chinese")
    ),
]


def table(language: str) -> str:
    """A table that is mostly ASCII."""
    rows = "".join(
        f"{row},{word},Smith,1.5\n{row},Jones,London,2\n" for row, word in enumerate(WORDS[language].split())
    )
    return f"id,name,city,amount\n{rows}"


def guess(*files: bytes, complete: bool = True) -> tuple[str, Decision]:
    """The encoding guessed from whole files."""
    return guess_encoding([Sample(f"{index}.csv", data, complete) for index, data in enumerate(files)])


@pytest.mark.parametrize(("language", "stored", "expected"), ENCODINGS)
def test_a_dozen_words_tell_the_encoding(language: str, stored: str, expected: str) -> None:
    """Of encodings that contain each other the larger is taken; the text reads as it was written, by the reader, too."""
    text = table(language)
    data = text.encode(stored)
    encoding, decision = guess(data)
    assert encoding == expected
    assert data.decode(encoding) == text
    assert str(decision).startswith(f"encoding: {encoding if 'utf' not in encoding else encoding.upper()} (")
    assert any(f"reads {word!r} and '" in decision.reason for word in re.split("[ -]", WORDS[language]))
    found = read(data, select(name=BYTES), Dialect(encoding=encoding, extra_columns="ignore"))
    assert values(found)["name"][::2] == WORDS[language].split()
    assert not rejects(found)


@pytest.mark.parametrize(
    "word",
    [
        "René",
        "Ø",
        "Zürich",
        "São Paulo",
        "Café",
        "François",
        "Malmö",
        "5 °C",
        "5 €",
        "don’t",
        "“quoted”",
        "½ cup",
        "25²",
        "10 µg",
        "© 2020",
        "¿Qué?",
    ],
)
def test_one_word_in_the_most_usual_encoding_is_enough(word: str) -> None:
    """Files are not refused for one accent or one curly quote; what was guessed is said, to be checked."""
    encoding, decision = guess(f"id,name\n1,{word}\n2,Smith\n".encode("cp1252"))
    assert encoding == "cp1252"
    assert not decision.sure
    assert decision.reason.startswith("not UTF-8; reads '")


def test_utf8_with_a_broken_byte_is_utf8() -> None:
    """Valid letters that outnumber the broken bytes say so; the broken row is for the reader to reject."""
    text = "a,b\n" + "café,1\n" * 5
    data = text.encode() + b"caf\xe9,1\n"
    encoding, decision = guess(data)
    assert encoding == "utf-8"
    assert str(decision) == (
        "encoding: UTF-8 (reads 'café'; 1 byte can't be decoded, first in '0.csv', line 7: such rows are rejected), please check"
    )
    assert len(rejects(read(data, select(a=BYTES, b=BYTES)))) == 1


def test_text_with_more_broken_bytes_than_letters_is_not_utf8() -> None:
    """Two bytes of another encoding may be a letter of UTF-8 by chance."""
    assert guess("a\nGenève\nZürich\nCafé\n".encode("cp1252") + "é\n".encode())[0] == "cp1252"


@pytest.mark.parametrize(
    ("data", "encoding", "reason"),
    [
        (b"a,b\n1,2\n", "utf-8", "nothing but ASCII"),
        ("a,b\nZürich,Köln\n".encode("utf-8-sig"), "utf-8", "reads 'Zürich' and 'Köln'"),
        ("a\nZürich\n".encode("utf-16"), "utf-16", "by the byte order mark"),
        ("a\nZürich\n".encode("utf-32"), "utf-32", "by the byte order mark"),
        ("a,b\nZürich,Köln\n".encode("utf-16-le"), "utf-16-le", "by its NUL bytes; reads 'Zürich' and 'Köln'"),
        ("size,town\n1,Rome\n".encode("utf-16-be"), "utf-16-be", "by its NUL bytes; reads 'size' and 'town'"),
    ],
)
def test_unicode_is_told_for_sure(data: bytes, encoding: str, reason: str) -> None:
    """By a mark, by all letters being valid, or by the NUL bytes between them."""
    assert guess(data) == (encoding, Decision("encoding", encoding.upper(), reason))


def test_a_letter_cut_at_the_end_of_a_sample_is_no_damage() -> None:
    """The sample's last line is left out."""
    text = "name,n\n" + "Zürich,1\n" * 5 + "Zü"
    assert guess(text.encode()[:-1], complete=False)[1].sure
    assert sniff([Sample("a.csv", text.encode()[:-1])]).dialect == Dialect()
    assert guess(b"a,n\nx,1\n\xc3", complete=False)[0] == "utf-8"
    assert guess(b"a,n\nx,1\n\xe2\x82", complete=False)[0] == "utf-8"
    cut = table("Chinese").encode("gbk")
    assert guess(cut[: cut.rindex("武".encode("gbk")) + 1], complete=False)[0] == "gb18030"


@pytest.mark.parametrize(
    ("words", "stored", "candidates"),
    [
        ("Wągrowiec", "cp1250", "cp1250 reads 'Wągrowiec'; iso8859-2 reads 'Wšgrowiec'"),
        (
            "Nováková Eliška",
            "iso8859-2",
            "iso8859-2 reads 'Eliška' and 'Nováková'; cp1250 reads 'Eliąka' and 'Nováková'",
        ),
        ("山本 陽子", "euc_jp", "gb18030 reads '怀塑' and '哇灰'; euc_jis_2004 reads '山本' and '陽子'"),
    ],
)
def test_where_several_encodings_fit_the_user_is_asked(words: str, stored: str, candidates: str) -> None:
    """The candidates are listed with the words in which they differ, and the option to give."""
    data = "id,name\n1,{}\n".format("\n2,".join(words.split())).encode(stored)
    message = f"'0.csv': expected text in UTF-8, or in one encoding that fits, received several that fit: {candidates}"
    with pytest.raises(DataError, match=re.escape(message)):
        guess(data)


@pytest.mark.parametrize("broken", [b"\x81", b"\xd2", b"\xff\xff"])
@pytest.mark.parametrize(
    ("language", "encoding"),
    [("French", "cp1252"), ("Greek", "cp1253"), ("Chinese", "gb18030"), ("Japanese", "cp932"), ("Korean", "cp949")],
)
def test_a_few_damaged_lines_do_not_change_the_encoding(language: str, encoding: str, broken: bytes) -> None:
    """Bytes that no letter has are for the reader to reject, with their rows."""
    assert guess(table(language).encode(encoding) + b"1,x" + broken + b",y,2\n")[0] == encoding


def test_noise_has_no_encoding() -> None:
    """What reads as no language anywhere is refused, and no encoding is made up."""
    noise = np.random.default_rng(0).integers(1, 256, 2000, np.uint8).tobytes()
    with pytest.raises(
        DataError, match=r"received none that fits.*; set \[input\] encoding to the one that reads right"
    ):
        guess(b"a,b\n" + noise)


def test_files_in_several_encodings() -> None:
    """The one that most letters are in is taken, and a file that isn't is named."""
    encoding, decision = guess(table("German").encode(), "id\n1\nKöln\n".encode("cp1252"))
    assert encoding == "utf-8"
    assert not decision.sure
    assert "1 byte can't be decoded, first in '1.csv', line 3: such rows are rejected" in decision.reason


def test_nul_bytes_in_text_are_text() -> None:
    """As they are to the reader, which refuses only files whose beginning is full of control characters."""
    data = b"a,b\n1,x\0y\n2,z\n"
    assert guess(data)[0] == "utf-8"
    assert sniff([Sample("a.csv", data, complete=True)]).dialect == Dialect()
    assert values(read(data, select(a=BYTES, b=BYTES))) == {"a": ["1", "2"], "b": ["x\0y", "z"]}


def test_escape_sequences_tell_iso_2022() -> None:
    """Though all of its bytes are ASCII's."""
    text = table("Japanese")
    encoding, decision = guess(text.encode("iso2022_jp"))
    assert text.encode("iso2022_jp").decode(encoding) == text
    assert str(decision) == f"encoding: {encoding} (by its escape sequences; reads '東京都' and '株式会社ソニー')"
    assert guess(b"a,b\n\x1b$x,1\n")[0] == "utf-8"
    assert guess("a\n\x1b$ü\n".encode())[0] == "utf-8"


def test_a_nul_byte_makes_no_utf16() -> None:
    """Beside letters of another encoding, either."""
    assert guess("name,n\nZürich,1\nK\0öln,2\n".encode("cp1252"))[0] == "cp1252"


def test_binary_files_are_refused_as_by_the_reader() -> None:
    """With the reader's message."""
    with pytest.raises(DataError, match=r"'1\.csv' looks like a binary file, not CSV: [0-9]+ of its first"):
        guess(b"a,b\n", bytes(range(256)) * 10)
    with pytest.raises(DataError, match=r"'0\.csv' isn't a CSV file: it is a PNG image"):
        guess(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0")


@given(st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0\ufffd"), min_size=1, max_size=60))
def test_all_of_utf8_is_utf8(text: str) -> None:
    """Whatever the letters."""
    data = text.encode()
    assert guess(data)[0] == ("utf-8" if not data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-16")


def test_real_files(shared_data: Path) -> None:
    """Files in other encodings, as a public collection has them."""
    folder = shared_data / "csv_conformance" / "frictionless"
    found = {
        name: guess_encoding([Sample(name, (folder / f"{name}.csv").read_bytes(), complete=True)])[0]
        for name in ("latin1", "table-infer-iso-8859-7", "table-with-accents", "table-infer-utf8")
    }
    assert found == {
        "latin1": "cp1252",
        "table-infer-iso-8859-7": "cp1253",
        "table-with-accents": "cp1252",
        "table-infer-utf8": "utf-8",
    }


@pytest.mark.parametrize(
    ("word", "encoding"), [("Renée", "cp1252"), ("Müller", "latin-1"), ("don’t", "cp1252"), ("Łódź", "latin-1")]
)
def test_text_that_was_encoded_twice_is_told(word: str, encoding: str) -> None:
    """It is valid UTF-8, of words that no language writes."""
    twice = word.encode().decode(encoding)
    decision = sniff([Sample("f.csv", f"name,n\nAnna,1\n{twice},2\n".encode(), complete=True)]).decisions[0]
    assert not decision.sure
    assert f"{twice!r} may be {word!r}, encoded twice" in decision.reason
    once = sniff([Sample("f.csv", f"name,n\nAnna,1\n{word},2\n".encode(), complete=True)]).decisions[0]
    assert once.sure


@pytest.mark.filterwarnings("error")
def test_nul_bytes_of_no_wide_encoding_give_no_warning() -> None:
    """Whoever runs `init` would see it."""
    name, _ = guess_encoding([Sample("f.csv", b"a,b\n\xe9\0\n", complete=True)])
    assert name == "cp1252"


def test_a_word_far_into_a_long_line_is_found() -> None:
    """As in a cell with a long text; no file with such a word is called ASCII."""
    text = "a\n" + "word " * 3000 + "Zürich" + " word" * 3000 + "\n"
    assert guess(text.encode())[1].reason == "reads 'Zürich'"


def test_what_a_sample_cuts_is_not_called_ascii() -> None:
    """Only its beginning was looked at."""
    assert guess(b"a,b\n1,2\n", complete=False)[1].reason == "nothing but ASCII at the beginning"
