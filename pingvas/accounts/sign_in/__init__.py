"""The ways in. Each proves who somebody is and ends with a signed-in device."""
