"""A module that cannot be imported, for tests of what is said then."""

1 / 0
