using System;
using System.Diagnostics.Tracing;

namespace K1s0.System.CircuitBreaker.Events;

/// <summary>
/// The changes of state of every breaker in the process, for <c>dotnet-trace</c>, an <see cref="EventListener"/> or whatever else collects events: the
/// source is called <c>K1s0-System-CircuitBreaker</c>. Rejections are not told; there may be thousands a second.
/// </summary>
[EventSource(Name = "K1s0-System-CircuitBreaker")]
public sealed class CircuitBreakerEventSource : EventSource
{
    internal static readonly CircuitBreakerEventSource Log = new();

    private CircuitBreakerEventSource()
    {
    }

    /// <summary>The state of a breaker changed.</summary>
    [Event(1, Level = EventLevel.Warning, Message = "circuit breaker {0}: {1} ({2})")]
    public void StateChanged(string breaker, string change, string reason) => WriteEvent(1, breaker, change, reason);

    /// <summary>A handler of <see cref="CircuitBreaker.StateChanged"/> threw.</summary>
    [Event(2, Level = EventLevel.Error, Message = "circuit breaker {0}: a handler of StateChanged threw {1}")]
    public void HandlerFailed(string breaker, string error) => WriteEvent(2, breaker, error);

    /// <summary>The clock of a breaker threw at the end of a call; the reading before was taken.</summary>
    [Event(3, Level = EventLevel.Error, Message = "circuit breaker {0}: its clock threw {1}")]
    public void ClockFailed(string breaker, string error) => WriteEvent(3, breaker, error);

    [NonEvent]
    internal void StateChanged(CircuitStateChangedEventArgs change)
    {
        if (IsEnabled())
        {
            StateChanged(change.BreakerName ?? string.Empty, $"{change.From} -> {change.To}", change.Reason.ToString());
        }
    }
}
