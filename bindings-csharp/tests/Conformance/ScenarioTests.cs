using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Numerics;
using System.Text.Json;
using System.Threading.Tasks;
using K1s0.System.CircuitBreaker;
using K1s0.System.CircuitBreaker.Interop;
using Xunit;

namespace Tests.Conformance;

/// <summary>Each scenario through each way in, a test each.</summary>
public class ScenarioTests : IClassFixture<ClosingLine>
{
    private static readonly Dictionary<string, Func<CircuitBreaker, Entry>> s_entries = new()
    {
        ["permits"] = breaker => new Permits { CircuitBreaker = breaker },
        ["try_permits"] = breaker => new TryPermits { CircuitBreaker = breaker },
        ["call_async"] = breaker => new CallAsync { CircuitBreaker = breaker },
        ["call_async_void"] = breaker => new CallAsyncVoid { CircuitBreaker = breaker },
        ["call_async_token"] = breaker => new CallAsyncToken { CircuitBreaker = breaker },
        ["call_value_async"] = breaker => new CallValueAsync { CircuitBreaker = breaker },
        ["call_value_async_state"] = breaker => new CallValueAsyncState { CircuitBreaker = breaker },
        ["call"] = breaker => new Call { CircuitBreaker = breaker },
        ["call_void"] = breaker => new CallVoid { CircuitBreaker = breaker },
        ["call_state"] = breaker => new CallState { CircuitBreaker = breaker },
    };

    private readonly ClosingLine _line;

    public ScenarioTests(ClosingLine line) => _line = line;

    public static IEnumerable<object[]> Cases =>
        from scenario in Suite.Scenarios
        from entry in scenario.Value.TryGetProperty("refused", out _) ? new[] { "constructor" } : (IEnumerable<string>)s_entries.Keys
        where !entry.StartsWith("call", StringComparison.Ordinal) || entry.Contains("async") || IsNested(scenario.Value)
        where entry is "permits" or "try_permits" or "constructor" || !HasOddRetryAfter(scenario.Value)
        select new object[] { entry, scenario.Key };

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task A_scenario(string entry, string name)
    {
        JsonElement scenario = Suite.Scenarios[name];
        _line.Begin(name);
        if (entry == "constructor")
        {
            Refused(scenario);
        }
        else
        {
            await new Player(scenario, s_entries[entry]).Play();
        }
        _line.End(name);
    }

    /// <summary>The error names field, value and range, in this language's words.</summary>
    private static void Refused(JsonElement scenario)
    {
        JsonElement expected = scenario.GetProperty("refused");
        var error = Assert.Throws<ArgumentOutOfRangeException>(() =>
        {
            CircuitBreakerConfig config = Suite.Config(scenario, out NativeConfig native);
            return new CircuitBreaker(config, native, null);
        });
        string field = Suite.Pascal(expected.GetProperty("field").GetString()!);
        if (field == "Window")
        {
            field = scenario.GetProperty("config").TryGetProperty("window_calls", out _) ? "WindowCalls" : "WindowTime";
        }
        Assert.Equal(field, error.ParamName);
        Assert.StartsWith($"{field} is ", error.Message);
        string range = string.Join(" ", expected.GetProperty("range").GetString()!.Split(' ').Select(word => word.Contains('_') || word == "timeout" ? Suite.Pascal(word) : word));
        Assert.Contains($"; it must be {range} (", error.Message);
        if (expected.TryGetProperty("value", out JsonElement value) && !IsWide(value.GetString()!))
        {
            string words = error.Message[($"{field} is ".Length)..error.Message.IndexOf(';')];
            Assert.True(
                words == value.GetString() || decimal.Parse(words, NumberStyles.Float, CultureInfo.InvariantCulture) == decimal.Parse(value.GetString()!, CultureInfo.InvariantCulture),
                $"{words} is not {value}");
        }
    }

    /// <summary>Whether a count is one that no int can hold; it was handed in past the configuration.</summary>
    private static bool IsWide(string value) => decimal.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out decimal number) && number > int.MaxValue;

    /// <summary>Whether a step hands in a time that no TimeSpan can hold: permits alone take those.</summary>
    private static bool HasOddRetryAfter(JsonElement scenario) =>
        scenario.TryGetProperty("steps", out JsonElement steps)
        && steps.EnumerateArray().Any(step => step.GetProperty("op").GetString() == "settle" && Suite.Nanoseconds(step, "retry_after") is BigInteger ns && Suite.IsOdd(ns));

    /// <summary>Whether held calls end in the reverse order, as calls inside of calls do.</summary>
    private static bool IsNested(JsonElement scenario)
    {
        var held = new Stack<string>();
        foreach (JsonElement step in scenario.GetProperty("steps").EnumerateArray())
        {
            string op = step.GetProperty("op").GetString()!;
            string? permit = step.TryGetProperty("permit", out JsonElement it) ? it.GetString() : null;
            if (op == "acquire" && step.GetProperty("expect").ValueKind == JsonValueKind.String)
            {
                held.Push(permit!);
            }
            else if (op is "settle" or "drop" && held.Contains(permit!) && held.Pop() != permit)
            {
                return false;
            }
        }
        return true;
    }
}

/// <summary>Counts the scenarios, and says at the end what every language's runner says.</summary>
public sealed class ClosingLine : IDisposable
{
    private readonly ConcurrentDictionary<string, int> _open = new();

    public void Begin(string scenario) => _open.AddOrUpdate(scenario, 1, (_, open) => open + 1);

    public void End(string scenario) => _open.AddOrUpdate(scenario, 0, (_, open) => open - 1);

    public void Dispose()
    {
        int failed = _open.Count(it => it.Value > 0);
        Console.WriteLine($"conformance: suite {Suite.Number}, {_open.Count} run, {failed} failed, 0 skipped");
        Assert.Equal(Suite.Scenarios.Count, _open.Count);
    }
}
