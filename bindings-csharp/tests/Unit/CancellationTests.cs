using System;
using System.Threading;
using System.Threading.Tasks;
using K1s0.System.CircuitBreaker;
using Xunit;

namespace Tests.Unit;

public class CancellationTests
{
    [Fact]
    public async Task The_callers_token_is_cancelled_any_other_is_a_failure()
    {
        CircuitBreaker breaker = Make.Of(Make.OneFailure with { FailureThreshold = 9 }, out FakeTime _);
        var caller = new CancellationTokenSource();
        await Assert.ThrowsAsync<TaskCanceledException>(() => breaker.CallAsync(
            async ct =>
            {
                caller.Cancel();
                await Task.Delay(Timeout.Infinite, ct);
                return 1;
            },
            caller.Token));
        Assert.Equal((1UL, 0UL), Ended(breaker));

        // A timeout inside of the function.
        var inside = new CancellationTokenSource();
        inside.Cancel();
        await Assert.ThrowsAsync<TaskCanceledException>(() => breaker.CallAsync(ct => Task.FromCanceled<int>(inside.Token), new CancellationTokenSource().Token));
        await Assert.ThrowsAsync<TaskCanceledException>(() => breaker.CallAsync(() => Task.FromCanceled<int>(inside.Token)));
        await Assert.ThrowsAsync<TaskCanceledException>(() => breaker.CallValueAsync(ct => ValueTask.FromCanceled(inside.Token)).AsTask());
        Assert.Throws<OperationCanceledException>(() => breaker.Call(() => inside.Token.ThrowIfCancellationRequested()));
        Assert.Equal((1UL, 4UL), Ended(breaker));
    }

    [Fact]
    public async Task A_linked_token_is_the_callers_too()
    {
        CircuitBreaker breaker = Make.Of(null, out FakeTime _);
        var caller = new CancellationTokenSource();
        await Assert.ThrowsAsync<TaskCanceledException>(() => breaker.CallAsync(
            async ct =>
            {
                using var linked = CancellationTokenSource.CreateLinkedTokenSource(ct);
                caller.Cancel();
                await Task.Delay(Timeout.Infinite, linked.Token);
                return 1;
            },
            caller.Token));
        Assert.Equal((1UL, 0UL), Ended(breaker));
    }

    [Fact]
    public async Task Nothing_is_called_where_it_is_cancelled_already()
    {
        CircuitBreaker breaker = Make.Of(null, out FakeTime _);
        var token = new CancellationToken(canceled: true);
        Task<int> call = breaker.CallAsync(() => Task.FromResult(Fail()), token);
        Assert.True(call.IsCanceled);
        var error = await Assert.ThrowsAsync<TaskCanceledException>(() => call);
        Assert.Equal(token, error.CancellationToken);
        Assert.True(breaker.CallAsync(_ => Task.FromException(new InvalidOperationException()), token).IsCanceled);
        Assert.True(breaker.CallValueAsync(_ => new ValueTask<int>(Fail()), token).IsCanceled);
        Assert.Equal((0UL, 0UL), Ended(breaker));
    }

    [Fact]
    public async Task A_function_without_the_token_is_left_behind()
    {
        CircuitBreaker breaker = Make.Of(null, out FakeTime _);
        var caller = new CancellationTokenSource();
        var late = new TaskCompletionSource<int>();
        Task<int> call = breaker.CallAsync(() => late.Task, caller.Token);
        Task second = breaker.CallAsync(() => (Task)late.Task, caller.Token);
        caller.Cancel();
        var error = await Assert.ThrowsAsync<OperationCanceledException>(() => call);
        Assert.Equal(caller.Token, error.CancellationToken);
        Assert.True(call.IsCanceled);
        await Assert.ThrowsAsync<OperationCanceledException>(() => second);
        // What it still does is nobody's.
        late.SetException(new InvalidOperationException());
        Assert.Equal((2UL, 0UL), Ended(breaker));
    }

    [Fact]
    public async Task A_task_that_is_done_in_time_is_the_functions()
    {
        CircuitBreaker breaker = Make.Of(null, out FakeTime _);
        var caller = new CancellationTokenSource();
        var slow = new TaskCompletionSource<int>();
        Task<int> call = breaker.CallAsync(() => slow.Task, caller.Token);
        slow.SetResult(7);
        Assert.Equal(7, await call);
        caller.Cancel();
        Assert.Equal(1UL, breaker.Metrics().SuccessCount);
    }

    [Fact]
    public async Task A_token_whose_source_is_gone_cancels_nothing_and_loses_nothing()
    {
        CircuitBreaker breaker = Make.HalfOpen(out FakeTime _);
        var caller = new CancellationTokenSource();
        CancellationToken token = caller.Token;
        caller.Dispose();
        var slow = new TaskCompletionSource<int>();
        Task<int> call = breaker.CallAsync(() => slow.Task, token);
        slow.SetResult(7);
        Assert.Equal(7, await call);
        Assert.Equal(CircuitState.Closed, breaker.State);
    }

    [Fact]
    public void A_thread_that_is_interrupted_says_nothing_of_the_service()
    {
        CircuitBreaker breaker = Make.Of(null, out FakeTime _);
        Assert.Throws<ThreadInterruptedException>(() => breaker.Call(() =>
        {
            Thread.CurrentThread.Interrupt();
            Thread.Sleep(Timeout.Infinite);
        }));
        Assert.Equal((1UL, 0UL), Ended(breaker));
    }

    /// <summary>A slot is taken by each probe; were one lost, the next call would be rejected.</summary>
    [Fact]
    public async Task A_hundred_thousand_cancelled_probes_lose_no_slot()
    {
        const int Calls = 100_000;
        CircuitBreaker breaker = Make.HalfOpen(out FakeTime _);
        for (int call = 0; call < Calls; call += 4)
        {
            await Cancelled(caller => breaker.CallAsync(() => Task.Delay(Timeout.Infinite), caller.Token));
            await Cancelled(caller => breaker.CallAsync(ct => Task.Delay(Timeout.Infinite, ct), caller.Token));
            await Cancelled(caller => breaker.CallValueAsync(ct => new ValueTask(Task.Delay(Timeout.Infinite, ct)), caller.Token).AsTask());
            using (breaker.Acquire())
            {
            }
        }
        CircuitBreakerMetrics metrics = breaker.Metrics();
        Assert.Equal((ulong)Calls, metrics.CancelledCount);
        Assert.Equal((0u, 0UL, CircuitState.HalfOpen), (metrics.ProbesInFlight, metrics.RejectedCount, metrics.State));
    }

    private static async Task Cancelled(Func<CancellationTokenSource, Task> begin)
    {
        using var caller = new CancellationTokenSource();
        Task call = begin(caller);
        caller.Cancel();
        try
        {
            await call;
        }
        catch (OperationCanceledException)
        {
            return;
        }
        Assert.Fail("not cancelled");
    }

    private static (ulong Cancelled, ulong Failed) Ended(CircuitBreaker breaker)
    {
        CircuitBreakerMetrics metrics = breaker.Metrics();
        return (metrics.CancelledCount, metrics.FailureCount);
    }

    private static int Fail() => throw new InvalidOperationException("called");
}
