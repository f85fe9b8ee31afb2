using System;
using System.Threading.Tasks;
using K1s0.System.CircuitBreaker.Interop;

namespace K1s0.System.CircuitBreaker;

// Calls that come back at once.
public sealed partial class CircuitBreaker
{
    /// <summary>Calls <paramref name="fn"/> if the circuit lets it, and answers or throws what it does, unchanged.</summary>
    /// <remarks>Allocates nothing while the circuit is closed. An exception is a failure, but for
    /// <see cref="global::System.Threading.ThreadInterruptedException"/>, which is cancelled.</remarks>
    /// <exception cref="InvalidOperationException">A function that returns a task, which is not done when it comes back: use
    /// <see cref="CallAsync{T}(Func{Task{T}}, global::System.Threading.CancellationToken)"/>. Nothing was called.</exception>
    /// <exception cref="CircuitBreakerOpenException">The circuit does not let it: nothing was called.</exception>
    public T Call<T>(Func<T> fn)
    {
        if (fn is null || Asynchronous<T>.Is)
        {
            throw Misuse(fn);
        }
        BreakerHandle handle = _handle;
        Ticket ticket = Admit(handle);
        T result;
        try
        {
            result = fn();
        }
        catch (Exception error)
        {
            Failed(handle, ticket, error, default);
            throw;
        }
        if (_classifyResult is not null || !handle.TrySucceed(ticket.Word))
        {
            Succeeded(handle, ticket, result);
        }
        return result;
    }

    /// <summary>As <see cref="Call{T}(Func{T})"/>, handing <paramref name="state"/> to the function, so that it need capture nothing.</summary>
    /// <exception cref="CircuitBreakerOpenException">The circuit does not let it: nothing was called.</exception>
    public T Call<TState, T>(Func<TState, T> fn, TState state)
    {
        if (fn is null || Asynchronous<T>.Is)
        {
            throw Misuse(fn);
        }
        BreakerHandle handle = _handle;
        Ticket ticket = Admit(handle);
        T result;
        try
        {
            result = fn(state);
        }
        catch (Exception error)
        {
            Failed(handle, ticket, error, default);
            throw;
        }
        if (_classifyResult is not null || !handle.TrySucceed(ticket.Word))
        {
            Succeeded(handle, ticket, result);
        }
        return result;
    }

    /// <summary>As <see cref="Call{T}(Func{T})"/>, of a function without a result. There is then none to classify.</summary>
    /// <exception cref="CircuitBreakerOpenException">The circuit does not let it: nothing was called.</exception>
    public void Call(Action fn)
    {
        if (fn is null)
        {
            throw new ArgumentNullException(nameof(fn));
        }
        BreakerHandle handle = _handle;
        Ticket ticket = Admit(handle);
        try
        {
            fn();
        }
        catch (Exception error)
        {
            Failed(handle, ticket, error, default);
            throw;
        }
        Settle(handle, ticket, Outcome.Success);
    }

    private static Exception Misuse(Delegate? fn) => fn is null
        ? new ArgumentNullException(nameof(fn))
        : new InvalidOperationException("Call is for functions that are done when they come back; use CallAsync for one that returns a task");

    /// <summary>Whether a function with this result is asynchronous, found out once for each.</summary>
    private static class Asynchronous<T>
    {
        internal static readonly bool Is = typeof(Task).IsAssignableFrom(typeof(T))
            || typeof(T) == typeof(ValueTask)
            || (typeof(T).IsGenericType && typeof(T).GetGenericTypeDefinition() == typeof(ValueTask<>));
    }
}
