"""Other people's servers and disks, each behind one small module; no room above knows whose they are."""
