"""Explains failures of a user's function on workers.

The user's own code fails, or TensorFlow on the user's data.
"""

import re

from shardmill.schemas.errors import EngineError, ShardmillError
from shardmill.schemas.messages import shortened
from shardmill.transforms.functions.user_function import UserFunction

# The first exception of a traceback's chain: the root cause.
_ROOT = re.compile(
    r"^(?P<kind>[A-Za-z_][\w.]*): (?P<message>.*?)(?= \[while running '|\n\n(?:The above|During handling)|\Z)",
    re.MULTILINE | re.DOTALL,
)
_FRAME = re.compile(
    r'^ +File "(?P<file>[^"]+)", line (?P<line>\d+), in (?P<name>.+)\n +(?P<code>.+)$',
    re.MULTILINE,
)
# Text that TensorFlow adds around the cause.
_NOISE = re.compile(
    r"Graph execution error:\s*|Detected at node .*?\n|<stack traces unavailable>\n| \[Op:\w+\]|Traceback \(.*\Z",
    re.DOTALL,
)


def explain_failure(error: Exception, function: UserFunction) -> Exception:
    """Explains an error in a TF Transform function's job.

    Args:
        error: An error of shardmill's, or the engine's with the worker's traceback.
        function: The function.

    Returns:
        An error that names the function, the lines of the user's files where it failed, and the
        cause; the same error where it already says what is wrong.
    """
    if isinstance(error, EngineError):
        return _explain(str(error.__cause__), function) or error
    if type(error) is ShardmillError:
        return ShardmillError(f"{function}: {error}")
    return error if isinstance(error, ShardmillError) else _explain(str(error), function) or error


def _explain(text: str, function: UserFunction) -> ShardmillError | None:
    _, found, chain = text.partition("Traceback (most recent call last):\n")
    root = _ROOT.search(chain) if found else None
    if root is None:
        return None
    frames = (match for match in _FRAME.finditer(text) if function.owns(match["file"]))
    lines = dict.fromkeys("{file}, line {line}, in {name}: {code}".format(**match.groupdict()) for match in frames)
    kind = root["kind"].rpartition(".")[2]
    said = shortened(_NOISE.sub("", root["message"]).strip())
    return ShardmillError("\n  ".join([f"{function} failed while the data was analyzed:", *lines, f"{kind}: {said}"]))
