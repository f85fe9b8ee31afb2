using System;
using System.Threading;
using K1s0.System.CircuitBreaker.Interop;

namespace K1s0.System.CircuitBreaker;

/// <summary>
/// Leave to make one call, to be settled once; settling it again does nothing and says so. Disposed of without that, it counts as cancelled,
/// and so does one that may hold a probe's slot when it is collected.
/// <code>
/// using Permit permit = breaker.Acquire();
/// await client.SendAsync(message);
/// permit.Success();
/// </code>
/// </summary>
/// <remarks>
/// A class, because a struct could be copied, and each copy settled. Any thread may settle it.
/// </remarks>
public sealed class Permit : IDisposable
{
    private readonly CircuitBreaker _breaker;
    private readonly BreakerHandle _handle;
    private readonly Ticket _ticket;
    private readonly Forgotten? _forgotten;
    private int _settled;

    internal Permit(CircuitBreaker breaker, BreakerHandle handle, Ticket ticket)
    {
        _breaker = breaker;
        _handle = handle;
        _ticket = ticket;
        // Only a word that had to be asked for can hold a slot.
        if ((ticket.Word & 1) != 0)
        {
            _forgotten = new Forgotten(breaker, handle, ticket);
        }
    }

    /// <summary>Whether it has been settled.</summary>
    public bool IsSettled => Volatile.Read(ref _settled) != 0;

    /// <summary>The service is able to do its work.</summary>
    public Effect Success() => SettleOnce(Outcome.Success, null);

    /// <summary>It is not. <paramref name="retryAfter"/> is for how long it asks not to be called: if this failure opens the circuit, the wait is
    /// at least that long.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A negative time; the permit is not settled.</exception>
    public Effect Failure(TimeSpan? retryAfter = null) => Settle(Outcome.Failure, retryAfter);

    /// <summary>The result says nothing about the service: a business error.</summary>
    public Effect Ignore() => SettleOnce(Outcome.Ignored, null);

    /// <summary>The caller gave up.</summary>
    public Effect Cancel() => SettleOnce(Outcome.Cancelled, null);

    /// <summary>Any of these.</summary>
    /// <exception cref="ArgumentOutOfRangeException">No outcome, or a negative time; the permit is not settled.</exception>
    public Effect Settle(Outcome outcome, TimeSpan? retryAfter = null) => SettleOnce(outcome, Checked(outcome, retryAfter));

    /// <summary>Cancels it, unless it is settled.</summary>
    public void Dispose() => SettleOnce(Outcome.Cancelled, null);

    /// <summary>In nanoseconds, if both may be handed in.</summary>
    internal static ulong? Checked(Outcome outcome, TimeSpan? retryAfter)
    {
        if (outcome is < Outcome.Success or > Outcome.Cancelled)
        {
            throw new ArgumentOutOfRangeException(nameof(outcome), outcome, $"outcome is {outcome}; it must be one of Success, Failure, Ignored, Cancelled");
        }
        return retryAfter is TimeSpan asked ? Durations.Nanoseconds(nameof(retryAfter), asked) : null;
    }

    /// <summary>As <see cref="Settle"/>, with a time that no TimeSpan may be able to hold.</summary>
    internal Effect SettleOnce(Outcome outcome, ulong? retryAfterNs)
    {
        if (Interlocked.Exchange(ref _settled, 1) != 0)
        {
            return Effect.AlreadySettled;
        }
        _forgotten?.Remembered();
        return _breaker.Settle(_handle, _ticket, outcome, retryAfterNs);
    }

    /// <summary>Cancels a permit that nobody settled before it was collected.</summary>
    private sealed class Forgotten
    {
        private readonly CircuitBreaker _breaker;
        private readonly BreakerHandle _handle;
        private readonly Ticket _ticket;
        private readonly bool _holds;

        internal Forgotten(CircuitBreaker breaker, BreakerHandle handle, Ticket ticket)
        {
            _breaker = breaker;
            _handle = handle;
            _ticket = ticket;
            // It may be collected together with the handle, and is still to use it then.
            handle.DangerousAddRef(ref _holds);
        }

        ~Forgotten()
        {
            // A clock and handlers are the user's code, which does not belong on the finalizer's thread.
            if (_holds)
            {
                ThreadPool.UnsafeQueueUserWorkItem(static it => ((Forgotten)it!).Cancel(), this);
            }
        }

        internal void Remembered()
        {
            GC.SuppressFinalize(this);
            _handle.DangerousRelease();
        }

        private void Cancel()
        {
            try
            {
                _breaker.Settle(_handle, _ticket, Outcome.Cancelled);
            }
            catch (Exception error)
            {
                Events.CircuitBreakerEventSource.Log.HandlerFailed(_breaker.Name ?? string.Empty, error.ToString());
            }
            finally
            {
                _handle.DangerousRelease();
            }
        }
    }
}
