using System;

namespace K1s0.System.CircuitBreaker;

/// <summary>How an admitted call ended.</summary>
public enum Outcome
{
    /// <summary>The service is able to do its work.</summary>
    Success = 0,

    /// <summary>It is not.</summary>
    Failure = 1,

    /// <summary>The result says nothing about the service: a business error.</summary>
    Ignored = 2,

    /// <summary>The caller gave up.</summary>
    Cancelled = 3,
}

/// <summary>What settling a permit did.</summary>
public enum Effect
{
    /// <summary>The outcome counted.</summary>
    Applied = 0,

    /// <summary>The state has changed since the permit was given; only the stale total grew.</summary>
    Stale = 1,

    /// <summary>The permit had been settled before; nothing was done.</summary>
    AlreadySettled = 2,

    /// <summary>The call would have been rejected but for <see cref="CircuitBreakerConfig.Shadow"/>; it counts
    /// nowhere.</summary>
    Shadowed = 3,
}

/// <summary>Why a call was rejected. Later versions may have more.</summary>
public enum RejectReason
{
    /// <summary>The wait is not over.</summary>
    Open = 0,

    /// <summary>Every probe's slot is taken.</summary>
    HalfOpen = 1,

    /// <summary><see cref="CircuitBreaker.ForceOpen"/> is on.</summary>
    ForcedOpen = 2,
}

/// <summary>Why a call was rejected, and when to come back.</summary>
/// <param name="Reason">Why.</param>
/// <param name="RetryAfter">What is left of the wait, if anybody can say: not while probes are out, nor in a forced mode, nor where the wait
/// never ends.</param>
public readonly record struct Rejection(RejectReason Reason, TimeSpan? RetryAfter);

/// <summary>Why the state changed. Later versions may have more.</summary>
public enum TransitionReason
{
    /// <summary>As many failures in a row as the threshold.</summary>
    FailureThreshold = 0,

    /// <summary>The wait was over when a call came.</summary>
    TimeoutElapsed = 1,

    /// <summary>As many successful probes as the threshold.</summary>
    SuccessThreshold = 2,

    /// <summary>A probe failed.</summary>
    ProbeFailed = 3,

    /// <summary>Every probe was unsettled for too long.</summary>
    ProbeTimeout = 4,

    /// <summary>As large a part of the window's calls failed as the rate.</summary>
    FailureRate = 5,

    /// <summary>As large a part of the window's calls was slow as the rate.</summary>
    SlowCallRate = 6,

    /// <summary><see cref="CircuitBreaker.Reset"/>.</summary>
    Reset = 7,

    /// <summary><see cref="CircuitBreaker.Trip"/>.</summary>
    Trip = 8,

    /// <summary><see cref="CircuitBreaker.ForceOpen"/> or <see cref="CircuitBreaker.ForceClosed"/>.</summary>
    Forced = 9,

    /// <summary><see cref="CircuitBreaker.Automatic"/>.</summary>
    Automatic = 10,
}

/// <summary>What ended a call that has no status.</summary>
public enum TransportError
{
    /// <summary>The connection was refused, or the host not found or not reached.</summary>
    Connect = 0,

    /// <summary>The TLS handshake failed.</summary>
    Tls = 1,

    /// <summary>The connection broke during the call.</summary>
    Reset = 2,

    /// <summary>A deadline passed.</summary>
    Timeout = 3,

    /// <summary>The caller gave up.</summary>
    Cancelled = 4,

    /// <summary>The request never left: a malformed address, a violated protocol, on our side.</summary>
    InvalidRequest = 5,
}
