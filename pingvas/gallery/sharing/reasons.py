"""Why an image is reported, or hidden: words of one list, which the page and the mails have in the reader's language."""

from typing import Literal, get_args

Reason = Literal["sexual", "minors", "violence", "hate", "likeness", "copyright", "spam", "other"]
REASONS: tuple[Reason, ...] = get_args(Reason)
# Of what is said beside it.
MAX_WORDS = 1000
