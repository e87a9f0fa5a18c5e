"""The label that is guessed."""

from shardmill.pipelines.init.choose_features import feature_lines
from shardmill.pipelines.init.label_lines import guess_label
from tests.support.starters import NOTHING, NUMBERS, Columns, survey_of


def test_the_likeliest_label_is_one_that_can_be_predicted() -> None:
    """By its name, else the last column that is no identifier, constant or date."""
    columns: Columns = {
        "x": NUMBERS,
        "size": NUMBERS[::-1],
        "day": [f"2013-01-{number % 28 + 1:02d}" for number in range(1000)],
        "c": ["5"] * 1000,
        "user_id": [str(number * 3) for number in range(1000)],
    }
    survey = survey_of(columns)
    guess = guess_label(survey, feature_lines(survey, NOTHING))
    assert str(guess.decision) == (
        "label: none yet, 'size' is likely (the last column with something to predict), please check"
    )
    sparse = survey_of({**columns, "note": ["3.5", "4.5", "5", *[None] * 997]})
    assert guess_label(sparse, feature_lines(sparse, NOTHING)).name == "size"
    several = survey_of({"y": NUMBERS, "Class": NUMBERS, "target": NUMBERS, **columns})
    assert guess_label(several, feature_lines(several, NOTHING)).name == "target"
    named = survey_of({"Target": NUMBERS, **columns})
    assert guess_label(named, feature_lines(named, NOTHING)).example == 'Target = { kind = "label" }'


def test_names_that_say_what_is_predicted_in_some_data_count_after_the_general_ones() -> None:
    """Avazu's `click` and MovieLens's `rating` are their labels, wherever the columns stand; a `label` beside them is more likely."""
    for name in ("click", "Rating", "survived"):
        columns: Columns = {name: ["1", "2"] * 500, "x": NUMBERS}
        survey = survey_of(columns)
        guess = guess_label(survey, feature_lines(survey, NOTHING))
        assert (guess.name, guess.reason) == (name, "its name is usual")
    both = survey_of({"rating": NUMBERS, "label": NUMBERS[::-1], "x": NUMBERS})
    assert guess_label(both, feature_lines(both, NOTHING)).name == "label"
