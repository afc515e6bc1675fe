"""Turns a request into a picture. Torch is imported here and nowhere else; no database, no web, no accounts.

`requests`, `errors`, `samplers`, `infotext` and `pictures` import no torch, so other rooms may read them.
"""
