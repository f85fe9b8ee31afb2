#if NET8_0_OR_GREATER
using System;
using System.Collections.Generic;
using System.Diagnostics.Metrics;
using System.Linq;
using System.Runtime.CompilerServices;

namespace K1s0.System.CircuitBreaker.Metrics;

/// <summary>
/// Observable instruments over live breakers, for OpenTelemetry (<c>AddMeter(CircuitBreakerInstruments.MeterName)</c>), <c>dotnet-counters</c>, or
/// a <see cref="MeterListener"/>. Nothing happens on the call path: when somebody collects, the breakers' counters are read.
/// </summary>
/// <remarks>
/// Names, units and descriptions are the same in every language of k1s0. A breaker that has a name is shown by <see cref="Default"/>, unless its
/// options have others. Instruments do not keep a breaker alive; one that is collected or disposed of is not shown any more.
/// </remarks>
public sealed class CircuitBreakerInstruments : IDisposable
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = MetricVocabulary.Scope;

    private static readonly CircuitState[] s_states = { CircuitState.Closed, CircuitState.Open, CircuitState.HalfOpen };

    private readonly ConditionalWeakTable<CircuitBreaker, object> _breakers = new();
    private readonly Meter _meter;

    /// <summary>With a meter of its own.</summary>
    public CircuitBreakerInstruments()
        : this(new Meter(MeterName, Version))
    {
    }

    /// <summary>With the meter of a container: <c>services.AddSingleton&lt;CircuitBreakerInstruments&gt;()</c>.</summary>
    public CircuitBreakerInstruments(IMeterFactory factory)
        : this((factory ?? throw new ArgumentNullException(nameof(factory))).Create(MeterName, Version))
    {
    }

    private CircuitBreakerInstruments(Meter meter)
    {
        _meter = meter;
        foreach (MetricVocabulary.Instrument it in MetricVocabulary.Instruments)
        {
            Func<IEnumerable<CircuitBreakerMetrics>, IEnumerable<Reading>> read = Reader(it.Name);
            if (it.IsCounter)
            {
                meter.CreateObservableCounter(it.Name, () => Observe(read, value => (long)value), it.Unit, it.Description);
            }
            else
            {
                meter.CreateObservableGauge(it.Name, () => Observe(read, value => value), it.Unit, it.Description);
            }
        }
    }

    /// <summary>Those that show every breaker with a name, unless its options say others.</summary>
    public static CircuitBreakerInstruments Default { get; } = new();

    private static string Version => typeof(CircuitBreakerInstruments).Assembly.GetName().Version!.ToString(3);

    /// <summary>Shows a breaker from now on, for as long as it lives.</summary>
    public void Observe(CircuitBreaker breaker) => _breakers.AddOrUpdate(breaker ?? throw new ArgumentNullException(nameof(breaker)), this);

    /// <summary>Shows nothing any more.</summary>
    public void Dispose() => _meter.Dispose();

    internal void Forget(CircuitBreaker breaker) => _breakers.Remove(breaker);

    private IEnumerable<Measurement<T>> Observe<T>(Func<IEnumerable<CircuitBreakerMetrics>, IEnumerable<Reading>> read, Func<double, T> as_)
        where T : struct
    {
        // Two breakers of one name would write the same series twice; they are given together instead.
        foreach (IGrouping<string, CircuitBreakerMetrics> namesakes in Live().GroupBy(it => it.Name, it => it.Metrics))
        {
            foreach (Reading one in read(namesakes))
            {
                var tags = new KeyValuePair<string, object?>[one.Tags.Length + 1];
                tags[0] = new(MetricVocabulary.Name, namesakes.Key);
                one.Tags.CopyTo(tags, 1);
                yield return new Measurement<T>(as_(one.Value), tags);
            }
        }
    }

    private IEnumerable<(string Name, CircuitBreakerMetrics Metrics)> Live()
    {
        foreach (KeyValuePair<CircuitBreaker, object> entry in _breakers)
        {
            CircuitBreakerMetrics metrics;
            try
            {
                metrics = entry.Key.Metrics();
            }
            catch (ObjectDisposedException)
            {
                continue;
            }
            yield return (entry.Key.Name ?? MetricVocabulary.Unnamed, metrics);
        }
    }

    private static Func<IEnumerable<CircuitBreakerMetrics>, IEnumerable<Reading>> Reader(string instrument) => instrument switch
    {
        MetricVocabulary.Calls => found => new[]
        {
            Sum(found, it => it.SuccessCount, Tag(MetricVocabulary.Outcome, MetricVocabulary.Outcomes[(int)Outcome.Success])),
            Sum(found, it => it.FailureCount, Tag(MetricVocabulary.Outcome, MetricVocabulary.Outcomes[(int)Outcome.Failure])),
            Sum(found, it => it.IgnoredCount, Tag(MetricVocabulary.Outcome, MetricVocabulary.Outcomes[(int)Outcome.Ignored])),
            Sum(found, it => it.CancelledCount, Tag(MetricVocabulary.Outcome, MetricVocabulary.Outcomes[(int)Outcome.Cancelled])),
        },
        MetricVocabulary.Rejections => found => ByReason(found, it => it.RejectedByReason),
        MetricVocabulary.WouldReject => found => ByReason(found, it => it.WouldRejectByReason),
        MetricVocabulary.SlowCalls => found => new[] { Sum(found, it => it.SlowCount) },
        MetricVocabulary.Transitions => Transitions,
        MetricVocabulary.State => States,
        MetricVocabulary.SuccessRate => SuccessRate,
        _ => throw new ArgumentOutOfRangeException(nameof(instrument), instrument, "no reader for this instrument"),
    };

    private static IEnumerable<Reading> ByReason(
        IEnumerable<CircuitBreakerMetrics> found, Func<CircuitBreakerMetrics, IReadOnlyDictionary<RejectReason, ulong>> counts) =>
        counts(found.First()).Keys.Select(reason => Sum(found, it => counts(it)[reason], Tag(MetricVocabulary.Reason, MetricVocabulary.Reasons[(int)reason])));

    /// <summary>Most pairs never happen; a series begins with its first transition.</summary>
    private static IEnumerable<Reading> Transitions(IEnumerable<CircuitBreakerMetrics> found) =>
        from pair in found.First().TransitionsBetween.Keys
        let reading = Sum(
            found,
            it => it.TransitionsBetween[pair],
            Tag(MetricVocabulary.From, MetricVocabulary.States[(int)pair.From]),
            Tag(MetricVocabulary.To, MetricVocabulary.States[(int)pair.To]))
        where reading.Value > 0
        select reading;

    /// <summary>Every state at every collection: a label that just moved would leave its old series behind.</summary>
    private static IEnumerable<Reading> States(IEnumerable<CircuitBreakerMetrics> found) =>
        s_states.Select(state => new Reading(
            found.Any(it => it.State == state) ? 1 : 0, Tag(MetricVocabulary.StateTag, MetricVocabulary.States[(int)state])));

    private static IEnumerable<Reading> SuccessRate(IEnumerable<CircuitBreakerMetrics> found)
    {
        double successes = found.Sum(it => (double)it.SuccessCount);
        double ended = successes + found.Sum(it => (double)it.FailureCount);
        if (ended > 0)
        {
            yield return new Reading(successes / ended);
        }
    }

    private static Reading Sum(IEnumerable<CircuitBreakerMetrics> found, Func<CircuitBreakerMetrics, ulong> count, params KeyValuePair<string, object?>[] tags) =>
        new(found.Sum(it => (double)count(it)), tags);

    private static KeyValuePair<string, object?> Tag(string key, string value) => new(key, value);

    private readonly struct Reading
    {
        internal readonly double Value;
        internal readonly KeyValuePair<string, object?>[] Tags;

        internal Reading(double value, params KeyValuePair<string, object?>[] tags)
        {
            Value = value;
            Tags = tags;
        }
    }
}
#endif
