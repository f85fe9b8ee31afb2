using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using K1s0.System.CircuitBreaker;
using Xunit;

namespace Tests.Conformance;

/// <summary>A failure.</summary>
internal class Ordinary : Exception
{
    internal TimeSpan? RetryAfter { get; init; }
}

/// <summary>Says nothing of the service.</summary>
internal sealed class Business : Ordinary
{
}

/// <summary>The caller gave up, as far as the classifier can tell.</summary>
internal sealed class GivenUp : Ordinary
{
}

/// <summary>A way into a breaker. Each holds calls open, as a scenario's permits are, and ends them as it is told.</summary>
internal abstract class Entry
{
    internal CircuitBreaker CircuitBreaker { get; init; } = null!;

    /// <summary>What every breaker of the suite is made with.</summary>
    internal static Verdict? Classify(Exception error) => error switch
    {
        Business it => new Verdict(Outcome.Ignored, it.RetryAfter),
        GivenUp it => new Verdict(Outcome.Cancelled, it.RetryAfter),
        Ordinary it => new Verdict(Outcome.Failure, it.RetryAfter),
        _ => null,
    };

    internal abstract bool Holds(string permit);

    internal abstract Task Acquire(string permit);

    /// <summary>The effect, where this way says it.</summary>
    internal abstract Task<Effect?> Settle(string permit, string outcome, ulong? retryAfterNs);

    internal abstract Task Drop(string permit);

    internal abstract Task Call(string result, Action meanwhile);

    /// <summary>What a guarded function throws so that its call ends so; null for a success.</summary>
    internal static Exception? Thrown(string outcome, TimeSpan? retryAfter = null) => outcome switch
    {
        "success" => null,
        "failure" => new Ordinary { RetryAfter = retryAfter },
        "ignored" => new Business { RetryAfter = retryAfter },
        "cancelled" or "cancel" => new GivenUp { RetryAfter = retryAfter },
        "panic" => new InvalidOperationException("unexpected"),
        _ => throw new ArgumentException(outcome),
    };

    /// <summary>Sees that what the function did came back unchanged.</summary>
    internal static async Task EndsAs(object? answer, Exception? thrown, Func<Task<object?>> run)
    {
        object? found;
        try
        {
            found = await run();
        }
        catch (Exception error) when (ReferenceEquals(error, thrown))
        {
            return;
        }
        Assert.Null(thrown);
        Assert.Same(answer, found);
    }
}

/// <summary><c>Acquire</c> and a permit's own methods.</summary>
internal class Permits : Entry
{
    private readonly Dictionary<string, Permit> _held = new();

    internal override bool Holds(string permit) => _held.ContainsKey(permit);

    internal override Task Acquire(string permit)
    {
        _held[permit] = Begin();
        return Task.CompletedTask;
    }

    internal override Task<Effect?> Settle(string permit, string outcome, ulong? retryAfterNs)
    {
        bool isOdd = retryAfterNs is ulong ns && Suite.IsOdd(ns);
        // No TimeSpan holds it; what is behind the public methods does.
        return Task.FromResult<Effect?>(isOdd
            ? _held[permit].SettleOnce(Enum.Parse<Outcome>(outcome, ignoreCase: true), retryAfterNs)
            : End(_held[permit], outcome, Suite.Length(retryAfterNs)));
    }

    internal override Task Drop(string permit)
    {
        _held[permit].Dispose();
        return Task.CompletedTask;
    }

    internal override Task Call(string result, Action meanwhile)
    {
        using Permit permit = Begin();
        Assert.False(permit.IsSettled);
        meanwhile();
        if (result != "cancel")
        {
            Assert.NotEqual(Effect.AlreadySettled, End(permit, result == "panic" ? "failure" : result, null));
            Assert.True(permit.IsSettled);
        }
        return Task.CompletedTask;
    }

    protected virtual Permit Begin() => CircuitBreaker.Acquire();

