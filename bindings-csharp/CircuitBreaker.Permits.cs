using System;
using System.Runtime.CompilerServices;
using System.Threading;
using K1s0.System.CircuitBreaker.Interop;

namespace K1s0.System.CircuitBreaker;

// Admitting and settling, which every way of calling is made of.
public sealed partial class CircuitBreaker
{
    /// <summary>Begins a call that ends elsewhere.</summary>
    /// <exception cref="CircuitBreakerOpenException">The circuit does not let it.</exception>
    public Permit Acquire()
    {
        BreakerHandle handle = _handle;
        return TryAdmit(handle, out Ticket ticket, out NativeRejection why)
            ? new Permit(this, handle, ticket)
            : throw OpenException(why);
    }

    /// <summary>As <see cref="Acquire"/>, and null if the circuit does not let it.</summary>
    public Permit? TryAcquire()
    {
        BreakerHandle handle = _handle;
        return TryAdmit(handle, out Ticket ticket, out _) ? new Permit(this, handle, ticket) : null;
    }

    /// <summary>As <see cref="TryAcquire()"/>, and says why where it answers null, and when to come back.</summary>
    public Permit? TryAcquire(out Rejection rejection)
    {
        BreakerHandle handle = _handle;
        if (TryAdmit(handle, out Ticket ticket, out NativeRejection why))
        {
            rejection = default;
            return new Permit(this, handle, ticket);
        }
        rejection = Rejected(why);
        return null;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryAdmit(BreakerHandle handle, out Ticket ticket, out NativeRejection why)
    {
        ulong word = handle.ReadWord();
        if ((word & 1) != 0)
        {
            return TryAdmitAsking(handle, out ticket, out why);
        }
        ticket = new Ticket(word, 0);
        why = default;
        return true;
    }

    /// <summary>As <see cref="TryAdmit"/>, where a rejection throws: then nothing of a healthy call has to be in memory.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Ticket Admit(BreakerHandle handle)
    {
        ulong word = handle.ReadWord();
        return (word & 1) == 0 ? new Ticket(word, 0) : AdmitAsking(handle);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private Ticket AdmitAsking(BreakerHandle handle) =>
        TryAdmitAsking(handle, out Ticket ticket, out NativeRejection why) ? ticket : throw OpenException(why);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private unsafe bool TryAdmitAsking(BreakerHandle handle, out Ticket ticket, out NativeRejection why)
    {
        if (handle.IsDisposed)
        {
            throw new ObjectDisposedException(Name ?? nameof(CircuitBreaker));
        }
        ulong now = _clock.Now(), word = 0;
        NativeRejection rejection = default;
        NativeTransitions made;
        int result = handle.Acquire(now, &word, &rejection, &made);
        ticket = new Ticket(word, now);
        why = rejection;
        _announcer.Tell(made);
        return result == NativeMethods.Ok;
    }

    /// <summary>Settles by crossing; a success that is nothing but counting is settled before.</summary>
    internal unsafe Effect Settle(BreakerHandle handle, Ticket ticket, Outcome outcome, ulong? retryAfterNs = null)
    {
        if (outcome == Outcome.Success && handle.TrySucceed(ticket.Word))
        {
            return Effect.Applied;
        }
        NativeTransitions made;
        Effect effect = handle.Settle(ticket, outcome, retryAfterNs, _clock.NowOrBefore(Name), &made);
        _announcer.Tell(made);
        return effect;
    }

    private CircuitBreakerOpenException OpenException(in NativeRejection why) => new(Name, Rejected(why));

    private static Rejection Rejected(in NativeRejection why) =>
        new((RejectReason)why.Reason, why.HasRetryAfter == 0 ? null : Durations.Of(why.RetryAfterNs));

    private void Succeeded<T>(BreakerHandle handle, Ticket ticket, T result)
    {
        if (_classifyResult is null)
        {
            Settle(handle, ticket, Outcome.Success);
        }
        else
        {
            SettleAsJudged(handle, ticket, _classifyResult, result, Outcome.Success);
        }
    }

    /// <summary>Settles a call by what it threw. The caller's own cancellation, and the end of the thread, say nothing of the service.</summary>
    private void Failed(BreakerHandle handle, Ticket ticket, Exception error, CancellationToken ct)
    {
        if (error is ThreadInterruptedException || (error is OperationCanceledException && ct.IsCancellationRequested))
        {
            Settle(handle, ticket, Outcome.Cancelled);
        }
        else if (_classifyException is null)
        {
            Settle(handle, ticket, Outcome.Failure);
        }
        else
        {
            SettleAsJudged(handle, ticket, _classifyException, error, Outcome.Failure);
        }
    }

    private void SettleAsJudged<T>(BreakerHandle handle, Ticket ticket, Func<T, Verdict?> classify, T subject, Outcome otherwise)
    {
        Verdict verdict;
        ulong? retryAfterNs;
        try
        {
            verdict = classify(subject) ?? new Verdict(otherwise);
            retryAfterNs = Permit.Checked(verdict.Outcome, verdict.RetryAfter);
        }
        catch
        {
            Settle(handle, ticket, Outcome.Failure);
            throw;
        }
        Settle(handle, ticket, verdict.Outcome, retryAfterNs);
    }
}
