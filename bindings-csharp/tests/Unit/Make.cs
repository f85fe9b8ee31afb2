using System;
using System.Threading.Tasks;
using K1s0.System.CircuitBreaker;
using Breaker = K1s0.System.CircuitBreaker.CircuitBreaker;

namespace CircuitBreaker.Tests.Unit;

/// <summary>Breakers as the tests want them.</summary>
internal static class Make
{
    internal static readonly CircuitBreakerConfig OneFailure = new(1, 1, TimeSpan.FromSeconds(10));

    internal static Breaker Of(CircuitBreakerConfig? config, out FakeTime time, string? name = null)
    {
        time = new FakeTime();
        return new Breaker(config ?? OneFailure, new CircuitBreakerOptions { TimeProvider = time, Name = name });
    }

    /// <summary>A breaker that is half-open, with one slot.</summary>
    internal static Breaker HalfOpen(out FakeTime time)
    {
        Breaker breaker = Of(null, out time);
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
