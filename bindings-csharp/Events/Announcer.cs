using System;
using System.Collections.Generic;
using K1s0.System.CircuitBreaker.Interop;

namespace K1s0.System.CircuitBreaker.Events;

/// <summary>One breaker's transitions, put in order and told one after the other, outside every lock.</summary>
/// <remarks>
/// Two threads that make transitions may come here in the wrong order. Epochs have no gaps, so the order is known: a transition is held back
/// until the one before it has come. One thread at a time tells; whoever comes meanwhile, a handler that uses the breaker among
/// them, leaves its transition and goes.
/// </remarks>
internal sealed class Announcer
{
    private const ulong FirstEpoch = 1;

    private readonly CircuitBreaker _breaker;
    private readonly SortedList<ulong, NativeTransition> _waiting = new();
    private ulong _next = FirstEpoch + 1;
    private bool _isTelling;

    internal Announcer(CircuitBreaker breaker) => _breaker = breaker;

    internal event EventHandler<CircuitStateChangedEventArgs>? StateChanged;

    internal void Tell(in NativeTransitions made)
    {
        if (made.Count != 0)
        {
            TellMade(made);
        }
    }

    private void TellMade(in NativeTransitions made)
    {
        lock (_waiting)
        {
            _waiting.Add(made.First.Epoch, made.First);
            if (made.Count > 1)
            {
                _waiting.Add(made.Second.Epoch, made.Second);
            }
            if (_isTelling)
            {
                return;
            }
            _isTelling = true;
        }
        while (TryNext(out NativeTransition next))
        {
            TellOne(new CircuitStateChangedEventArgs(_breaker.Name, next));
        }
    }

    private bool TryNext(out NativeTransition next)
    {
        lock (_waiting)
        {
            _isTelling = _waiting.Remove(_next, out next);
            _next += _isTelling ? 1UL : 0;
            return _isTelling;
        }
    }

    private void TellOne(CircuitStateChangedEventArgs change)
    {
        CircuitBreakerEventSource.Log.StateChanged(change);
        if (StateChanged is not { } handlers)
        {
            return;
        }
        foreach (Delegate handler in handlers.GetInvocationList())
        {
            try
            {
                ((EventHandler<CircuitStateChangedEventArgs>)handler)(_breaker, change);
            }
            catch (Exception error)
            {
                CircuitBreakerEventSource.Log.HandlerFailed(change.BreakerName ?? string.Empty, error.ToString());
            }
        }
    }
}
