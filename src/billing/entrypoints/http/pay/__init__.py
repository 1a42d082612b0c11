"""/pay: our own page for customers, reached by a link that only a mail of ours tells."""
