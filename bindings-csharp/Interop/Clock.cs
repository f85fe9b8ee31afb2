using System;
using System.Diagnostics;
using K1s0.System.CircuitBreaker.Events;

namespace K1s0.System.CircuitBreaker.Interop;

/// <summary>A monotonic clock in nanoseconds: the system's, a <c>TimeProvider</c>, or a function.</summary>
internal sealed class Clock
{
    private const ulong Second = 1_000_000_000;

    private readonly Func<long>? _function;
    private ulong _last;
#if NET8_0_OR_GREATER
    private readonly TimeProvider? _provider;
#endif

    private Clock(Func<long>? function) => _function = function;

#if NET8_0_OR_GREATER
    private Clock(TimeProvider provider) => _provider = provider;
#endif

    private static Clock Standard { get; } = new((Func<long>?)null);

    internal static Clock Of(CircuitBreakerOptions options)
    {
#if NET8_0_OR_GREATER
        if (options.TimeProvider is TimeProvider provider)
        {
            if (options.Clock is not null)
            {
                throw new ArgumentException("Clock and TimeProvider are both set; there can be one clock", nameof(options));
            }
            return ReferenceEquals(provider, TimeProvider.System) ? Standard : new Clock(provider);
        }
#endif
        return options.Clock is null ? Standard : new Clock(options.Clock);
    }

    /// <summary>What a user's clock throws comes through.</summary>
    internal ulong Now()
    {
#if NET8_0_OR_GREATER
        if (_provider is TimeProvider provider)
        {
            return _last = Nanoseconds((ulong)provider.GetTimestamp(), (ulong)provider.TimestampFrequency);
        }
#endif
        return _function is null
            ? Nanoseconds((ulong)Stopwatch.GetTimestamp(), (ulong)Stopwatch.Frequency)
            : _last = (ulong)_function();
    }

    /// <summary>As <see cref="Now"/>, at the end of a call, whose result must not be lost for a clock that throws: then the reading before.</summary>
    internal ulong NowOrBefore(string? breakerName)
    {
        try
        {
            return Now();
        }
        catch (Exception error)
        {
            CircuitBreakerEventSource.Log.ClockFailed(breakerName ?? string.Empty, error.ToString());
            return _last;
        }
    }

    /// <summary>Exact, and never beyond 64 bits on the way for as long as a clock runs.</summary>
    private static ulong Nanoseconds(ulong timestamp, ulong frequency) => frequency == Second
        ? timestamp
        : (timestamp / frequency * Second) + (timestamp % frequency * Second / frequency);
}
