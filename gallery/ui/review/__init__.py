"""Review: the photos that a person should see next, and what is learnt from the labels."""
