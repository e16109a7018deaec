"""In the place of the package of this name: where this folder is on Python's path, it cannot be imported.

nbformat imports jsonschema, which checks international web addresses if it can. Importing what that takes makes a
grammar, which is half of the CPU time of a run of a small book; no notebook has such an address to be checked.
"""

raise ImportError("left out of the small books of the tests, to start quickly")
