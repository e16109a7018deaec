"""How the book is made: for maintainers. No page imports from here."""


class BookError(Exception):
    """A command could not do its work, and every file is as it was; the text says why and what to do."""

    status = 1


class UsageError(BookError):
    """The command line names something that there is not."""

    status = 2
