"""Pictures as pixels and files: opened, masked, enlarged, written. No family is known here."""
