using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using K1s0.System.CircuitBreaker;
using K1s0.System.CircuitBreaker.Interop;
using K1s0.System.CircuitBreaker.Metrics;
using Xunit;

namespace Tests.Conformance;

/// <summary>constants.json, replayed: what is committed is what this package has.</summary>
public class ConstantsTests
{
    private static JsonElement Constants => Suite.Constants;

    [Fact]
    public void Numbers_and_names()
    {
        Same<CircuitState>("states", "label", MetricVocabulary.States);
        Same<Outcome>("outcomes", "name", MetricVocabulary.Outcomes);
        Same<Effect>("effects", "name", null);
        Same<RejectReason>("reject_reasons", "name", MetricVocabulary.Reasons);
        Same<TransportError>("transport_errors", "name", null);
        Assert.Equal(
            Constants.GetProperty("reasons").EnumerateArray().Select(it => Suite.Pascal(it.GetString()!)),
            Enum.GetValues<TransitionReason>().Select(it => it.ToString()));
    }

    [Fact]
    public void Http_statuses()
    {
        int seen = 0;
        foreach (JsonProperty outcome in Constants.GetProperty("http_status").EnumerateObject())
        {
            foreach (JsonElement range in outcome.Value.EnumerateArray())
            {
                for (int status = range[0].GetInt32(); status <= range[1].GetInt32(); status++)
                {
                    Assert.Equal(Suite.Pascal(outcome.Name), Classification.HttpStatus(status).ToString());
                    seen++;
                }
            }
        }
        Assert.Equal(1000, seen);
        Assert.Equal(Outcome.Failure, Classification.HttpStatus(-1));
    }

    [Fact]
    public void Grpc_statuses_and_transport_errors()
    {
        foreach (JsonElement it in Constants.GetProperty("grpc_status").EnumerateArray())
        {
            Assert.Equal(OutcomeOf(it), Classification.GrpcStatus(it.GetProperty("code").GetInt32()).ToString());
        }
        foreach (JsonElement it in Constants.GetProperty("transport_errors").EnumerateArray())
        {
            Assert.Equal(OutcomeOf(it), Classification.Transport((TransportError)it.GetProperty("number").GetInt32()).ToString());
        }
        var error = Assert.Throws<ArgumentOutOfRangeException>(() => Classification.Transport((TransportError)6));
        Assert.StartsWith("error is 6; it must be one of Connect, Tls, Reset, Timeout, Cancelled, InvalidRequest", error.Message);
    }

    [Fact]
    public void Retry_after()
    {
        Assert.Equal(TimeSpan.FromSeconds(120), Classification.RetryAfter(503, "120", null));
        Assert.Equal(TimeSpan.FromSeconds(60), Classification.RetryAfter(429, "Sun, 06 Nov 1994 08:50:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT"));
        Assert.Equal(global::System.Threading.Timeout.InfiniteTimeSpan, Classification.RetryAfter(503, "99999999999999999999", null));
        Assert.Null(Classification.RetryAfter(500, "120", null));
        Assert.Null(Classification.RetryAfter(503, null, null));
        Assert.Null(Classification.RetryAfter(503, "間もなく", null));
        Assert.Null(Classification.RetryAfter(503, new string('1', 5000), null));
        Assert.Equal(TimeSpan.FromMilliseconds(1500), Classification.GrpcRetryPushback("1500"));
        Assert.Null(Classification.GrpcRetryPushback("-1"));
        Assert.Null(Classification.GrpcRetryPushback(null));
    }

    [Fact]
    public void Defaults()
    {
        JsonElement defaults = Constants.GetProperty("defaults");
        CircuitBreakerConfig config = CircuitBreakerConfig.Default;
        Assert.Equal(defaults.GetProperty("failure_threshold").GetInt32(), config.FailureThreshold);
        Assert.Equal(defaults.GetProperty("success_threshold").GetInt32(), config.SuccessThreshold);
        Assert.Equal(defaults.GetProperty("timeout_ms").GetInt32(), config.Timeout.TotalMilliseconds);
        NativeConfig native = ConfigWriter.Write(config);
        var numbers = new Dictionary<string, ulong>
        {
            ["half_open_max_calls"] = native.HalfOpenMaxCalls,
            ["minimum_calls"] = native.MinimumCalls,
            ["probe_timeout_ms"] = native.ProbeTimeoutNs / 1_000_000,
            ["slow_minimum_calls"] = native.SlowMinimumCalls,
            ["window_buckets"] = native.WindowBuckets,
            ["window_calls"] = native.WindowCalls,
        };
        foreach ((string name, ulong value) in numbers)
        {
            Assert.Equal(defaults.GetProperty(name).GetUInt64(), value);
        }
        var fractions = new Dictionary<string, ulong>
        {
            ["backoff_multiplier"] = native.BackoffMultiplierPpm,
            ["jitter"] = native.JitterPpm,
            ["slow_call_rate"] = native.SlowCallRatePpm,
        };
        foreach ((string name, ulong ppm) in fractions)
        {
            Assert.Equal(defaults.GetProperty(name).GetDouble(), ppm / 1e6);
        }
        Assert.Equal((NativeMethods.Off, NativeMethods.Off, 0UL, 0UL), (native.FailureRatePpm, native.SlowCallDurationNs, native.CountHungCalls, native.Shadow));
        Assert.Equal(Constants.GetProperty("never_ns").GetString(), NativeMethods.Never.ToString());

        // And a breaker that was told nothing has them: 10 minutes are the longest wait.
        var breaker = new CircuitBreaker(config with { FailureThreshold = 1 }, new CircuitBreakerOptions { Clock = () => 0 });
        Assert.Equal(Constants.GetProperty("first_epoch").GetUInt64(), breaker.Metrics().Epoch);
        breaker.Acquire().Failure(TimeSpan.FromDays(1));
        Assert.Equal(defaults.GetProperty("max_timeout_ms").GetDouble(), breaker.Metrics().RemainingWait!.Value.TotalMilliseconds);
    }

    private static string OutcomeOf(JsonElement of) => Suite.Pascal(of.GetProperty("outcome").GetString()!);

    private static void Same<TEnum>(string list, string key, string[]? labels)
        where TEnum : struct, Enum
    {
        JsonElement[] committed = Constants.GetProperty(list).EnumerateArray().ToArray();
        Assert.Equal(
            committed.Select(it => (it.GetProperty("number").GetInt32(), Suite.Pascal(it.GetProperty(key).GetString()!))),
            Enum.GetValues<TEnum>().Select(it => (Convert.ToInt32(it), it.ToString())));
        if (labels is not null)
        {
            Assert.Equal(committed.Select(it => it.GetProperty(key).GetString()!), labels);
        }
    }
}
