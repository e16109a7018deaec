"""The exercises of the pages: what checks a reader's answer, one module for each page that has some.

``exercise`` makes a check of a function or a class, ``calls`` tells which calls it makes, ``values`` compares what it
returns with what is expected, and ``raised`` says in words what it raised.
"""
