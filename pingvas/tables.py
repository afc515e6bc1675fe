"""Every table of the house in one `metadata`: importing this module makes foreign keys between rooms resolvable."""

import pingvas.accounts.tables
import pingvas.base.tables
import pingvas.billing.sold.tables
import pingvas.billing.tables
import pingvas.catalog.tables
import pingvas.gallery.saved_searches.tables
import pingvas.gallery.sharing.tables
import pingvas.gallery.tables
import pingvas.generation.tables
import pingvas.generation.usage.tables
import pingvas.workflows.tables  # noqa: F401 - imported for what it registers
from pingvas.base.db import Base

metadata = Base.metadata
