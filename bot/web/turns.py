"""Turns: of the threads of a web process a thing that lasts may take only a share; the others hear what people text."""

import threading

from bot.runtime import Runtime


class Turns:
    """As many at once as one in so many threads of this process."""

    def __init__(self, one_in: int) -> None:
        self.one_in = one_in
        self._lock, self._taken = threading.Lock(), 0

    def take(self, runtime: Runtime) -> bool:
        """Whether there was one: give it back."""
        with self._lock:
            if self._taken >= max(1, runtime.settings.web_threads // self.one_in):
                return False
            self._taken += 1
            return True

    def give_back(self) -> None:
        """It is over."""
        with self._lock:
            self._taken -= 1
