"""The specification's example, as it stands there."""

import asyncio

EXAMPLE = """
import asyncio
from k1s0_circuit_breaker import CircuitBreaker, CircuitBreakerConfig

# サーキットブレーカー設定
config = CircuitBreakerConfig(
    failure_threshold=5,
    success_threshold=2,
    open_duration=30.0,
    half_open_max_calls=2,
)
cb = CircuitBreaker(config)

# サーキットブレーカー経由で非同期呼び出し
async def call_service():
    result = await cb.execute(grpc_client.call_service, request)
    return result

# 現在の状態を確認
print(f"State: {cb.state}")

# 手動リセット
cb.reset()
"""


class Client:
    async def call_service(self, request):
        await asyncio.sleep(0)
        return f"answer to {request}"


def test_the_example_runs(capsys):
    names = {"grpc_client": Client(), "request": "ping"}
    exec(compile(EXAMPLE, "example", "exec"), names)
    assert asyncio.run(names["call_service"]()) == "answer to ping"
    assert capsys.readouterr().out == "State: CircuitBreakerState.CLOSED\n"
    assert names["cb"].metrics().success_count == 1


def test_names_and_modules():
    import k1s0_circuit_breaker as package
    from k1s0_circuit_breaker.breaker import CircuitBreaker
    from k1s0_circuit_breaker.config import CircuitBreakerConfig
    from k1s0_circuit_breaker.exceptions import CircuitBreakerError
    from k1s0_circuit_breaker.state import CircuitBreakerState

    assert package.CircuitBreaker is CircuitBreaker
    assert package.CircuitBreakerConfig is CircuitBreakerConfig
    assert package.CircuitBreakerError is CircuitBreakerError
    assert package.CircuitBreakerState is CircuitBreakerState
    assert package.CircuitState is CircuitBreakerState
    assert [state.name for state in CircuitBreakerState] == ["CLOSED", "OPEN", "HALF_OPEN"]
    assert all(hasattr(package, name) for name in package.__all__)
