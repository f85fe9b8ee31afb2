using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Numerics;
using System.Text.Json;
using K1s0.System.CircuitBreaker;
using K1s0.System.CircuitBreaker.Interop;

namespace Tests.Conformance;

/// <summary>The suite's files, and a scenario's words in this language's.</summary>
internal static class Suite
{
    /// <summary>What this runner was written for.</summary>
    internal const int Number = 2;

    internal static readonly BigInteger Never = ulong.MaxValue;

    /// <summary>The repository: from the environment where the tests run elsewhere, else found upwards.</summary>
    internal static string Root { get; } = Environment.GetEnvironmentVariable("K1S0_ROOT") ?? Upwards();

    internal static JsonElement Constants { get; } = Read("constants.json");

    /// <summary>Every scenario of the manifest, by name; fewer than it promises is an error.</summary>
    internal static IReadOnlyDictionary<string, JsonElement> Scenarios { get; } = ReadAll();

    internal static BigInteger? Nanoseconds(JsonElement of, string name = "")
    {
        string prefix = name.Length == 0 ? name : name + "_";
        if (of.TryGetProperty(prefix + "ns", out JsonElement ns))
        {
            return BigInteger.Parse(ns.GetString()!, CultureInfo.InvariantCulture);
        }
        return of.TryGetProperty(prefix + "ms", out JsonElement ms) ? new BigInteger(ms.GetDecimal() * 1_000_000) : null;
    }

    /// <summary>In 64 bits; what is more is never.</summary>
    internal static ulong Clamped(BigInteger nanoseconds) => nanoseconds > Never ? ulong.MaxValue : (ulong)nanoseconds;

    /// <summary>As the package says a length of time: rounded up to what a TimeSpan can hold.</summary>
    internal static TimeSpan? Said(BigInteger? nanoseconds) =>
        nanoseconds is BigInteger it ? TimeSpan.FromTicks((long)((it + 99) / 100)) : null;

    /// <summary>Whether it is a time that no TimeSpan can hold.</summary>
    internal static bool IsOdd(BigInteger nanoseconds) => nanoseconds < Never && nanoseconds % 100 != 0;

    /// <summary>As the package takes a length of time.</summary>
    internal static TimeSpan? Length(ulong? nanoseconds) => nanoseconds switch
    {
        null => null,
        ulong.MaxValue => global::System.Threading.Timeout.InfiniteTimeSpan,
        ulong ns => TimeSpan.FromTicks((long)(ns / 100)),
    };

    internal static string Pascal(string name) =>
        string.Concat(name.Split('_').Select(word => char.ToUpperInvariant(word[0]) + word[1..]));

    internal static CircuitBreakerConfig Config(JsonElement scenario, out NativeConfig native)
    {
        CircuitBreakerConfig config = CircuitBreakerConfig.Default;
        JsonElement given = scenario.TryGetProperty("config", out JsonElement found) ? found : default;
        var wide = new List<(string Field, ulong Value)>();

        int? Count(string name)
        {
            if (given.ValueKind == JsonValueKind.Undefined || !given.TryGetProperty(name, out JsonElement value))
            {
                return null;
            }
            if (value.ValueKind == JsonValueKind.String)
            {
                return CircuitBreakerConfig.Off;
            }
            if (value.TryGetInt32(out int count))
            {
                return count;
            }
            wide.Add((name, value.GetUInt64()));
            return int.MaxValue;
        }

        double? Fraction(string name) => given.ValueKind != JsonValueKind.Undefined && given.TryGetProperty(name, out JsonElement value) ? value.GetDouble() : null;

        bool Flag(string name) => given.ValueKind != JsonValueKind.Undefined && given.TryGetProperty(name, out JsonElement value) && value.GetBoolean();

        TimeSpan? Length(string name)
        {
            if (given.ValueKind == JsonValueKind.Undefined || Nanoseconds(given, name) is not BigInteger ns)
            {
                return null;
            }
            if (ns >= Never)
            {
                return global::System.Threading.Timeout.InfiniteTimeSpan;
            }
            if (ns % 100 != 0)
            {
                wide.Add((name, (ulong)ns));
            }
            return TimeSpan.FromTicks((long)(ns / 100));
        }

        config = config with
        {
            FailureThreshold = Count("failure_threshold") ?? config.FailureThreshold,
            SuccessThreshold = Count("success_threshold") ?? config.SuccessThreshold,
            Timeout = Length("timeout") ?? config.Timeout,
            HalfOpenMaxCalls = Count("half_open_max_calls"),
            ProbeTimeout = Length("probe_timeout"),
            FailureRate = Fraction("failure_rate"),
            MinimumCalls = Count("minimum_calls"),
            WindowCalls = Count("window_calls"),
            WindowTime = Length("window_time"),
            WindowBuckets = Count("window_buckets"),
            SlowCallDuration = Length("slow_call_duration"),
            SlowCallRate = Fraction("slow_call_rate"),
            SlowMinimumCalls = Count("slow_minimum_calls"),
            CountHungCalls = Flag("count_hung_calls"),
            BackoffMultiplier = Fraction("backoff_multiplier"),
            MaxTimeout = Length("max_timeout"),
            Jitter = Fraction("jitter"),
            JitterSeed = given.ValueKind != JsonValueKind.Undefined && given.TryGetProperty("jitter_seed", out JsonElement seed)
                ? ulong.Parse(seed.GetString()!, CultureInfo.InvariantCulture)
                : null,
            Shadow = Flag("shadow"),
        };
        native = ConfigWriter.Write(config);
        foreach ((string field, ulong value) in wide)
        {
            Widen(ref native, field, value);
        }
        return config;
    }

    private static void Widen(ref NativeConfig native, string field, ulong value)
    {
        switch (field)
        {
            case "failure_threshold": native.FailureThreshold = value; break;
            case "success_threshold": native.SuccessThreshold = value; break;
            case "minimum_calls": native.MinimumCalls = value; break;
            case "slow_minimum_calls": native.SlowMinimumCalls = value; break;
            case "timeout": native.TimeoutNs = value; break;
            case "probe_timeout": native.ProbeTimeoutNs = value; break;
            case "slow_call_duration": native.SlowCallDurationNs = value; break;
            case "window_time": native.WindowTimeNs = value; break;
            case "max_timeout": native.MaxTimeoutNs = value; break;
            default: throw new InvalidOperationException($"{field} is not known to be wide");
        }
    }

    private static JsonElement Read(string path) =>
        JsonDocument.Parse(File.ReadAllText(Path.Combine(Root, "conformance", path))).RootElement;

    private static Dictionary<string, JsonElement> ReadAll()
    {
        JsonElement manifest = Read("manifest.json");
        int suite = manifest.GetProperty("suite").GetInt32();
        if (suite != Number)
        {
            throw new InvalidOperationException($"this runner is for suite {Number}, not {suite}");
        }
        var found = manifest.GetProperty("files").EnumerateArray()
            .SelectMany(file => Read(file.GetProperty("path").GetString()!).GetProperty("scenarios").EnumerateArray())
            .ToDictionary(it => it.GetProperty("name").GetString()!);
        int promised = manifest.GetProperty("scenarios").GetInt32();
        return found.Count == promised && promised > 0
            ? found
            : throw new InvalidOperationException($"{found.Count} scenarios, and the manifest promises {promised}");
    }

    private static string Upwards()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "conformance", "manifest.json")))
            {
                return folder.FullName;
            }
        }
        throw new InvalidOperationException("no conformance/manifest.json above the tests: set K1S0_ROOT");
    }
}
