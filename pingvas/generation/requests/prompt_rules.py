"""What a prompt may be: how long, and that it says something. One rule for the API, the queue and the page's limit."""

from pingvas.base.visible_text import shows_something
from pingvas.engine.text.prompts import MAX_CHUNKS, TOKENS_A_CHUNK, count_chunks_at_least

MAX_PROMPT = 20_000
"""Characters: about what fills 64 chunks of 75 tokens with English words. Pictures keep as many of what they say."""

_CHUNKS = f"a model reads {MAX_CHUNKS} chunks of {TOKENS_A_CHUNK} tokens"


def why_no_prompt(prompt: str, *, is_needed: bool) -> str | None:
    """What is wrong with a prompt as it was typed, as the end of a sentence about it; None: nothing.

    An empty one is none at all, which is fine where it is not needed; blanks alone are a mistake everywhere.
    """
    if len(prompt) > MAX_PROMPT:
        return f"has {len(prompt)} characters and at most {MAX_PROMPT} are taken: {_CHUNKS}"
    if (prompt or is_needed) and not shows_something(prompt):
        return "holds nothing that can be seen" + ("; say what the image should show" if is_needed else "")
    return None


def why_not_read(prompt: str) -> str | None:
    """What is wrong with a prompt as it is run, wildcards decided and tags taken out; None: nothing that is certain.

    How many tokens a word has depends on the model, so a prompt close to the limit is left to the worker.
    """
    if len(prompt) > MAX_PROMPT:
        return f"has {len(prompt)} characters with its wildcards decided and at most {MAX_PROMPT} are taken: {_CHUNKS}"
    chunks = count_chunks_at_least(prompt)
    if chunks > MAX_CHUNKS:
        return f"takes {chunks} chunks or more, and {_CHUNKS}: shorten it, or write BREAK less often"
    return None
