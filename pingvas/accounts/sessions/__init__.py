"""Signed-in devices and the tokens they hold."""
