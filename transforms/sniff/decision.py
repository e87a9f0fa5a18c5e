"""Decisions about some data, with their reasons."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Decision:
    """A choice made from data, such as its delimiter.

    Attributes:
        subject: What was chosen: "encoding", "delimiter", "column 'price'".
        choice: What for, as it reads in a sentence: "UTF-8", "tab".
        reason: What in the data speaks for it.
        sure: Whether nothing speaks for another choice. Where something does, `reason` names it.
    """

    subject: str
    choice: str
    reason: str
    sure: bool = True

    def __str__(self) -> str:
        """The decision on one line."""
        return f"{self.subject}: {self.choice} ({self.reason}){'' if self.sure else ', please check'}"
