"""The label that says a picture was made by AI: IPTC's digital source type, in XMP, where machines look for it. Needs no torch.

It says nothing else: not by whom, not when, not of what words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pingvas.engine.images.decode import take_apart
from pingvas.engine.images.file_parts import MAX_XMP

VOCABULARY = "http://cv.iptc.org/newscodes/digitalsourcetype/"
MADE, MADE_FROM_A_PICTURE = "trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia"
LABELS = (MADE, MADE_FROM_A_PICTURE)
"""Of IPTC's vocabulary: made by a model from words alone, and with a picture that was there before."""
XMP_KEYWORD = "XML:com.adobe.xmp"
"""What the text chunk with XMP is called in a PNG."""

_NAMESPACE = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
# As an attribute, which we write, or as an element, which others do.
_SAID = re.compile(
    rf"\bIptc4xmpExt:DigitalSourceType\s*(?:=\s*[\"']|>\s*){re.escape(VOCABULARY)}({'|'.join(LABELS)})\s*[\"'<]"
)


def label_for(parameters: Mapping[str, Any]) -> str:
    """The label of what a job makes, by how it was made."""
    return MADE if parameters.get("job_type", "txt2img") == "txt2img" else MADE_FROM_A_PICTURE


def xmp_of(label: str) -> bytes:
    """An XMP packet that says the label."""
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="{_NAMESPACE}" '
        f'Iptc4xmpExt:DigitalSourceType="{VOCABULARY}{label}"/>'
        '</rdf:RDF></x:xmpmeta><?xpacket end="r"?>'
    ).encode()


def label_in(xmp: bytes | None) -> str | None:
    """The label that an XMP packet says; None when it says none that we know."""
    if xmp is None or len(xmp) > MAX_XMP:
        return None
    found = _SAID.search(xmp.decode("utf-8", "replace"))
    return None if found is None else found[1]


def label_of(data: bytes) -> str | None:
    """The label in a picture's file."""
    return label_in(take_apart(data).xmp)
