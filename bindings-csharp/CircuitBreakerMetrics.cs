using System;
using System.Collections.Generic;
using K1s0.System.CircuitBreaker.Interop;

namespace K1s0.System.CircuitBreaker;

/// <summary>State and totals of one breaker at one moment. Totals only ever grow.</summary>
public sealed record CircuitBreakerMetrics
{
    private CircuitBreakerMetrics()
    {
    }

    /// <summary>Calls that succeeded.</summary>
    public ulong SuccessCount { get; private init; }

    /// <summary>Calls that failed.</summary>
    public ulong FailureCount { get; private init; }

    /// <summary>Calls whose result says nothing about the service.</summary>
    public ulong IgnoredCount { get; private init; }

    /// <summary>Calls that their caller gave up.</summary>
    public ulong CancelledCount { get; private init; }

    /// <summary>Calls that were rejected, for whatever reason.</summary>
    public ulong RejectedCount { get; private init; }

    /// <summary>The same by reason.</summary>
    public IReadOnlyDictionary<RejectReason, ulong> RejectedByReason { get; private init; } = null!;

    /// <summary>Calls that would have been rejected but for <see cref="CircuitBreakerConfig.Shadow"/>.</summary>
    public ulong WouldRejectCount { get; private init; }

    /// <summary>The same by reason.</summary>
    public IReadOnlyDictionary<RejectReason, ulong> WouldRejectByReason { get; private init; } = null!;

    /// <summary>Calls that took as long as <see cref="CircuitBreakerConfig.SlowCallDuration"/>, or longer, or were found to hang.</summary>
    public ulong SlowCount { get; private init; }

    /// <summary>Results that came too late to count.</summary>
    public ulong StaleCount { get; private init; }

    /// <summary>Changes of state and resets.</summary>
    public ulong TransitionCount { get; private init; }

    /// <summary>The same by the state before and the state after.</summary>
    public IReadOnlyDictionary<(CircuitState From, CircuitState To), ulong> TransitionsBetween { get; private init; } = null!;

    /// <summary>The state.</summary>
    public CircuitState State { get; private init; }

    /// <summary>1 at first, one more after each transition.</summary>
    public ulong Epoch { get; private init; }

    /// <summary>Failures in a row; 0 unless closed.</summary>
    public uint ConsecutiveFailures { get; private init; }

    /// <summary>Probes that are not settled yet.</summary>
    public uint ProbesInFlight { get; private init; }

    /// <summary>What is left of the wait while open, zero once it is over; null where it never ends, in a forced mode, and while not
    /// open.</summary>
    public TimeSpan? RemainingWait { get; private init; }

    /// <summary>Whether <see cref="CircuitBreaker.ForceOpen"/> or <see cref="CircuitBreaker.ForceClosed"/> is on.</summary>
    public bool Forced { get; private init; }

    /// <summary>success / (success + failure); null before the first of either.</summary>
    public double? SuccessRate { get; private init; }

    /// <summary>Calls in the window; this and the next two are 0 unless closed, and may shrink.</summary>
    public ulong WindowCalls { get; private init; }

    /// <summary>Those of them that failed.</summary>
    public ulong WindowFailures { get; private init; }

    /// <summary>Those of them that were slow.</summary>
    public ulong WindowSlow { get; private init; }

    /// <summary>As <see cref="RemainingWait"/>, exactly.</summary>
    internal ulong? RemainingWaitNs { get; private init; }

    internal static CircuitBreakerMetrics Of(in NativeMetrics native) => new()
    {
        SuccessCount = native.Success,
        FailureCount = native.Failure,
        IgnoredCount = native.Ignored,
        CancelledCount = native.Cancelled,
        RejectedCount = native.Rejected,
        RejectedByReason = ByReason(native.RejectedOpen, native.RejectedHalfOpen, native.RejectedForcedOpen),
        WouldRejectCount = native.WouldReject,
        WouldRejectByReason = ByReason(native.WouldRejectOpen, native.WouldRejectHalfOpen, native.WouldRejectForcedOpen),
        SlowCount = native.Slow,
        StaleCount = native.Stale,
        TransitionCount = native.Transitions,
        TransitionsBetween = Between(native),
        State = (CircuitState)native.State,
        Epoch = native.Epoch,
        ConsecutiveFailures = native.ConsecutiveFailures,
        ProbesInFlight = native.ProbesInFlight,
        RemainingWait = native.HasRemainingWait == 0 ? null : Durations.Of(native.RemainingWaitNs),
        RemainingWaitNs = native.HasRemainingWait == 0 ? null : native.RemainingWaitNs,
        Forced = native.Forced != 0,
        SuccessRate = native.HasSuccessRate == 0 ? null : native.SuccessRate,
        WindowCalls = native.WindowCalls,
        WindowFailures = native.WindowFailures,
        WindowSlow = native.WindowSlow,
    };

    private static Dictionary<RejectReason, ulong> ByReason(ulong open, ulong halfOpen, ulong forcedOpen) => new()
    {
        [RejectReason.Open] = open,
        [RejectReason.HalfOpen] = halfOpen,
        [RejectReason.ForcedOpen] = forcedOpen,
    };

    private static unsafe Dictionary<(CircuitState From, CircuitState To), ulong> Between(in NativeMetrics native)
    {
        const int States = 3;
        var between = new Dictionary<(CircuitState From, CircuitState To), ulong>(States * States);
        for (int i = 0; i < States * States; i++)
        {
            between[((CircuitState)(i / States), (CircuitState)(i % States))] = native.TransitionsBetween[i];
        }
        return between;
    }
}
