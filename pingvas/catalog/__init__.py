"""Models one may run: what is installed, what each can do, and for which plans."""
