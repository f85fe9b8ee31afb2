using System;
using System.Runtime.ExceptionServices;
using System.Threading;
using System.Threading.Tasks;
using K1s0.System.CircuitBreaker.Interop;

namespace K1s0.System.CircuitBreaker;

// Asynchronous calls. A task that is done when the function comes back is handed on as it is; otherwise the one that is answered is the
// one allocation that there is.
public sealed partial class CircuitBreaker
{
    /// <summary>Calls <paramref name="fn"/> if the circuit lets it, and answers what it does, unchanged.</summary>
    /// <remarks>
    /// <para>
    /// The function is not handed the token, so when that is cancelled the call ends at once, as cancelled, and what the function still does is nobody's:
    /// hand it the token by <see cref="CallAsync{T}(Func{CancellationToken, Task{T}}, CancellationToken)"/> where it can take one. Nothing is
    /// called if it is cancelled already.
    /// </para>
    /// <para>
    /// A caller who gives up says nothing of the service: an <see cref="OperationCanceledException"/> while <paramref name="ct"/> is cancelled is
    /// cancelled, any other, such as that of a timeout inside of the function, is a failure. So a deadline that is to count against the service belongs inside.
    /// </para>
    /// </remarks>
    /// <exception cref="CircuitBreakerOpenException">In the task: the circuit does not let it, and nothing was called.</exception>
    public Task<T> CallAsync<T>(Func<Task<T>> fn, CancellationToken ct = default)
    {
        if (fn is null)
        {
            throw new ArgumentNullException(nameof(fn));
        }
        if (!TryBegin(ct, out Begun begun, out Exception? no))
        {
            return NotCalled<T>(no, ct);
        }
        Task<T> task;
        try
        {
            task = fn();
        }
        catch (Exception error)
        {
            return Ended<T>(begun, error, ct);
        }
        return Follow(begun, task, ct, leaves: ct.CanBeCanceled);
    }

    /// <summary>As <see cref="CallAsync{T}(Func{Task{T}}, CancellationToken)"/>, of a function without a result.</summary>
    /// <exception cref="CircuitBreakerOpenException">In the task: the circuit does not let it, and nothing was called.</exception>
    public Task CallAsync(Func<Task> fn, CancellationToken ct = default)
    {
        if (fn is null)
        {
            throw new ArgumentNullException(nameof(fn));
        }
        if (!TryBegin(ct, out Begun begun, out Exception? no))
        {
            return NotCalled<bool>(no, ct);
        }
        Task task;
        try
        {
            task = fn();
        }
        catch (Exception error)
        {
            return Ended<bool>(begun, error, ct);
        }
        return Follow(begun, task, ct, leaves: ct.CanBeCanceled);
    }

    /// <summary>As <see cref="CallAsync{T}(Func{Task{T}}, CancellationToken)"/>, handing the token to the function, which is waited for: it ends the call by
    /// heeding the token.</summary>
    /// <exception cref="CircuitBreakerOpenException">In the task: the circuit does not let it, and nothing was called.</exception>
    public Task<T> CallAsync<T>(Func<CancellationToken, Task<T>> fn, CancellationToken ct = default)
    {
        if (fn is null)
        {
            throw new ArgumentNullException(nameof(fn));
        }
        if (!TryBegin(ct, out Begun begun, out Exception? no))
        {
            return NotCalled<T>(no, ct);
        }
        Task<T> task;
        try
        {
            task = fn(ct);
        }
        catch (Exception error)
        {
            return Ended<T>(begun, error, ct);
        }
        return Follow(begun, task, ct, leaves: false);
    }

    /// <summary>As <see cref="CallAsync{T}(Func{CancellationToken, Task{T}}, CancellationToken)"/>, of a function without a result.</summary>
    /// <exception cref="CircuitBreakerOpenException">In the task: the circuit does not let it, and nothing was called.</exception>
    public Task CallAsync(Func<CancellationToken, Task> fn, CancellationToken ct = default)
    {
        if (fn is null)
        {
            throw new ArgumentNullException(nameof(fn));
        }
        if (!TryBegin(ct, out Begun begun, out Exception? no))
        {
            return NotCalled<bool>(no, ct);
        }
        Task task;
        try
        {
            task = fn(ct);
        }
        catch (Exception error)
        {
            return Ended<bool>(begun, error, ct);
        }
        return Follow(begun, task, ct, leaves: false);
    }

