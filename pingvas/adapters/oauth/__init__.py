"""Google and Discord, who can say who somebody is."""
