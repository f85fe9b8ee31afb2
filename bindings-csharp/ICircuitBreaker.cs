using System;
using System.Threading;
using System.Threading.Tasks;
using K1s0.System.CircuitBreaker.Interop;

namespace K1s0.System.CircuitBreaker;

/// <summary>The state of a circuit.</summary>
public enum CircuitState
{
    /// <summary>Calls go through.</summary>
    Closed = 0,

    /// <summary>Calls are rejected until the wait is over.</summary>
    Open = 1,

    /// <summary>A few calls go through as probes; their results decide.</summary>
    HalfOpen = 2,
}

/// <summary>
/// When a circuit opens, how long it stays open, and when it closes. Everything beyond the three values of the
/// constructor has a default, and is set by <c>with</c> or an initializer:
/// <code>new CircuitBreakerConfig(5, 3, TimeSpan.FromSeconds(30)) { HalfOpenMaxCalls = 2 }</code>
/// <see cref="global::System.Threading.Timeout.InfiniteTimeSpan"/> is never. Whatever is out of its range is refused when a breaker is made, with an
/// <see cref="ArgumentOutOfRangeException"/> that names field, value and range; nothing is clamped.
/// </summary>
/// <param name="FailureThreshold">Failures in a row that open the circuit: 1 or more, or <see cref="Off"/> where a rate is to
/// open it instead.</param>
/// <param name="SuccessThreshold">Successful probes that close it again: 1 or more.</param>
/// <param name="Timeout">How long an open circuit rejects calls. Zero makes the next call a probe.</param>
public record CircuitBreakerConfig(int FailureThreshold, int SuccessThreshold, TimeSpan Timeout)
{
    /// <summary>As <see cref="FailureThreshold"/>: failures in a row open nothing, a rate must.</summary>
    public const int Off = -1;

    /// <summary>What a breaker has where nothing is said: 5 failures in a row open, for 30 seconds; 3 successful probes
    /// close.</summary>
    public static CircuitBreakerConfig Default => ConfigWriter.Defaults();

    /// <summary>How many probes may be unsettled at once: 1 to 65535, 1 by default.</summary>
    public int? HalfOpenMaxCalls { get; init; }

    /// <summary>When a full set of unsettled probes is given up: 1 ms or more, 60 s by default.</summary>
    public TimeSpan? ProbeTimeout { get; init; }

    /// <summary>How large a part of the window's calls must fail to open the circuit: more than 0, at most 1; off by
    /// default.</summary>
    public double? FailureRate { get; init; }

    /// <summary>Fewer calls in the window than this decide nothing: 1 or more, 20 by default.</summary>
    public int? MinimumCalls { get; init; }

    /// <summary>The rates are about the last so many calls: 1 to 65536, 100 by default.</summary>
    public int? WindowCalls { get; init; }

    /// <summary>The rates are about the calls of the last so much time instead: 10 ms to 24 h.</summary>
    public TimeSpan? WindowTime { get; init; }

    /// <summary>In how many equal stretches that time is cut, the oldest of which is forgotten at a time: 10 to 100, 10 by
    /// default.</summary>
    public int? WindowBuckets { get; init; }

    /// <summary>Calls that take so long or longer are slow; off by default.</summary>
    public TimeSpan? SlowCallDuration { get; init; }

    /// <summary>How large a part of the window's calls must be slow to open the circuit: more than 0, at most 1; 0.8 by
    /// default.</summary>
    public double? SlowCallRate { get; init; }

    /// <summary>As <see cref="MinimumCalls"/>, for slow calls: 20 by default.</summary>
    public int? SlowMinimumCalls { get; init; }

    /// <summary>Whether calls count as slow while they are still in flight. See <see cref="CircuitBreaker.Tick"/>.</summary>
    public bool CountHungCalls { get; init; }

    /// <summary>Each wait by the one before it: 1 to 100, 1 by default.</summary>
    public double? BackoffMultiplier { get; init; }

    /// <summary>The longest wait, <see cref="Timeout"/> or more: by default 10 minutes, or <see cref="Timeout"/> where that is
    /// longer.</summary>
    public TimeSpan? MaxTimeout { get; init; }

    /// <summary>How large a part of itself a wait may be off, to either side: 0 to 1, 0 by default.</summary>
    public double? Jitter { get; init; }

    /// <summary>Where the random numbers for the jitter begin; drawn where it is not given.</summary>
    public ulong? JitterSeed { get; init; }

    /// <summary>Decide and tell, but reject nothing.</summary>
    public bool Shadow { get; init; }
}

/// <summary>The circuit did not let a call through: nothing was called.</summary>
public class CircuitBreakerOpenException : Exception
{
    /// <summary>An exception without particulars, for tests and stand-ins.</summary>
    public CircuitBreakerOpenException()
        : this("circuit breaker is open")
    {
    }

    /// <summary>An exception without particulars, for tests and stand-ins.</summary>
    public CircuitBreakerOpenException(string message)
        : base(message)
    {
    }

    /// <summary>An exception without particulars, for tests and stand-ins.</summary>
    public CircuitBreakerOpenException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    /// <summary>An exception that says which circuit, why, and when to come back.</summary>
    public CircuitBreakerOpenException(string? breakerName, Rejection rejection)
        : base(breakerName is null ? "circuit breaker is open" : $"circuit breaker {breakerName} is open")
    {
        BreakerName = breakerName;
        Reason = rejection.Reason;
        RetryAfter = rejection.RetryAfter;
    }

    /// <summary>The breaker's name, if it has one.</summary>
    public string? BreakerName { get; }

    /// <summary>Why the call was rejected.</summary>
    public RejectReason Reason { get; }

    /// <summary>When to come back, if anybody can say: not while probes are out, nor in a forced mode, nor where the wait
    /// never ends.</summary>
    public TimeSpan? RetryAfter { get; }
}

/// <summary>
/// What a guarded client needs of a breaker: the part to depend on where a test is to hand in a stand-in.
/// <see cref="CircuitBreaker"/> has the rest.
/// </summary>
public interface ICircuitBreaker
{
    /// <summary>The state now: half-open as soon as the wait is over, though no call has come yet.</summary>
    CircuitState State { get; }

    /// <summary>Whether the state is open.</summary>
    bool IsOpen { get; }

    /// <summary>Records a success that no call was guarded for.</summary>
    void RecordSuccess();

    /// <summary>Records a failure that no call was guarded for.</summary>
    void RecordFailure();

    /// <summary>Calls <paramref name="fn"/> if the circuit lets it, and answers what it does.</summary>
    /// <exception cref="CircuitBreakerOpenException">In the task: it does not, and nothing was called.</exception>
    Task<T> CallAsync<T>(Func<Task<T>> fn, CancellationToken ct = default);
}
