"""What we do to texts before they are stored or sent: cleaning, merge tags, dates."""
