"""From people's labels and stored features to a head that is fitted anew, and what it would change."""
