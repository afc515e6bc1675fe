"""The HTTP contract: routers, wire models beside their routes, and how errors become answers. Holds no rules."""
