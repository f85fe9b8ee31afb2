using System;
using System.Threading;
using System.Threading.Tasks;
using K1s0.System.CircuitBreaker;
using Xunit;

namespace Tests.Unit;

public class CircuitBreakerTests
{
    [Fact]
    public async Task Opens_rejects_probes_and_closes()
    {
        CircuitBreaker breaker = Make.Of(new CircuitBreakerConfig(2, 2, TimeSpan.FromSeconds(30)), out FakeTime time, "payments");
        for (int failure = 0; failure < 2; failure++)
        {
            Assert.Equal(CircuitState.Closed, breaker.State);
            await Assert.ThrowsAsync<TimeZoneNotFoundException>(() => breaker.CallAsync<int>(() => throw new TimeZoneNotFoundException()));
        }
        Assert.Equal(CircuitState.Open, breaker.State);
        Assert.True(breaker.IsOpen);

        time.Advance(TimeSpan.FromSeconds(10));
        var error = await Assert.ThrowsAsync<CircuitBreakerOpenException>(() => breaker.CallAsync(() => Task.FromResult(Unreachable())));
        Assert.Equal("circuit breaker payments is open", error.Message);
        Assert.Equal("payments", error.BreakerName);
        Assert.Equal(RejectReason.Open, error.Reason);
        Assert.Equal(TimeSpan.FromSeconds(20), error.RetryAfter);

        time.Advance(TimeSpan.FromSeconds(20));
        Assert.Equal(CircuitState.HalfOpen, breaker.State);
        Assert.False(breaker.IsOpen);
        Assert.Equal("a", await breaker.CallAsync(() => Task.FromResult("a")));
        Assert.Equal("b", breaker.Call(() => "b"));
        Assert.Equal(CircuitState.Closed, breaker.State);
    }

    [Fact]
    public void Records_without_a_call()
    {
        CircuitBreaker breaker = Make.Of(null, out FakeTime time);
        breaker.RecordSuccess();
        breaker.RecordFailure();
        Assert.True(breaker.IsOpen);
        time.Advance(TimeSpan.FromSeconds(10));
        breaker.RecordSuccess();
        Assert.Equal(CircuitState.Closed, breaker.State);
        CircuitBreakerMetrics metrics = breaker.Metrics();
        Assert.Equal((2UL, 1UL, 3UL), (metrics.SuccessCount, metrics.FailureCount, metrics.TransitionCount));
        Assert.Equal(2.0 / 3, metrics.SuccessRate);
    }

    [Fact]
    public void An_operators_hand()
    {
        CircuitBreaker breaker = Make.Of(null, out FakeTime _);
        breaker.ForceOpen();
        var error = Assert.Throws<CircuitBreakerOpenException>(() => breaker.Call(Unreachable));
        Assert.Equal(RejectReason.ForcedOpen, error.Reason);
        Assert.Null(error.RetryAfter);
        Assert.True(breaker.Metrics().Forced);
        breaker.ForceClosed();
        Assert.Throws<InvalidOperationException>(() => breaker.Call<int>(() => throw new InvalidOperationException()));
        Assert.Equal(CircuitState.Closed, breaker.State);
        breaker.Automatic();
        breaker.Trip();
        Assert.True(breaker.IsOpen);
        breaker.Reset();
        Assert.Equal(CircuitState.Closed, breaker.State);
        Assert.False(breaker.Metrics().Forced);
    }

    [Fact]
    public async Task What_a_function_throws_comes_as_it_is()
    {
        CircuitBreaker breaker = Make.Of(CircuitBreakerConfig.Default, out FakeTime _);
        var thrown = new InvalidOperationException("mine");
        Assert.Same(thrown, Assert.Throws<InvalidOperationException>(() => breaker.Call(() => throw thrown)));
        Assert.Same(thrown, Assert.Throws<InvalidOperationException>(() => breaker.Call<int, int>(_ => throw thrown, 1)));
        Assert.Same(thrown, await Assert.ThrowsAsync<InvalidOperationException>(() => breaker.CallAsync<int>(() => Task.FromException<int>(thrown))));
        Assert.Same(thrown, await Assert.ThrowsAsync<InvalidOperationException>(() => breaker.CallAsync(ct => Late(thrown))));
        Assert.Same(thrown, await Assert.ThrowsAsync<InvalidOperationException>(() => breaker.CallValueAsync(ct => new ValueTask(Late(thrown))).AsTask()));
        Assert.Equal(CircuitState.Open, breaker.State);
        Assert.Equal(5UL, breaker.Metrics().FailureCount);
        // Where it came from is still to be seen.
        Assert.Contains(nameof(Late), thrown.StackTrace);
    }

