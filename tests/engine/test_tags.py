"""Tags in a prompt: understood, refused with the reason, or no tags; and that docs/prompts.md is true."""

from __future__ import annotations

import re

import pytest
from hypothesis import given

from pingvas.engine.errors import PromptNotUnderstood
from pingvas.engine.text.tags import LoraTag, take_loras
from pingvas.engine.text.wildcards import resolve_wildcards
from tests.make.prompt_texts import HOSTILE, QUICK, code, rows


@pytest.mark.parametrize(
    ("text", "rest", "loras"),
    [
        ("a <lora: my file :0.8> b", "a  b", [LoraTag("my file", 0.8)]),
        ("<lora:수채화:1.> <lora:b:99><lora:b:-3>", "", [LoraTag("수채화", 1.0), LoraTag("b", 7.0)]),
        (f"<lora:a:{'9' * 400}>", "", [LoraTag("a", 10.0)]),
        (
            "< lora:a><LORA:b> <Lyco:c\n> < lora : d : 0.5 >",
            "",
            [LoraTag(name, 1.0) for name in "abc"] + [LoraTag("d", 0.5)],
        ),
        ("<lora:a:te=0.5:unet=0.8> x", "x", [LoraTag("a", 0.8)]),
        ("x <lora:a:unet=.8:te=0.5>", "x", [LoraTag("a", 0.8)]),
        ("<lora:a:te=0.5>", "", [LoraTag("a", 0.5)]),
        ("<lora:a:unet=0.5>", "", [LoraTag("a", 0.5)]),
        ("<lora:a:1:TE=0.5:unet=0.8>", "", [LoraTag("a", 0.8)]),
        ("<lora:a:0.9:unet=0.8>", "", [LoraTag("a", 0.8)]),
        ("<lora:a:0.5:te=0.5>", "", [LoraTag("a", 0.5)]),
        ("<lyco:a:1:0.25>", "", [LoraTag("a", 0.25)]),
        ("<lora:a:in=0.5:mid=.5:out=0.50>", "", [LoraTag("a", 0.5)]),
        (r"\\<lora:a:0.5>", r"\\", [LoraTag("a", 0.5)]),
    ],
)
def test_lora_tags_are_taken_out(text: str, rest: str, loras: list[LoraTag]) -> None:
    assert take_loras(text) == (rest, tuple(loras))


