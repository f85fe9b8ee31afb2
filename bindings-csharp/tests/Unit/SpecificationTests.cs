using System;
using System.Threading;
using System.Threading.Tasks;
using Xunit;

// As a user of the specification writes it: with the namespace, and nothing else of ours.
using K1s0.System.CircuitBreaker;

namespace K1s0.System.Payments
{
    /// <summary>Code in a namespace of k1s0's own, where System is not what it seems.</summary>
    internal static class Neighbour
    {
        internal static global::System.TimeSpan Second => global::System.TimeSpan.FromSeconds(1);

        internal static K1s0.System.CircuitBreaker.CircuitBreaker Guard() => new(new CircuitBreakerConfig(1, 1, Second));
    }
}

namespace Tests.Unit
{
    /// <summary>The specification's API, name by name.</summary>
    public class SpecificationTests
    {
        [Fact]
        public async Task Everything_it_names_is_there()
        {
            CircuitState[] states = { CircuitState.Closed, CircuitState.Open, CircuitState.HalfOpen };
            Assert.Equal(new[] { 0, 1, 2 }, Array.ConvertAll(states, it => (int)it));

            var config = new CircuitBreakerConfig(FailureThreshold: 5, SuccessThreshold: 2, Timeout: TimeSpan.FromSeconds(30));
            var breaker = new CircuitBreaker(config);
            CircuitState state = breaker.State;
            bool isOpen = breaker.IsOpen;
            Assert.Equal((CircuitState.Closed, false), (state, isOpen));
            breaker.RecordSuccess();
            breaker.RecordFailure();

            Func<Task<string>> fn = () => Task.FromResult("answer");
            Task<string> call = breaker.CallAsync(fn, ct: CancellationToken.None);
            Assert.Equal("answer", await call);
            Assert.Equal("answer", await breaker.CallAsync<string>(fn));

            Exception error = new CircuitBreakerOpenException();
            Assert.Equal("circuit breaker is open", error.Message);
            Assert.IsAssignableFrom<ICircuitBreaker>(breaker);
        }

        [Fact]
        public void In_a_namespace_of_k1s0_too() => Assert.False(K1s0.System.Payments.Neighbour.Guard().IsOpen);
    }
}
