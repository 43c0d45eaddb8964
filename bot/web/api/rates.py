"""How often a token may ask: counted in Redis for all web processes together, and in each by itself while Redis is away."""

from typing import Any

from limits import RateLimitItemPerMinute
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import FixedWindowRateLimiter

from bot.runtime import Runtime
from bot.web.api.problems import Problem


class Rates:
    """So many requests a minute for each token."""

    def __init__(self, runtime: Runtime) -> None:
        self._machine_now = runtime.machine_now
        self._limit = RateLimitItemPerMinute(runtime.settings.api_rate, namespace="parley:api")
        self._own = FixedWindowRateLimiter(MemoryStorage())
        self._shared: FixedWindowRateLimiter | None = None
        if runtime.redis is not None:
            pool: Any = runtime.redis.connection_pool
            self._shared = FixedWindowRateLimiter(RedisStorage("redis://", connection_pool=pool, wrap_exceptions=True))

    def spend(self, token_id: int) -> None:
        """One request more. Raises Problem when there were too many."""
        if self._shared is not None:
            try:
                return self._spend(self._shared, token_id)
            except StorageError:  # Redis is away: better a loose limit than none, or no answer
                pass
        return self._spend(self._own, token_id)

    def _spend(self, limiter: FixedWindowRateLimiter, token_id: int) -> None:
        if not limiter.hit(self._limit, str(token_id)):
            left = limiter.get_window_stats(self._limit, str(token_id)).reset_time - self._machine_now().timestamp()
            detail = f"{self._limit.amount} requests a minute for each token"
            raise Problem(429, "Too many requests", detail=detail, Retry_After=str(max(1, round(left))))
