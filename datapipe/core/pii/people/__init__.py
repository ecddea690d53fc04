"""Names, addresses and births of persons, by words beside them and lists."""
