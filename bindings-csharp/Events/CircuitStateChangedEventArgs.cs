using System;
using K1s0.System.CircuitBreaker.Interop;

namespace K1s0.System.CircuitBreaker;

/// <summary>One change of state.</summary>
public sealed class CircuitStateChangedEventArgs : EventArgs
{
    internal CircuitStateChangedEventArgs(string? breakerName, in NativeTransition transition)
    {
        BreakerName = breakerName;
        From = (CircuitState)transition.From;
        To = (CircuitState)transition.To;
        Reason = (TransitionReason)transition.Reason;
        Epoch = transition.Epoch;
        AtNs = transition.AtNs;
    }

    /// <summary>The breaker's name, if it has one.</summary>
    public string? BreakerName { get; }

    /// <summary>The state before.</summary>
    public CircuitState From { get; }

    /// <summary>The state after. It equals <see cref="From"/> where only the epoch changed: a reset of a closed breaker.</summary>
    public CircuitState To { get; }

    /// <summary>Why.</summary>
    public TransitionReason Reason { get; }

    /// <summary>The epoch that began: one more than that of the transition before.</summary>
    public ulong Epoch { get; }

    /// <summary>When, by the breaker's monotonic clock. Only differences mean anything.</summary>
    public TimeSpan At => Durations.Of(AtNs);

    internal ulong AtNs { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{BreakerName ?? "circuit breaker"}: {From} -> {To} ({Reason})";
}
