"""How jobs end: finished, failed, canceled, given up; and what is kept of them."""