@pytest.mark.parametrize(
    ("tag", "reason"),
    [
        ("<lora:>", "names no LoRA"),
        ("<lora: >", "names no LoRA"),
        ("<lora::0.5>", "names no LoRA"),
        ("<lora:a:>", "a number is missing"),
        ("<lora:a::0.5>", "a number is missing"),
        ("<lora:a:nan>", "'nan' is no number"),
        ("<lora:a:strong>", "'strong' is no number"),
        ("<lora:a:0,8>", "'0,8' is no number"),
        ("<lora:a:80%>", "'80%' is no number"),
        ("<lora:a:1@0,0@0.5>", "is no number"),
        ("<lora:a:0.7:OUTALL>", "'OUTALL' is no number"),
        ("<lora:a:te=>", "a number is missing"),
        ("<lora:a:te=much>", "'much' is no number"),
        ("<lora:a:1:1:8>", "rank"),
        ("<lora:a:dyn=8>", "dyn=: the rank"),
        ("<lora:a:0.7:lbw=OUTALL>", "lbw=: weights of single blocks"),
        ("<lora:a:1:lbw=1,0,0,1:lbwe=X>", "single blocks"),
        ("<lora:a:0.8:in=0:mid=1:out=0>", "single blocks"),
        ("<lora:a:0.8:in=0.8>", "single blocks"),
        ("<lora:a:1:start=5>", "start=: a LoRA counts from the first step"),
        ("<lora:a:1:stop=20>", "first step"),
        ("<lora:a:1:step=5-20>", "first step"),
        ("<lora:a:1:speed=2>", "speed=: it is not known here"),
        ("<lora:a:te=1:te=0.5>", "te= is said twice"),
        ("<lora:a:0.8:te=0.5>", "say the same weight differently"),
        ("<lora:a:1:0.5:unet=0.8>", "say the same weight differently"),
        ("<lora[0.5]:a>", r"\[\]"),
        ("<lora:" + "x" * 201 + ">", "at most 200 characters"),
        ("<lora:a:0.8 x", "not closed"),
        ("<lora:a\nb>", "not closed"),
        ("<lora a 0.8>", "write <lora:name:0.8>"),
        ("<lora=a>", "write <lora:name:0.8>"),
        ("&lt;lora:a:0.8&gt;", "write <lora:name:0.8>"),
        ("＜lora：a：0.8＞", "write <lora:name:0.8>"),
        ("<hypernet:a:0.5>", "hypernetworks"),
        ("<embedding:a>", "textual inversion"),
        ("<embed:a>", "textual inversion"),
        ("<ti:a:1>", "textual inversion"),
        ("embedding:easynegative", "textual inversion"),
        ("(embedding:easynegative:1.2)", "textual inversion"),
        ("<loha:a:0.5>", "write <lora:name:0.8>"),
        ("<random:red,blue>", "{a|b}"),
        ("<random[2]:red|blue>", "{a|b}"),
        ("<wildcard:colors>", "files"),
        ("<segment:face,0.5> a face", "another program"),
        ("<anything:a:0.8>", "another program"),
        ("withLora(a, 0.8)", "write <lora:name:0.8>"),
        ("useLora(a)", "write <lora:name:0.8>"),
    ],
)
def test_what_looks_like_a_tag_and_cannot_be_done_is_refused_with_the_reason(tag: str, reason: str) -> None:
    for text in (tag, f"a house, {tag}", f"<lora:good:1>{tag}"):
        with pytest.raises(PromptNotUnderstood, match=reason) as refused:
            take_loras(text)

        assert str(refused.value).startswith(f"`{tag.lstrip('(').split(chr(10))[0][:16]}")


@pytest.mark.parametrize(
    "text",
    [
        "a < b",
        "a < b: c > d",
        "x<y: z",
        "I <3 you <: >",
        "<b>bold</b> <br/> <!-- a: b -->",
        '<a href="https://example.com/a:b">x</a> <div style="color: red">',
        "<https://example.com/a> <mailto:a@example.com>",
        "<svg:rect>",
        "std::map<key:value>",
        "<time: noon",
        "<note: a quiet day>",
        "graph embedding: a drawing",
        r"a \<lora:a:0.8>, \<foo:bar>, embedding\:x",
        "[cat:dog:0.5] [a|b] AND",
        "a lora of a house, lora: 0.5",
    ],
)
def test_text_that_is_no_tag_stays_as_it_is(text: str) -> None:
    assert take_loras(text) == (text, ())


@QUICK
@given(HOSTILE)
def test_any_text_gives_loras_with_names_and_bounded_weights(text: str) -> None:
    try:
        _, loras = take_loras(text)
    except PromptNotUnderstood:
        return

    assert all(lora.name.strip() and -10 <= lora.weight <= 10 for lora in loras)


@pytest.mark.parametrize(("written", "rest", "named"), rows("LoRA tags"))
def test_the_page_says_what_a_lora_tag_does(written: str, rest: str, named: str) -> None:
    expected = [LoraTag(name, float(weight)) for name, weight in re.findall(r"`([^`]+)` ([-\d.]+)", named)]

    assert take_loras(code(written)[0]) == ("".join(code(rest)), tuple(expected))


@pytest.mark.parametrize(("written", "reason"), rows("Tags and heads that are refused"))
def test_the_page_says_what_is_refused(written: str, reason: str) -> None:
    for text in code(written):
        with pytest.raises(PromptNotUnderstood):
            take_loras(resolve_wildcards(text.replace("\\|", "|"), 1))
