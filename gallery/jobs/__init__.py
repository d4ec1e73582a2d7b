"""Work in the background: processes that outlive the page, and tasks inside it."""
