"""Draws a scene: flat layered shapes over soft gradients, 256x256 RGB, nothing smaller than about 12 pixels."""

from __future__ import annotations

from collections.abc import Collection

from PIL import Image

from models.recipe.canvas import SIDE, Canvas
from models.recipe.land import land
from models.recipe.scene import Scene
from models.recipe.sky import sky, weather
from models.recipe.things import things


def draw(scene: Scene, side: int = SIDE, twice: Collection[str] = ()) -> Image.Image:
    """The picture of a scene, `side` x `side` RGB. The same scene gives the same bytes.

    `twice` ("thing", "body") draws a faulty picture that shows twice what the scene has once: for judges to learn from.
    """
    canvas = Canvas(scene, twice)
    body = sky(canvas)
    land(canvas, body)
    weather(canvas)
    things(canvas)
    return canvas.finish(side)
