using System;
using System.Threading.Tasks;
using K1s0.System.CircuitBreaker;

namespace Tests.Unit;

/// <summary>Breakers as the tests want them.</summary>
internal static class Make
{
    internal static readonly CircuitBreakerConfig OneFailure = new(1, 1, TimeSpan.FromSeconds(10));

    internal static CircuitBreaker Of(CircuitBreakerConfig? config, out FakeTime time, string? name = null)
    {
        time = new FakeTime();
        return new CircuitBreaker(config ?? OneFailure, new CircuitBreakerOptions { TimeProvider = time, Name = name });
    }

    /// <summary>A breaker that is half-open, with one slot.</summary>
    internal static CircuitBreaker HalfOpen(out FakeTime time)
    {
        CircuitBreaker breaker = Of(null, out time);
        breaker.Trip();
        time.Advance(TimeSpan.FromSeconds(10));
        return breaker;
    }

    internal static async Task<TError> Thrown<TError>(Func<Task> run)
        where TError : Exception
    {
        try
        {
            await run();
        }
        catch (TError error)
        {
            return error;
        }
        throw new InvalidOperationException($"no {typeof(TError)}");
    }
}
