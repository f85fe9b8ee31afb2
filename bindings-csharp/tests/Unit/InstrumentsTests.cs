using System;
using System.Collections.Generic;
using System.Diagnostics.Metrics;
using System.Linq;
using System.Runtime.CompilerServices;
using K1s0.System.CircuitBreaker;
using K1s0.System.CircuitBreaker.Metrics;
using Xunit;

namespace Tests.Unit;

public class InstrumentsTests
{
    [Fact]
    public void A_breaker_with_a_name_is_shown()
    {
        string name = nameof(A_breaker_with_a_name_is_shown);
        CircuitBreaker breaker = Make.Of(null, out FakeTime time, name);
        breaker.Call(() => 1);
        breaker.Acquire().Ignore();
        breaker.Acquire().Cancel();
        breaker.RecordFailure();
        breaker.TryAcquire();
        Dictionary<string, double> seen = Collect(name);
        Assert.Equal(
            new[]
            {
                "circuit_breaker.calls{outcome=cancelled} 1", "circuit_breaker.calls{outcome=failure} 1", "circuit_breaker.calls{outcome=ignored} 1",
                "circuit_breaker.calls{outcome=success} 1", "circuit_breaker.rejections{reason=forced_open} 0", "circuit_breaker.rejections{reason=half_open} 0",
                "circuit_breaker.rejections{reason=open} 1", "circuit_breaker.slow_calls{} 0", "circuit_breaker.state{state=closed} 0",
                "circuit_breaker.state{state=half_open} 0", "circuit_breaker.state{state=open} 1", "circuit_breaker.success_rate{} 0.5",
                "circuit_breaker.transitions{from=closed,to=open} 1", "circuit_breaker.would_reject{reason=forced_open} 0",
                "circuit_breaker.would_reject{reason=half_open} 0", "circuit_breaker.would_reject{reason=open} 0",
            },
            seen.Select(it => FormattableString.Invariant($"{it.Key} {it.Value}")).OrderBy(it => it, StringComparer.Ordinal));
        time.Advance(TimeSpan.FromSeconds(10));
        seen = Collect(name);
        Assert.Equal((0.0, 1.0), (seen["circuit_breaker.state{state=open}"], seen["circuit_breaker.state{state=half_open}"]));
        breaker.Dispose();
        Assert.Empty(Collect(name));
    }

    [Fact]
    public void Namesakes_are_given_together_and_the_success_rate_waits_for_a_call()
    {
        string name = nameof(Namesakes_are_given_together_and_the_success_rate_waits_for_a_call);
        CircuitBreaker first = Make.Of(null, out FakeTime _, name), second = Make.Of(null, out FakeTime _, name);
        Assert.DoesNotContain("circuit_breaker.success_rate{}", Collect(name).Keys);
        first.RecordSuccess();
        second.RecordSuccess();
        second.RecordSuccess();
        second.RecordFailure();
        Dictionary<string, double> seen = Collect(name);
        Assert.Equal((3.0, 1.0, 1.0, 0.75), (
            seen["circuit_breaker.calls{outcome=success}"], seen["circuit_breaker.state{state=open}"], seen["circuit_breaker.state{state=closed}"],
            seen["circuit_breaker.success_rate{}"]));
        GC.KeepAlive(first);
    }

    [Fact]
    public void Instruments_of_ones_own_show_what_they_are_told_to()
    {
        using var instruments = new CircuitBreakerInstruments();
        var named = new CircuitBreaker(Make.OneFailure, new CircuitBreakerOptions { Name = "elsewhere", Instruments = instruments });
        var unnamed = new CircuitBreaker(Make.OneFailure);
        Assert.Empty(Collect("unnamed"));
        instruments.Observe(unnamed);
        Assert.NotEmpty(Collect("unnamed"));
        Assert.NotEmpty(Collect("elsewhere"));
        instruments.Dispose();
        Assert.Empty(Collect("elsewhere"));
        GC.KeepAlive(named);
        GC.KeepAlive(unnamed);
    }

    [Fact]
    public void They_do_not_keep_a_breaker_alive()
    {
        string name = nameof(They_do_not_keep_a_breaker_alive);
        MakeOne(name);
        for (int collection = 0; collection < 50 && Collect(name).Count > 0; collection++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        Assert.Empty(Collect(name));
    }

    [Fact]
    public void The_meter_says_what_and_in_which_version()
    {
        var seen = new Dictionary<string, Instrument>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (it, _) =>
            {
                if (it.Meter.Name == CircuitBreakerInstruments.MeterName)
                {
                    seen[it.Name] = it;
                }
            },
        };
        _ = CircuitBreakerInstruments.Default;
        listener.Start();
        Assert.Equal(7, seen.Count);
        Instrument calls = seen["circuit_breaker.calls"];
        Assert.Equal("{call}", calls.Unit);
        Assert.Equal("Admitted calls that ended, by outcome", calls.Description);
        Assert.Equal(typeof(CircuitBreaker).Assembly.GetName().Version!.ToString(3), calls.Meter.Version);
        Assert.True(calls.IsObservable);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void MakeOne(string name)
    {
        Make.Of(null, out FakeTime _, name).RecordSuccess();
        Assert.NotEmpty(Collect(name));
    }

    /// <summary>Everything about the breakers of one name.</summary>
    private static Dictionary<string, double> Collect(string name)
    {
        var seen = new Dictionary<string, double>();
        void Take(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            if ((string?)tags[0].Value == name)
            {
                string rest = string.Join(",", tags[1..].ToArray().Select(it => $"{it.Key}={it.Value}"));
                seen.Add($"{instrument.Name}{{{rest}}}", value);
            }
        }
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, own) =>
            {
                if (instrument.Meter.Name == "k1s0_circuit_breaker")
                {
                    own.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Take(instrument, value, tags));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Take(instrument, value, tags));
        listener.Start();
        listener.RecordObservableInstruments();
        return seen;
    }
}
