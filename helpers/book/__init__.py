"""How the book is made: for maintainers. No page imports from here."""
