using System;
using System.Threading;
using K1s0.System.CircuitBreaker;
using Xunit;

namespace Tests.Unit;

public class ClockTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(10_000_000)]
    [InlineData(24_000_000)]
    [InlineData(1_000_000_000)]
    [InlineData(3_000_000_007)]
    public void Whatever_a_providers_timestamps_count(long frequency)
    {
        // Some thirty years of uptime.
        var time = new Ticking(frequency, 1_000_000_000L * Math.Min(frequency, 9_000_000_000));
        var breaker = new CircuitBreaker(Make.OneFailure, new CircuitBreakerOptions { TimeProvider = time });
        breaker.Trip();
        time.Timestamp += 9 * frequency;
        Assert.Equal(TimeSpan.FromSeconds(1), breaker.Metrics().RemainingWait);
        time.Timestamp += frequency;
        Assert.Equal(CircuitState.HalfOpen, breaker.State);
    }

    [Fact]
    public void A_function_of_nanoseconds()
    {
        long now = 0;
        var breaker = new CircuitBreaker(Make.OneFailure, new CircuitBreakerOptions { Clock = () => now });
        breaker.Trip();
        now = 9_999_999_999;
        Assert.True(breaker.IsOpen);
        now++;
        Assert.Equal(CircuitState.HalfOpen, breaker.State);
    }

    [Fact]
    public void The_systems_by_default()
    {
        foreach (TimeProvider? provider in new[] { null, TimeProvider.System })
        {
            var breaker = new CircuitBreaker(Make.OneFailure, new CircuitBreakerOptions { TimeProvider = provider });
            breaker.Trip();
            TimeSpan? left = breaker.Metrics().RemainingWait;
            Assert.True(left > TimeSpan.FromSeconds(5) && left <= TimeSpan.FromSeconds(10), left.ToString());
            SpinWait.SpinUntil(() => breaker.Metrics().RemainingWait < left);
        }
    }

    [Fact]
    public void There_can_be_one_clock() =>
        Assert.Throws<ArgumentException>(() => new CircuitBreaker(Make.OneFailure, new CircuitBreakerOptions { TimeProvider = new FakeTime(), Clock = () => 0 }));

    [Fact]
    public void A_clock_that_throws_costs_no_result_and_no_slot()
    {
        bool isBroken = false;
        var breaker = new CircuitBreaker(Make.OneFailure with { Timeout = TimeSpan.Zero }, new CircuitBreakerOptions
        {
            Clock = () => isBroken ? throw new InvalidOperationException("broken") : 1,
        });
        breaker.Trip();
        Assert.Equal(7, breaker.Call(() =>
        {
            isBroken = true;
            return 7;
        }));
        // The probe's success was taken, and closed it.
        isBroken = false;
        Assert.Equal(CircuitState.Closed, breaker.State);
        // At an admission there is nothing to lose yet.
        breaker.Trip();
        isBroken = true;
        Assert.Throws<InvalidOperationException>(() => breaker.Call(() => 7));
        isBroken = false;
        Assert.Equal(7, breaker.Call(() => 7));
    }

    [Fact]
    public void A_healthy_call_reads_no_clock()
    {
        CircuitBreaker breaker = Make.Of(null, out FakeTime time);
        int before = time.Reads;
        breaker.Call(() => 1);
        breaker.Acquire().Success();
        Assert.Equal(before, time.Reads);
    }

    private sealed class Ticking : TimeProvider
    {
        internal Ticking(long frequency, long timestamp)
        {
            TimestampFrequency = frequency;
            Timestamp = timestamp;
        }

        public override long TimestampFrequency { get; }

        internal long Timestamp { get; set; }

        public override long GetTimestamp() => Timestamp;
    }
}
