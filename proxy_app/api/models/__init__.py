"""Models as clients see them: the list, one of them, and what only upstream knows."""
