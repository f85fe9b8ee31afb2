using System;
using System.Threading;
using K1s0.System.CircuitBreaker;
using Xunit;

namespace Tests.Unit;

public class CircuitBreakerConfigTests
{
    [Fact]
    public void A_record_of_three_values_and_more()
    {
        var config = new CircuitBreakerConfig(5, 3, TimeSpan.FromSeconds(30));
        Assert.Equal(CircuitBreakerConfig.Default, config);
        Assert.NotEqual(config, config with { HalfOpenMaxCalls = 2 });
        (int failures, int successes, TimeSpan timeout) = config;
        Assert.Equal((5, 3, TimeSpan.FromSeconds(30)), (failures, successes, timeout));
        Assert.Same(config, new CircuitBreaker(config).Config);
    }

    [Theory]
    [InlineData(0, "FailureThreshold is 0; it must be 1 to 4294967295 (Parameter 'FailureThreshold')")]
    [InlineData(-2, "FailureThreshold is -2; it must be 1 to 4294967295 (Parameter 'FailureThreshold')")]
    [InlineData(int.MinValue, "FailureThreshold is -2147483648; it must be 1 to 4294967295 (Parameter 'FailureThreshold')")]
    [InlineData(CircuitBreakerConfig.Off, "FailureThreshold is off; it must be 1 to 4294967295 where no rate is set (Parameter 'FailureThreshold')")]
    public void A_count_out_of_range_is_named(int failures, string message)
    {
        ArgumentOutOfRangeException error = Refused(CircuitBreakerConfig.Default with { FailureThreshold = failures });
        Assert.Equal("FailureThreshold", error.ParamName);
        Assert.Equal(failures, error.ActualValue);
        Assert.StartsWith(message, error.Message);
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    [InlineData(-1e-9)]
    [InlineData(1.0000001)]
    [InlineData(4e-7)]
    [InlineData(0.0)]
    public void A_fraction_out_of_range_is_named(double rate)
    {
        ArgumentOutOfRangeException error = Refused(CircuitBreakerConfig.Default with { FailureRate = rate });
        Assert.Equal("FailureRate", error.ParamName);
        Assert.Equal(rate, error.ActualValue);
        Assert.Contains("it must be more than 0, at most 1", error.Message);
    }

    [Theory]
    [InlineData(0.1234567)]
    [InlineData(6e-7)]
    [InlineData(1.0)]
    public void A_fraction_in_range_is_good(double rate) => new CircuitBreaker(CircuitBreakerConfig.Default with { FailureRate = rate }).Dispose();

    [Fact]
    public void A_length_of_time_out_of_range_is_named()
    {
        ArgumentOutOfRangeException error = Refused(CircuitBreakerConfig.Default with { Timeout = TimeSpan.FromSeconds(-1) });
        Assert.StartsWith("Timeout is -00:00:01; it must be 0 or more, or Timeout.InfiniteTimeSpan", error.Message);
        error = Refused(CircuitBreakerConfig.Default with { ProbeTimeout = TimeSpan.FromTicks(1) });
        Assert.StartsWith("ProbeTimeout is 00:00:00.0000001; it must be 1ms or more", error.Message);
        error = Refused(CircuitBreakerConfig.Default with { MaxTimeout = TimeSpan.FromSeconds(1) });
        Assert.StartsWith("MaxTimeout is 00:00:01; it must be Timeout or more", error.Message);
        error = Refused(CircuitBreakerConfig.Default with { WindowTime = TimeSpan.FromDays(2) });
        Assert.StartsWith("WindowTime is 2.00:00:00; it must be 10ms to 24h", error.Message);
    }

    [Fact]
    public void Where_a_default_does_not_fit_it_is_named_too()
    {
        ArgumentOutOfRangeException error = Refused(CircuitBreakerConfig.Default with { FailureRate = 0.5, WindowCalls = 19 });
        Assert.Equal("MinimumCalls", error.ParamName);
        Assert.Null(error.ActualValue);
        Assert.StartsWith("MinimumCalls is 20; it must be 1 to 19, the calls in the window", error.Message);
        error = Refused(CircuitBreakerConfig.Default with { CountHungCalls = true });
        Assert.StartsWith("CountHungCalls is true; it must be false where SlowCallDuration is off", error.Message);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Never_is_infinite_or_very_long(bool infinite)
    {
        CircuitBreaker breaker = Make.Of(Make.OneFailure with { Timeout = infinite ? Timeout.InfiniteTimeSpan : TimeSpan.MaxValue }, out FakeTime time);
        breaker.Trip();
        time.Advance(TimeSpan.FromDays(365_000));
        Assert.Null(breaker.TryAcquire(out Rejection rejection));
        Assert.Equal(new Rejection(RejectReason.Open, null), rejection);
    }

    private static ArgumentOutOfRangeException Refused(CircuitBreakerConfig config) => Assert.Throws<ArgumentOutOfRangeException>(() => new CircuitBreaker(config));
}