    private Task<T> Follow<T>(Begun begun, Task<T>? task, CancellationToken ct, bool leaves)
    {
        if (task is null)
        {
            return NoTask<T>(begun);
        }
        if (!task.IsCompleted)
        {
            return leaves ? AwaitOrLeave(begun, task, ct) : Await(begun, task, ct);
        }
        try
        {
            if (task.Status == TaskStatus.RanToCompletion)
            {
                Succeeded(begun.Handle, begun.Ticket, task.Result);
            }
            else
            {
                Failed(begun.Handle, begun.Ticket, Error(task), ct);
            }
            return task;
        }
        catch (Exception error)
        {
            return Thrown<T>(error);
        }
    }

    private Task Follow(Begun begun, Task? task, CancellationToken ct, bool leaves)
    {
        if (task is null)
        {
            return NoTask<bool>(begun);
        }
        if (!task.IsCompleted)
        {
            return leaves ? AwaitOrLeave(begun, task, ct) : Await(begun, task, ct);
        }
        try
        {
            if (task.Status == TaskStatus.RanToCompletion)
            {
                Settle(begun.Handle, begun.Ticket, Outcome.Success);
            }
            else
            {
                Failed(begun.Handle, begun.Ticket, Error(task), ct);
            }
            return task;
        }
        catch (Exception error)
        {
            return Thrown<bool>(error);
        }
    }

    private async Task<T> Await<T>(Begun begun, Task<T> task, CancellationToken ct)
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

    private async Task Await(Begun begun, Task task, CancellationToken ct)
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

    private async Task<T> AwaitOrLeave<T>(Begun begun, Task<T> task, CancellationToken ct)
    {
        await UntilDoneOr(task, begun, ct).ConfigureAwait(false);
        return await Await(begun, task, ct).ConfigureAwait(false);
    }

    private async Task AwaitOrLeave(Begun begun, Task task, CancellationToken ct)
    {
        await UntilDoneOr(task, begun, ct).ConfigureAwait(false);
        await Await(begun, task, ct).ConfigureAwait(false);
    }

    /// <summary>Waits until the task is done, whatever came of it. If the caller gives up before, the call is settled as cancelled.</summary>
    private async Task UntilDoneOr(Task task, Begun begun, CancellationToken ct)
    {
        var left = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        CancellationTokenRegistration registration;
        try
        {
            registration = ct.Register(static it => ((TaskCompletionSource<bool>)it!).TrySetResult(true), left);
        }
        catch (ObjectDisposedException)
        {
            // Its source is gone: nobody can give up any more.
            return;
        }
        using (registration)
        {
            if (await Task.WhenAny(task, left.Task).ConfigureAwait(false) == task)
            {
                return;
            }
        }
        // Nobody looks at it any more, and what it may throw is no surprise.
        _ = task.ContinueWith(static it => it.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        Settle(begun.Handle, begun.Ticket, Outcome.Cancelled);
        throw new OperationCanceledException(ct);
    }

    private bool TryBegin(CancellationToken ct, out Begun begun, out Exception? no)
    {
        BreakerHandle handle = _handle;
        no = null;
        begun = default;
        if (ct.IsCancellationRequested)
        {
            return false;
        }
        if (TryAdmit(handle, out Ticket ticket, out NativeRejection why))
        {
            begun = new Begun(handle, ticket);
            return true;
        }
        no = OpenException(why);
        return false;
    }

    private static Task<T> NotCalled<T>(Exception? no, CancellationToken ct) => no is null ? Task.FromCanceled<T>(ct) : Task.FromException<T>(no);

    /// <summary>A call whose function threw instead of answering a task.</summary>
    private Task<T> Ended<T>(Begun begun, Exception error, CancellationToken ct)
    {
        try
        {
            Failed(begun.Handle, begun.Ticket, error, ct);
        }
        catch (Exception another)
        {
            return Thrown<T>(another);
        }
        return Thrown<T>(error);
    }

    /// <summary>As an asynchronous function does it: cancelled where it is an <see cref="OperationCanceledException"/>.</summary>
    private static async Task<T> Thrown<T>(Exception error)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        ExceptionDispatchInfo.Capture(error).Throw();
        return default!;
    }

    /// <summary>What awaiting a task that did not run to its end would throw.</summary>
    private static Exception Error(Task task) => task.Exception?.InnerException ?? new TaskCanceledException(task);

    private Task<T> NoTask<T>(Begun begun)
    {
        Settle(begun.Handle, begun.Ticket, Outcome.Failure);
        return Task.FromException<T>(new InvalidOperationException("the guarded function returned null instead of a task"));
    }

    /// <summary>A call that was let through.</summary>
    private readonly struct Begun
    {
        internal readonly BreakerHandle Handle;
        internal readonly Ticket Ticket;

        internal Begun(BreakerHandle handle, Ticket ticket)
        {
            Handle = handle;
            Ticket = ticket;
        }
    }
}
