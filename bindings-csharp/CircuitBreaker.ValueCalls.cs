using System;
using System.Threading;
using System.Threading.Tasks;
#if NET6_0_OR_GREATER
using System.Runtime.CompilerServices;
#endif

namespace K1s0.System.CircuitBreaker;

// Asynchronous calls without a task. They have a name of their own: of two overloads that differ in Task and ValueTask alone, the
// compiler can choose none for an async lambda.
public sealed partial class CircuitBreaker
{
    /// <summary>As <see cref="CallAsync{T}(Func{CancellationToken, Task{T}}, CancellationToken)"/>, of a function that answers a
    /// <see cref="ValueTask{T}"/>.</summary>
    /// <remarks>Allocates nothing while the circuit is closed; on .NET 6 and newer also where the function is not done at once.</remarks>
    /// <exception cref="CircuitBreakerOpenException">In the task: the circuit does not let it, and nothing was called.</exception>
    public ValueTask<T> CallValueAsync<T>(Func<CancellationToken, ValueTask<T>> fn, CancellationToken ct = default)
    {
        if (fn is null)
        {
            throw new ArgumentNullException(nameof(fn));
        }
        return CallValueAsync(static (fn, ct) => fn(ct), fn, ct);
    }

    /// <summary>As <see cref="CallValueAsync{T}(Func{CancellationToken, ValueTask{T}}, CancellationToken)"/>, of a function without a result.</summary>
    /// <exception cref="CircuitBreakerOpenException">In the task: the circuit does not let it, and nothing was called.</exception>
    public ValueTask CallValueAsync(Func<CancellationToken, ValueTask> fn, CancellationToken ct = default)
    {
        if (fn is null)
        {
            throw new ArgumentNullException(nameof(fn));
        }
        if (!TryBegin(ct, out Begun begun, out Exception? no))
        {
            return new ValueTask(NotCalled<bool>(no, ct));
        }
        ValueTask task;
        try
        {
            task = fn(ct);
        }
        catch (Exception error)
        {
            return new ValueTask(Ended<bool>(begun, error, ct));
        }
        if (!task.IsCompletedSuccessfully)
        {
            return AwaitValue(begun, task, ct);
        }
        // A source that is pooled is to be told that its result was taken.
        task.GetAwaiter().GetResult();
        Settle(begun.Handle, begun.Ticket, Outcome.Success);
        return default;
    }

    /// <summary>As <see cref="CallValueAsync{T}(Func{CancellationToken, ValueTask{T}}, CancellationToken)"/>, handing <paramref name="state"/> to the
    /// function, so that it need capture nothing.</summary>
    /// <exception cref="CircuitBreakerOpenException">In the task: the circuit does not let it, and nothing was called.</exception>
    public ValueTask<T> CallValueAsync<TState, T>(Func<TState, CancellationToken, ValueTask<T>> fn, TState state, CancellationToken ct = default)
    {
        if (fn is null)
        {
            throw new ArgumentNullException(nameof(fn));
        }
        if (!TryBegin(ct, out Begun begun, out Exception? no))
        {
            return new ValueTask<T>(NotCalled<T>(no, ct));
        }
        ValueTask<T> task;
        try
        {
            task = fn(state, ct);
        }
        catch (Exception error)
        {
            return new ValueTask<T>(Ended<T>(begun, error, ct));
        }
        if (!task.IsCompletedSuccessfully)
        {
            return AwaitValue(begun, task, ct);
        }
        T result = task.Result;
        try
        {
            Succeeded(begun.Handle, begun.Ticket, result);
        }
        catch (Exception error)
        {
            return new ValueTask<T>(Thrown<T>(error));
        }
        return new ValueTask<T>(result);
    }

#if NET6_0_OR_GREATER
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
#endif
    private async ValueTask<T> AwaitValue<T>(Begun begun, ValueTask<T> task, CancellationToken ct)
    {
        T result;
        try
        {
            result = await task.ConfigureAwait(false);
        }
        catch (Exception error)
        {
            Failed(begun.Handle, begun.Ticket, error, ct);
            throw;
        }
        Succeeded(begun.Handle, begun.Ticket, result);
        return result;
    }

#if NET6_0_OR_GREATER
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
#endif
    private async ValueTask AwaitValue(Begun begun, ValueTask task, CancellationToken ct)
    {
        try
        {
            await task.ConfigureAwait(false);
        }
        catch (Exception error)
        {
            Failed(begun.Handle, begun.Ticket, error, ct);
            throw;
        }
        Settle(begun.Handle, begun.Ticket, Outcome.Success);
    }
}
