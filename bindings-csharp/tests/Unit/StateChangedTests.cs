using System;
using System.Collections.Generic;
using System.Diagnostics.Tracing;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using K1s0.System.CircuitBreaker;
using Xunit;

namespace Tests.Unit;

public class StateChangedTests
{
    [Fact]
    public void Each_change_is_told_before_the_operation_comes_back()
    {
        CircuitBreaker breaker = Make.Of(null, out FakeTime time, "payments");
        var told = new List<CircuitStateChangedEventArgs>();
        breaker.StateChanged += (sender, change) =>
        {
            Assert.Same(breaker, sender);
            told.Add(change);
        };
        breaker.RecordFailure();
        TimeSpan opened = Assert.Single(told).At;
        Assert.Equal(
            ("payments", CircuitState.Closed, CircuitState.Open, TransitionReason.FailureThreshold, 2UL),
            (told[0].BreakerName, told[0].From, told[0].To, told[0].Reason, told[0].Epoch));
        time.Advance(TimeSpan.FromSeconds(10));
        breaker.Call(() => 1);
        Assert.Equal(new[] { TransitionReason.FailureThreshold, TransitionReason.TimeoutElapsed, TransitionReason.SuccessThreshold }, told.Select(it => it.Reason));
        Assert.Equal(TimeSpan.FromSeconds(10), told[1].At - opened);
    }

    [Fact]
    public void A_handler_that_throws_costs_nobody_anything()
    {
        CircuitBreaker breaker = Make.Of(null, out FakeTime _, nameof(A_handler_that_throws_costs_nobody_anything));
        int told = 0;
        breaker.StateChanged += (_, _) => throw new InvalidOperationException("a handler's own");
        breaker.StateChanged += (_, _) => told++;
        using var events = new Events(nameof(A_handler_that_throws_costs_nobody_anything));
        Assert.Throws<ArgumentException>(() => breaker.Call(() => throw new ArgumentException()));
        Assert.Equal(1, told);
        Assert.Contains("Closed -> Open FailureThreshold", events.Seen[0]);
        Assert.Contains("a handler's own", events.Seen[1]);
    }

    [Fact]
    public void A_handler_may_use_the_breaker()
    {
        CircuitBreaker breaker = Make.Of(null, out FakeTime _);
        var told = new List<string>();
        breaker.StateChanged += (_, change) =>
        {
            if (change.To == CircuitState.Open)
            {
                breaker.Reset();
                told.Add($"reset in {change.Epoch}");
            }
        };
        breaker.StateChanged += (_, change) => told.Add($"{change.Epoch}: {change.To}");
        breaker.Trip();
        // The second handler hears of the opening before anybody hears of the reset that the first one made.
        Assert.Equal(new[] { "reset in 2", "2: Open", "3: Closed" }, told);
    }

    [Fact]
    public void A_handler_that_was_removed_hears_nothing()
    {
        CircuitBreaker breaker = Make.Of(null, out FakeTime _);
        int told = 0;
        void Count(object? sender, CircuitStateChangedEventArgs change) => told++;
        breaker.StateChanged += Count;
        breaker.Trip();
        breaker.StateChanged -= Count;
        breaker.Reset();
        Assert.Equal(1, told);
    }

    [Fact]
    public void From_many_threads_they_come_in_order_and_none_is_lost()
    {
        const int Threads = 8, Each = 2_000;
        CircuitBreaker breaker = Make.Of(null, out FakeTime _);
        var epochs = new List<ulong>();
        int inside = 0, together = 0;
        breaker.StateChanged += (_, change) =>
        {
            together += Interlocked.Increment(ref inside) - 1;
            epochs.Add(change.Epoch);
            Interlocked.Decrement(ref inside);
        };
        Task.WaitAll(Enumerable.Range(0, Threads).Select(_ => Task.Run(() =>
        {
            for (int i = 0; i < Each; i++)
            {
                breaker.Reset();
            }
        })).ToArray());
        Assert.Equal(0, together);
        Assert.Equal(Enumerable.Range(2, Threads * Each).Select(it => (ulong)it), epochs);
    }

    /// <summary>What the event source tells of one breaker.</summary>
    private sealed class Events : EventListener
    {
        private readonly string _breaker;

        internal Events(string breaker) => _breaker = breaker;

        internal List<string> Seen { get; } = new();

        protected override void OnEventSourceCreated(EventSource source)
        {
            if (source.Name == "K1s0-System-CircuitBreaker")
            {
                EnableEvents(source, EventLevel.Informational);
            }
        }

        protected override void OnEventWritten(EventWrittenEventArgs written)
        {
            // Called by the base class's constructor already.
            if (_breaker is not null && written.Payload?[0] as string == _breaker)
            {
                Seen.Add(string.Join(" ", written.Payload.Skip(1)));
            }
        }
    }
}
