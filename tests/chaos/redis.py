"""A Redis that can be killed, and comes back empty."""

import subprocess
import time
from contextlib import ExitStack

from bot import embedded


class Redis:
    """A Redis on a unix socket. `url` is None where there is no binary."""

    def __init__(self) -> None:
        self.binary, self.url = embedded.binary(), None
        self._end = ExitStack()
        self.folder = self._end.enter_context(embedded.private_folder())
        if self.binary is not None:
            self.url = embedded.address(self.folder)
            self._start()

    def _start(self) -> None:
        assert self.binary and self.url
        self.process = subprocess.Popen(
            embedded.command(self.binary, self.folder), stdout=subprocess.DEVNULL, start_new_session=True
        )
        embedded.wait_for(self.url)

    def kill(self, down_for: float = 0.0) -> None:
        """SIGKILL; after so many seconds an empty one is at the same address."""
        self.process.kill()
        self.process.wait()
        time.sleep(down_for)
        self._start()

    def stop(self) -> None:
        if self.binary is not None:
            self.process.terminate()
            self.process.wait(10)
        self._end.close()