    [Fact]
    public async Task A_task_that_is_done_is_handed_on_as_it_is()
    {
        CircuitBreaker breaker = Make.Of(null, out FakeTime _);
        Task<int> done = Task.FromResult(1);
        Assert.Same(done, breaker.CallAsync(() => done));
        Assert.Same(done, breaker.CallAsync(_ => done, new CancellationTokenSource().Token));
        Assert.Same(Task.CompletedTask, breaker.CallAsync(() => Task.CompletedTask));
        Assert.Equal(3UL, breaker.Metrics().SuccessCount);
        Assert.Equal(2, await breaker.CallValueAsync(static (state, _) => new ValueTask<int>(state + 1), 1));
    }

    [Fact]
    public async Task So_is_one_that_has_failed()
    {
        CircuitBreaker breaker = Make.Of(CircuitBreakerConfig.Default, out FakeTime _);
        Task<int[]> failed = Task.WhenAll(Task.FromException<int>(new ArgumentException()), Task.FromException<int>(new TimeoutException()));
        Assert.Same(failed, breaker.CallAsync(() => failed));
        Assert.Same(failed, breaker.CallAsync(() => (Task)failed));
        Assert.Equal(2, failed.Exception!.InnerExceptions.Count);
        Assert.Equal(2UL, breaker.Metrics().FailureCount);
        // As an asynchronous function does it.
        Task<int> thrown = breaker.CallAsync<int>(() => throw new OperationCanceledException());
        Assert.True(thrown.IsCanceled);
        await Assert.ThrowsAsync<OperationCanceledException>(() => thrown);
        Assert.Equal(3UL, breaker.Metrics().FailureCount);
    }

    [Fact]
    public async Task A_rejection_comes_in_the_task()
    {
        CircuitBreaker breaker = Make.Of(null, out FakeTime _);
        breaker.Trip();
        Task<int> first = breaker.CallAsync(() => Task.FromResult(Unreachable()));
        Task second = breaker.CallAsync(_ => Task.FromException(new InvalidOperationException("called")));
        ValueTask<int> third = breaker.CallValueAsync(_ => new ValueTask<int>(Unreachable()));
        ValueTask fourth = breaker.CallValueAsync(_ => new ValueTask(Task.FromException(new InvalidOperationException("called"))));
        foreach (Task task in new[] { first, second, third.AsTask(), fourth.AsTask() })
        {
            await Assert.ThrowsAsync<CircuitBreakerOpenException>(() => task);
        }
        Assert.Equal(4UL, breaker.Metrics().RejectedCount);
    }

    [Fact]
    public async Task Null_is_refused_and_a_null_task_is_a_failure()
    {
        CircuitBreaker breaker = Make.Of(null, out FakeTime _);
        Assert.Throws<ArgumentNullException>(() => breaker.Call((Func<int>)null!));
        Assert.Throws<ArgumentNullException>(() => breaker.Call((Action)null!));
        await Assert.ThrowsAsync<ArgumentNullException>(() => breaker.CallAsync((Func<Task<int>>)null!));
        await Assert.ThrowsAsync<ArgumentNullException>(() => breaker.CallAsync((Func<Task>)null!));
        Assert.Throws<ArgumentNullException>(() => new CircuitBreaker(null!));
        Assert.Equal(CircuitState.Closed, breaker.State);
        await Assert.ThrowsAsync<InvalidOperationException>(() => breaker.CallAsync(() => (Task<int>)null!));
        Assert.True(breaker.IsOpen);
    }

    [Fact]
    public void A_task_is_no_result_of_a_call_that_comes_back_at_once()
    {
        CircuitBreaker breaker = Make.Of(null, out FakeTime _);
        foreach (Action misuse in new Action[]
        {
            () => _ = breaker.Call(() => Task.FromResult(Unreachable())),
            () => _ = breaker.Call(() => new ValueTask<int>(Unreachable())),
            () => _ = breaker.Call(_ => new ValueTask(Task.FromResult(Unreachable())), 1),
        })
        {
            Assert.Contains("CallAsync", Assert.Throws<InvalidOperationException>(misuse).Message);
        }
        Assert.Equal((0UL, 0UL), (breaker.Metrics().SuccessCount, breaker.Metrics().FailureCount));
    }

