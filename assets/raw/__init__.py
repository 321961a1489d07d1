"""What came: files read, typed, pseudonymised and accounted for. No meaning is given to a row here."""
