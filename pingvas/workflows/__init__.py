"""Graphs of steps: what is drawn, its versions, and the templates."""
