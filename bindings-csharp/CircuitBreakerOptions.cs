using System;

namespace K1s0.System.CircuitBreaker;

/// <summary>What a breaker has besides its configuration. Read once, when the breaker is made.</summary>
public sealed class CircuitBreakerOptions
{
    /// <summary>Said in exceptions, events, explanations and metrics, at most 1024 bytes of UTF-8; give each breaker its own.</summary>
    public string? Name { get; set; }

#if NET8_0_OR_GREATER
    /// <summary>Where the time comes from: its <see cref="global::System.TimeProvider.GetTimestamp"/>. By default
    /// <see cref="global::System.TimeProvider.System"/>.</summary>
    public TimeProvider? TimeProvider { get; set; }

    /// <summary>What shows this breaker in dashboards; by default <see cref="Metrics.CircuitBreakerInstruments.Default"/>, if the breaker has a
    /// name.</summary>
    public Metrics.CircuitBreakerInstruments? Instruments { get; set; }
#endif

    /// <summary>
    /// A monotonic clock in nanoseconds; only differences mean anything. For targets that have no <c>TimeProvider</c>; where they do, set one
    /// of the two.
    /// </summary>
    public Func<long>? Clock { get; set; }

    /// <summary>
    /// What an exception out of a guarded call comes to; null where it has no opinion, and then it is a failure. It is not asked where
    /// the caller gave up. What it throws itself comes to the caller, and the call is a failure.
    /// </summary>
    public Func<Exception, Verdict?>? ClassifyException { get; set; }

    /// <summary>What a result that came back comes to; null where it has no opinion, and then it is a success.</summary>
    public Func<object?, Verdict?>? ClassifyResult { get; set; }
}

/// <summary>What a call comes to, and for how long the service asks not to be called.</summary>
/// <param name="Outcome">How it ended.</param>
/// <param name="RetryAfter">What the service asks for: if this failure opens the circuit, the wait is at least that
/// long.</param>
public readonly record struct Verdict(Outcome Outcome, TimeSpan? RetryAfter = null)
{
    /// <summary>An outcome alone.</summary>
    public static implicit operator Verdict(Outcome outcome) => new(outcome);
}
