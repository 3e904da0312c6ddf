"""From English answer labels to answers in another language, and from ten annotators to soft scores."""
