"""Who somebody is: the name, the address, what they show of themselves and how they like the page."""