    protected virtual Effect End(Permit permit, string outcome, TimeSpan? retryAfter) => outcome switch
    {
        "success" => permit.Success(),
        "failure" => permit.Failure(retryAfter),
        "ignored" => permit.Ignore(),
        _ => permit.Cancel(),
    };
}

/// <summary><c>TryAcquire</c> and <c>Settle</c>.</summary>
internal sealed class TryPermits : Permits
{
    protected override Permit Begin()
    {
        Permit? permit = CircuitBreaker.TryAcquire(out Rejection rejection);
        return permit ?? throw new CircuitBreakerOpenException(CircuitBreaker.Name, rejection);
    }

    protected override Effect End(Permit permit, string outcome, TimeSpan? retryAfter) =>
        permit.Settle(Enum.Parse<Outcome>(outcome, ignoreCase: true), retryAfter);
}

/// <summary>A guarded call whose function waits until it is told how to end.</summary>
internal abstract class Held : Entry
{
    private readonly Dictionary<string, (TaskCompletionSource<object?> Ending, CancellationTokenSource Caller, Task<object?> Call)> _held = new();

    internal override bool Holds(string permit) => _held.ContainsKey(permit);

    internal override async Task Acquire(string permit)
    {
        var ending = new TaskCompletionSource<object?>();
        var caller = new CancellationTokenSource();
        bool isCalled = false;
        Task<object?> call = Guarded(
            _ =>
            {
                isCalled = true;
                return ending.Task;
            },
            caller.Token);
        if (!isCalled)
        {
            await call;
            Assert.Fail("not called, and no exception");
        }
        _held[permit] = (ending, caller, call);
    }

    internal override async Task<Effect?> Settle(string permit, string outcome, ulong? retryAfterNs)
    {
        (TaskCompletionSource<object?> ending, CancellationTokenSource caller, Task<object?> call) = _held[permit];
        // An ended call cannot be ended again.
        if (!call.IsCompleted)
        {
            await End(outcome, Suite.Length(retryAfterNs), ending, caller, call);
        }
        return null;
    }

    internal override async Task Drop(string permit)
    {
        (TaskCompletionSource<object?> ending, CancellationTokenSource caller, Task<object?> call) = _held[permit];
        if (!call.IsCompleted)
        {
            await End("cancelled", null, ending, caller, call);
        }
    }

    internal override async Task Call(string result, Action meanwhile)
    {
        var answer = new object();
        using var caller = new CancellationTokenSource();
        Exception? thrown = Thrown(result);
        await EndsAs(answer, thrown, () => Guarded(
            _ =>
            {
                meanwhile();
                return thrown is null ? Task.FromResult<object?>(answer) : Task.FromException<object?>(thrown);
            },
            caller.Token));
    }

    protected abstract Task<object?> Guarded(Func<CancellationToken, Task<object?>> fn, CancellationToken ct);

    protected virtual Task End(string outcome, TimeSpan? retryAfter, TaskCompletionSource<object?> ending, CancellationTokenSource caller, Task<object?> call)
    {
        var answer = new object();
        Exception? thrown = Thrown(outcome, retryAfter);
        return EndsAs(answer, thrown, () =>
        {
            if (thrown is null)
            {
                ending.SetResult(answer);
            }
            else
            {
                ending.SetException(thrown);
            }
            return call;
        });
    }
}

/// <summary>The specification's <c>CallAsync</c>. Who gives up leaves the function behind.</summary>
internal sealed class CallAsync : Held
{
    protected override Task<object?> Guarded(Func<CancellationToken, Task<object?>> fn, CancellationToken ct) => CircuitBreaker.CallAsync(() => fn(default), ct);

    protected override async Task End(string outcome, TimeSpan? retryAfter, TaskCompletionSource<object?> ending, CancellationTokenSource caller, Task<object?> call)
    {
        if (outcome != "cancelled")
        {
            await base.End(outcome, retryAfter, ending, caller, call);
            return;
        }
        caller.Cancel();
        await Assert.ThrowsAsync<OperationCanceledException>(() => call);
    }
}

