"""The models that ship with the studio, and the recipe that makes them."""
