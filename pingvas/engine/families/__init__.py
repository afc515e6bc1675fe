"""The model families the engine can run, one file each. Importing it settles how their libraries behave."""

import os

from pingvas.engine.images.without_torchvision import hide_broken_torchvision

# Both before diffusers and transformers are first imported, which read them then: nothing is fetched from a hub behind
# anybody's back, and a torchvision that does not fit its torch is as good as none.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
hide_broken_torchvision()