/// <summary><c>CallAsync</c> without a result.</summary>
internal sealed class CallAsyncVoid : Held
{
    protected override async Task<object?> Guarded(Func<CancellationToken, Task<object?>> fn, CancellationToken ct)
    {
        object? answer = null;
        await CircuitBreaker.CallAsync(async () =>
        {
            answer = await fn(ct);
        });
        return answer;
    }
}

/// <summary><c>CallAsync</c> that hands the token on. Who gives up does so by it.</summary>
internal sealed class CallAsyncToken : Held
{
    protected override Task<object?> Guarded(Func<CancellationToken, Task<object?>> fn, CancellationToken ct) => CircuitBreaker.CallAsync(fn, ct);

    protected override async Task End(string outcome, TimeSpan? retryAfter, TaskCompletionSource<object?> ending, CancellationTokenSource caller, Task<object?> call)
    {
        if (outcome != "cancelled")
        {
            await base.End(outcome, retryAfter, ending, caller, call);
            return;
        }
        caller.Cancel();
        Assert.False(call.IsCompleted);
        ending.SetCanceled(caller.Token);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
    }
}

/// <summary><c>CallValueAsync</c>.</summary>
internal sealed class CallValueAsync : Held
{
    protected override Task<object?> Guarded(Func<CancellationToken, Task<object?>> fn, CancellationToken ct) =>
        CircuitBreaker.CallValueAsync(ct => new ValueTask<object?>(fn(ct)), ct).AsTask();
}

/// <summary><c>CallValueAsync</c> with a state.</summary>
internal sealed class CallValueAsyncState : Held
{
    protected override Task<object?> Guarded(Func<CancellationToken, Task<object?>> fn, CancellationToken ct) =>
        CircuitBreaker.CallValueAsync(static (fn, ct) => new ValueTask<object?>(fn(ct)), fn, ct).AsTask();
}

/// <summary>Calls that come back at once: held ones are functions that are being run, so they end in the reverse order.</summary>
internal abstract class Nested : Entry
{
    internal override bool Holds(string permit) => false;

    internal override Task Acquire(string permit) => throw new NotSupportedException();

    internal override Task<Effect?> Settle(string permit, string outcome, ulong? retryAfterNs) => throw new NotSupportedException();

    internal override Task Drop(string permit) => Task.CompletedTask;

    internal override Task Call(string result, Action meanwhile) => Run(Thrown(result), meanwhile);

    /// <summary>A call whose function does <paramref name="meanwhile"/>, which says how it ends.</summary>
    internal Task Hold(Func<Exception?> meanwhile)
    {
        Exception? thrown = null;
        var answer = new object();
        return EndsAs(answer, null, () =>
        {
            try
            {
                return Task.FromResult<object?>(Guarded(() =>
                {
                    thrown = meanwhile();
                    return thrown is null ? answer : throw thrown;
                }));
            }
            catch (Exception error) when (ReferenceEquals(error, thrown))
            {
                return Task.FromResult<object?>(answer);
            }
        });
    }

    protected abstract object Guarded(Func<object> fn);

    private Task Run(Exception? thrown, Action meanwhile)
    {
        return Hold(() =>
        {
            meanwhile();
            return thrown;
        });
    }
}

/// <summary><c>Call</c>.</summary>
internal sealed class Call : Nested
{
    protected override object Guarded(Func<object> fn) => CircuitBreaker.Call(fn);
}

/// <summary><c>Call</c> without a result.</summary>
internal sealed class CallVoid : Nested
{
    protected override object Guarded(Func<object> fn)
    {
        object? answer = null;
        CircuitBreaker.Call(() =>
        {
            answer = fn();
        });
        return answer!;
    }
}

/// <summary><c>Call</c> with a state.</summary>
internal sealed class CallState : Nested
{
    protected override object Guarded(Func<object> fn) => CircuitBreaker.Call(static fn => fn(), fn);
}
