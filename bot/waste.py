"""The interpreter's own search for waste, made rarer in a process that lives long and keeps what it has loaded."""

import gc


def search_rarely() -> None:
    """Look no more at what is loaded by now, and seldom at the rest: it was a fifth of the work."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
