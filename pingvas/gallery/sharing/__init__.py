"""What others have to do with an image: that they like it, that they report it, and that an admin hides it from them."""
