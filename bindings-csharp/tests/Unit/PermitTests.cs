using System;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;
using K1s0.System.CircuitBreaker;
using Xunit;

namespace Tests.Unit;

public class PermitTests
{
    [Fact]
    public void It_is_settled_once()
    {
        CircuitBreaker breaker = Make.Of(null, out FakeTime _);
        Permit permit = breaker.Acquire();
        Assert.False(permit.IsSettled);
        Assert.Equal(Effect.Applied, permit.Ignore());
        Assert.True(permit.IsSettled);
        Assert.Equal(Effect.AlreadySettled, permit.Failure());
        permit.Dispose();
        CircuitBreakerMetrics metrics = breaker.Metrics();
        Assert.Equal((1UL, 0UL, 0UL), (metrics.IgnoredCount, metrics.FailureCount, metrics.CancelledCount));
    }

    [Fact]
    public void Of_many_threads_one_settles_it()
    {
        for (int round = 0; round < 200; round++)
        {
            CircuitBreaker breaker = Make.HalfOpen(out FakeTime _);
            Permit permit = breaker.Acquire();
            int applied = 0;
            Parallel.For(0, 8, _ =>
            {
                if (permit.Cancel() == Effect.Applied)
                {
                    Interlocked.Increment(ref applied);
                }
            });
            Assert.Equal(1, applied);
            Assert.Equal(1UL, breaker.Metrics().CancelledCount);
            breaker.Dispose();
        }
    }

    [Fact]
    public void Disposed_of_unsettled_it_is_cancelled()
    {
        CircuitBreaker breaker = Make.HalfOpen(out FakeTime _);
        using (breaker.Acquire())
        {
            Assert.Null(breaker.TryAcquire(out Rejection rejection));
            Assert.Equal(new Rejection(RejectReason.HalfOpen, null), rejection);
        }
        Assert.NotNull(breaker.TryAcquire());
        Assert.Equal(1UL, breaker.Metrics().CancelledCount);
    }

    [Fact]
    public void A_result_that_comes_late_counts_nowhere()
    {
        CircuitBreaker breaker = Make.Of(null, out FakeTime _);
        Permit permit = breaker.Acquire();
        breaker.Reset();
        Assert.Equal(Effect.Stale, permit.Failure());
        Assert.Equal(CircuitState.Closed, breaker.State);
        Assert.Equal(1UL, breaker.Metrics().StaleCount);
    }

    [Fact]
    public void A_server_that_asks_for_a_pause_gets_it()
    {
        CircuitBreaker breaker = Make.Of(null, out FakeTime _);
        breaker.Acquire().Failure(TimeSpan.FromSeconds(45));
        Assert.Equal(TimeSpan.FromSeconds(45), breaker.Metrics().RemainingWait);
    }

    [Fact]
    public void What_cannot_be_is_refused_and_settles_nothing()
    {
        CircuitBreaker breaker = Make.Of(null, out FakeTime _);
        Permit permit = breaker.Acquire();
        var error = Assert.Throws<ArgumentOutOfRangeException>(() => permit.Failure(TimeSpan.FromSeconds(-1)));
        Assert.StartsWith("retryAfter is -00:00:01; it must be 0 or more", error.Message);
        error = Assert.Throws<ArgumentOutOfRangeException>(() => permit.Settle((Outcome)9));
        Assert.StartsWith("outcome is 9; it must be one of Success, Failure, Ignored, Cancelled", error.Message);
        Assert.False(permit.IsSettled);
        Assert.Equal(Effect.Applied, permit.Success());
    }

    [Fact]
    public void A_shadow_permit_says_so()
    {
        CircuitBreaker breaker = Make.Of(Make.OneFailure with { Shadow = true }, out FakeTime _);
        breaker.Trip();
        Assert.Equal(Effect.Shadowed, breaker.Acquire().Success());
        Assert.Equal(1UL, breaker.Metrics().WouldRejectCount);
    }

    [Fact]
    public async Task A_forgotten_probe_gives_its_slot_back()
    {
        CircuitBreaker breaker = Make.HalfOpen(out FakeTime _);
        Forget(breaker);
        Assert.Null(breaker.TryAcquire());
        await Until(() => breaker.Metrics().CancelledCount == 1);
        Assert.NotNull(breaker.TryAcquire());
    }

    [Fact]
    public async Task A_forgotten_probe_of_a_forgotten_breaker_does_no_harm()
    {
        int cancelled = 0;
        ForgetBoth(() => Interlocked.Increment(ref cancelled));
        // The clock is asked when a probe is cancelled: after the breaker has become unreachable.
        await Until(() => Volatile.Read(ref cancelled) > 0);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Forget(CircuitBreaker breaker) => Assert.False(breaker.Acquire().IsSettled);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ForgetBoth(Action read)
    {
        bool isReady = false;
        foreach (int _ in Enumerable.Range(0, 100))
        {
            isReady = false;
            var breaker = new CircuitBreaker(Make.OneFailure with { Timeout = TimeSpan.Zero }, new CircuitBreakerOptions
            {
                Clock = () =>
                {
                    if (Volatile.Read(ref isReady))
                    {
                        read();
                    }
                    return 0;
                },
            });
            breaker.Trip();
            Forget(breaker);
            Volatile.Write(ref isReady, true);
        }
    }

    private static async Task Until(Func<bool> holds)
    {
        for (int wait = 0; wait < 500 && !holds(); wait++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            // What a finalizer leaves to the thread pool has no signal of its own.
            await Task.Delay(10);
        }
        Assert.True(holds());
    }
}
