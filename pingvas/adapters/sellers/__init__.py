"""Who sells plans and credits: a merchant outside the house, behind one port."""
