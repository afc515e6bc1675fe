"""What a seller sold, and the plan and credits that follow from it. No word of any one seller."""
