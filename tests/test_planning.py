"""What a plan says of the data before it is run."""

import io

import pyarrow as pa
from rich.console import Console

from pipelines.planning import _warn_of_texts
from pipelines.progress import Progress
from schemas.infer import Profiles
from transforms.kinds.parse import allowed_types


def test_numbers_that_become_tokens_are_told() -> None:
    """A vocabulary of a column of floats is warned of, even with `quiet`; one of integers or of text isn't."""
    profiles = Profiles(["ratio", "zip", "city", "size"])
    profiles.update(
        pa.record_batch({"ratio": ["0.857143"], "zip": ["10003"], "city": ["Rome"], "size": ["1.5"]}),
    )
    table = {**dict.fromkeys(("ratio", "zip", "city"), "vocabulary"), "size": "z_score"}
    file = io.StringIO()
    _warn_of_texts(
        profiles, profiles.schema(allowed_types(table)), Progress(quiet=True, console=Console(file=file, width=20))
    )
    (line,) = file.getvalue().splitlines()
    assert line.startswith("warning: column 'ratio' holds numbers with a fraction, but a feature takes it as text")
