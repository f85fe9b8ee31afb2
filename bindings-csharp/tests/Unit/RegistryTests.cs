using System;
using System.Linq;
using System.Threading.Tasks;
using K1s0.System.CircuitBreaker;
using Xunit;

namespace Tests.Unit;

public class RegistryTests
{
    [Fact]
    public void One_breaker_for_a_name()
    {
        var time = new FakeTime();
        var registry = new CircuitBreakerRegistry(Make.OneFailure, options => options.TimeProvider = time);
        CircuitBreaker payments = registry.GetOrAdd("payments");
        Assert.Equal("payments", payments.Name);
        Assert.Same(payments, registry.GetOrAdd("payments"));
        Assert.Same(payments, registry.GetOrAdd("payments", Make.OneFailure));
        Assert.NotSame(payments, registry.GetOrAdd("users"));
        Assert.Equal(new[] { "payments", "users" }, registry.Select(it => it.Name!).OrderBy(it => it));
        payments.Trip();
        time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(CircuitState.HalfOpen, payments.State);
        Assert.True(registry.TryGet("users", out CircuitBreaker? users));
        Assert.Equal("users", users!.Name);
        Assert.True(registry.Remove("users"));
        Assert.False(registry.Remove("users"));
        Assert.False(registry.TryGet("users", out _));
        Assert.Equal(1, registry.Count);
    }

    [Fact]
    public void Another_configuration_is_refused()
    {
        var registry = new CircuitBreakerRegistry(Make.OneFailure);
        CircuitBreaker own = registry.GetOrAdd("own", Make.OneFailure with { FailureThreshold = 9 });
        Assert.Equal(9, own.Config.FailureThreshold);
        Assert.StartsWith("there is a circuit breaker own with another configuration", Assert.Throws<ArgumentException>(() => registry.GetOrAdd("own", Make.OneFailure)).Message);
        Assert.Same(own, registry.GetOrAdd("own"));
    }

    [Fact]
    public void A_configuration_that_is_refused_is_not_remembered()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new CircuitBreakerRegistry(new CircuitBreakerConfig(0, 0, default)));
        var registry = new CircuitBreakerRegistry(Make.OneFailure);
        Assert.Throws<ArgumentOutOfRangeException>(() => registry.GetOrAdd("a", new CircuitBreakerConfig(0, 1, default)));
        Assert.Equal(0, registry.Count);
        Assert.Equal(Make.OneFailure, registry.GetOrAdd("a").Config);
    }

    [Fact]
    public void Threads_that_ask_at_once_get_the_same()
    {
        var registry = new CircuitBreakerRegistry(Make.OneFailure);
        Parallel.For(0, 10_000, i => registry.GetOrAdd($"service {i % 10}").RecordSuccess());
        Assert.Equal(10, registry.Count);
        Assert.Equal(10_000UL, registry.Aggregate(0UL, (sum, it) => sum + it.Metrics().SuccessCount));
    }
}