    [Fact]
    public void Classifiers_have_the_say()
    {
        var breaker = new CircuitBreaker(Make.OneFailure, new CircuitBreakerOptions
        {
            ClassifyException = error => error is ArgumentException ? Outcome.Ignored : null,
            ClassifyResult = result => result is "bad" ? new Verdict(Outcome.Failure, TimeSpan.FromSeconds(60)) : null,
        });
        Assert.Throws<ArgumentException>(() => breaker.Call<int>(() => throw new ArgumentException()));
        Assert.Equal("good", breaker.Call(() => "good"));
        Assert.Equal(CircuitState.Closed, breaker.State);
        Assert.Equal("bad", breaker.Call(() => "bad"));
        Assert.True(breaker.IsOpen);
        // The service asked for more than the configured ten seconds.
        Assert.True(breaker.Metrics().RemainingWait > TimeSpan.FromSeconds(50));
        CircuitBreakerMetrics metrics = breaker.Metrics();
        Assert.Equal((1UL, 1UL, 1UL), (metrics.IgnoredCount, metrics.SuccessCount, metrics.FailureCount));
    }

    [Fact]
    public async Task A_classifier_that_throws_is_a_failure_and_seen()
    {
        var breaker = new CircuitBreaker(Make.OneFailure with { FailureThreshold = 5 }, new CircuitBreakerOptions
        {
            ClassifyException = _ => throw new NotImplementedException(),
            ClassifyResult = _ => throw new NotImplementedException(),
        });
        Assert.Throws<NotImplementedException>(() => breaker.Call(() => 1));
        Assert.Throws<NotImplementedException>(() => breaker.Call<int>(() => throw new ArgumentException()));
        await Assert.ThrowsAsync<NotImplementedException>(() => breaker.CallAsync(() => Task.FromResult(1)));
        await Assert.ThrowsAsync<NotImplementedException>(() => breaker.CallAsync<int>(() => throw new ArgumentException()));
        await Assert.ThrowsAsync<NotImplementedException>(() => breaker.CallValueAsync(_ => new ValueTask<int>(1)).AsTask());
        Assert.True(breaker.IsOpen);
    }

    [Fact]
    public void After_Dispose_calls_are_refused_and_those_in_flight_end()
    {
        CircuitBreaker breaker = Make.Of(null, out FakeTime _, "gone");
        Permit permit = breaker.Acquire();
        int answer = breaker.Call(() =>
        {
            breaker.Dispose();
            return 1;
        });
        Assert.Equal(1, answer);
        Assert.Equal(Effect.Applied, permit.Failure());
        breaker.Dispose();
        foreach (Action use in new Action[] { () => breaker.Call(Unreachable), () => _ = breaker.State, breaker.RecordFailure, () => breaker.TryAcquire(), () => breaker.Explain(), () => breaker.Metrics() })
        {
            Assert.Contains("gone", Assert.Throws<ObjectDisposedException>(use).Message);
        }
    }

    [Fact]
    public void It_says_why()
    {
        CircuitBreaker breaker = Make.Of(null, out FakeTime time, "payments");
        breaker.Trip();
        time.Advance(TimeSpan.FromSeconds(1));
        Explanation explanation = breaker.Explain();
        Assert.StartsWith("{\"name\":\"payments\",", explanation.Json);
        Assert.Contains("\"remaining_wait_ns\":9000000000", explanation.Json);
        Assert.Contains("the next call after 9s is a probe", explanation.ToString());
        Assert.Equal("payments: Closed -> Open (Trip)", Assert.Single(breaker.RecentTransitions()).ToString());
    }

    [Fact]
    public void A_name_that_is_too_long_is_refused()
    {
        var error = Assert.Throws<ArgumentOutOfRangeException>(() => Make.Of(null, out FakeTime _, new string('支', 342)));
        Assert.StartsWith("Name is 1026 bytes of UTF-8; it must be at most 1024", error.Message);
        Assert.NotNull(Make.Of(null, out FakeTime _, new string('支', 341)));
        Assert.StartsWith("{\"name\":null,", Make.Of(null, out FakeTime _, string.Empty).Explain().Json);
    }

    [Fact]
    public void Hung_calls_open_when_somebody_ticks()
    {
        CircuitBreaker breaker = Make.Of(
            new CircuitBreakerConfig(CircuitBreakerConfig.Off, 1, TimeSpan.FromSeconds(10))
            {
                SlowCallDuration = TimeSpan.FromSeconds(1),
                SlowMinimumCalls = 1,
                CountHungCalls = true,
            },
            out FakeTime time);
        Permit hung = breaker.Acquire();
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(CircuitState.Closed, breaker.State);
        breaker.Tick();
        Assert.True(breaker.IsOpen);
        Assert.Equal(Effect.Stale, hung.Success());
    }

    private static int Unreachable() => throw new InvalidOperationException("called");

    private static async Task<int> Late(Exception error)
    {
        await Task.Yield();
        throw error;
    }
}
