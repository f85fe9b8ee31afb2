using System;
using System.Globalization;
using System.Text;

namespace K1s0.System.CircuitBreaker.Interop;

/// <summary>A configuration in the native library's words, and what the library has against one in ours.</summary>
internal static unsafe class ConfigWriter
{
    private const ulong Million = 1_000_000;

    /// <summary>In a fraction's field: no fraction that the library would take.</summary>
    private const ulong NoFraction = 1UL << 62;

    /// <summary>What a breaker has where nothing is said.</summary>
    internal static CircuitBreakerConfig Defaults()
    {
        NativeConfig config = Initial();
        return new CircuitBreakerConfig((int)config.FailureThreshold, (int)config.SuccessThreshold, Durations.Of(config.TimeoutNs));
    }

    internal static NativeConfig Initial()
    {
        NativeLibraryCheck.Ensure();
        NativeConfig config;
        NativeLibraryCheck.Check(NativeMethods.k1s0_cb_config_init(&config, (ulong)sizeof(NativeConfig)));
        return config;
    }

    internal static NativeConfig Write(CircuitBreakerConfig config)
    {
        NativeConfig to = Initial();
        to.FailureThreshold = config.FailureThreshold == CircuitBreakerConfig.Off ? NativeMethods.Off : Count(config.FailureThreshold);
        to.SuccessThreshold = Count(config.SuccessThreshold);
        to.TimeoutNs = Durations.Nanoseconds(nameof(config.Timeout), config.Timeout);
        Set(ref to.HalfOpenMaxCalls, config.HalfOpenMaxCalls);
        Set(ref to.ProbeTimeoutNs, nameof(config.ProbeTimeout), config.ProbeTimeout);
        Set(ref to.FailureRatePpm, config.FailureRate);
        Set(ref to.MinimumCalls, config.MinimumCalls);
        Set(ref to.WindowCalls, config.WindowCalls);
        Set(ref to.WindowTimeNs, nameof(config.WindowTime), config.WindowTime);
        if (config.WindowTime is not null)
        {
            to.WindowKind = NativeMethods.WindowOfTime;
        }
        Set(ref to.WindowBuckets, config.WindowBuckets);
        Set(ref to.SlowCallDurationNs, nameof(config.SlowCallDuration), config.SlowCallDuration);
        Set(ref to.SlowCallRatePpm, config.SlowCallRate);
        Set(ref to.SlowMinimumCalls, config.SlowMinimumCalls);
        to.CountHungCalls = config.CountHungCalls ? 1UL : 0;
        Set(ref to.BackoffMultiplierPpm, config.BackoffMultiplier);
        Set(ref to.MaxTimeoutNs, nameof(config.MaxTimeout), config.MaxTimeout);
        Set(ref to.JitterPpm, config.Jitter);
        to.JitterSeed = config.JitterSeed ?? 0;
        to.HasJitterSeed = config.JitterSeed is null ? 0UL : 1;
        to.Shadow = config.Shadow ? 1UL : 0;
        return to;
    }

    /// <summary>Makes the breaker, or says what is wrong with the configuration.</summary>
    internal static BreakerHandle Make(string? name, CircuitBreakerConfig config, in NativeConfig native)
    {
        byte[] bytes = name is null ? Array.Empty<byte>() : Encoding.UTF8.GetBytes(name);
        if (bytes.Length > NativeMethods.MaxName)
        {
            throw new ArgumentOutOfRangeException(
                nameof(CircuitBreakerOptions.Name), name, $"Name is {bytes.Length} bytes of UTF-8; it must be at most {NativeMethods.MaxName}");
        }
        CheckFractions(config, native);
        return MakeAsIs(bytes, config, native);
    }

    private static BreakerHandle MakeAsIs(byte[] name, CircuitBreakerConfig config, in NativeConfig native)
    {
        int result = BreakerHandle.Make(name, native, out BreakerHandle? made, out NativeConfigError error);
        if (result == NativeMethods.InvalidConfig)
        {
            throw Refusal(config, error);
        }
        NativeLibraryCheck.Check(result);
        return made!;
    }

    /// <summary>
    /// The library knows fractions as parts in a million, and rounds none: where one lies between two of them, both must be
    /// good, so that 1.0000001 is not taken for 1.
    /// </summary>
    private static void CheckFractions(CircuitBreakerConfig config, in NativeConfig native)
    {
        NativeConfig low = native, high = native;
        bool between = Between(config.FailureRate, ref low.FailureRatePpm, ref high.FailureRatePpm);
        between |= Between(config.SlowCallRate, ref low.SlowCallRatePpm, ref high.SlowCallRatePpm);
        between |= Between(config.BackoffMultiplier, ref low.BackoffMultiplierPpm, ref high.BackoffMultiplierPpm);
        between |= Between(config.Jitter, ref low.JitterPpm, ref high.JitterPpm);
        if (between)
        {
            MakeAsIs(Array.Empty<byte>(), config, low).Dispose();
            MakeAsIs(Array.Empty<byte>(), config, high).Dispose();
        }
    }

    private static bool Between(double? fraction, ref ulong low, ref ulong high)
    {
        if (fraction is not double value || low == NoFraction || low / 1e6 == value)
        {
            return false;
        }
        high = (ulong)Math.Ceiling(value * Million);
        // Less than one part may round to one.
        low = Math.Max(Math.Min(low, 1), (ulong)Math.Floor(value * Million));
        return true;
    }

    /// <summary>None is negative: 0 is refused wherever a count is.</summary>
    private static ulong Count(int count) => (ulong)Math.Max(count, 0);

    private static void Set(ref ulong field, int? count) => field = count is int given ? Count(given) : field;

    private static void Set(ref ulong field, string name, TimeSpan? wait) =>
        field = wait is TimeSpan given ? Durations.Nanoseconds(name, given) : field;

    private static void Set(ref ulong field, double? fraction)
    {
        if (fraction is double given)
        {
            field = given >= 0 && given < Million ? (ulong)((given * Million) + 0.5) : NoFraction;
        }
    }

    private static ArgumentOutOfRangeException Refusal(CircuitBreakerConfig config, in NativeConfigError error)
    {
        string theirs, value, range;
        fixed (NativeConfigError* place = &error)
        {
            theirs = NativeLibraryCheck.Text(place->Field);
            value = NativeLibraryCheck.Text(place->Value);
            range = Renamed(NativeLibraryCheck.Text(place->Range));
        }
        string field = theirs == "window"
            ? config.WindowTime is null ? nameof(config.WindowCalls) : nameof(config.WindowTime)
            : Pascal(theirs);
        // Where a default does not fit the rest, nobody gave the value that is wrong.
        object? given = Given(config, field);
        string words = given is null or CircuitBreakerConfig.Off ? value : Words(given);
        return new ArgumentOutOfRangeException(field, given, $"{field} is {words}; it must be {range}");
    }

    private static object? Given(CircuitBreakerConfig config, string field) => field switch
    {
        nameof(config.FailureThreshold) => config.FailureThreshold,
        nameof(config.SuccessThreshold) => config.SuccessThreshold,
        nameof(config.Timeout) => config.Timeout,
        nameof(config.HalfOpenMaxCalls) => config.HalfOpenMaxCalls,
        nameof(config.ProbeTimeout) => config.ProbeTimeout,
        nameof(config.FailureRate) => config.FailureRate,
        nameof(config.MinimumCalls) => config.MinimumCalls,
        nameof(config.WindowCalls) => config.WindowCalls,
        nameof(config.WindowTime) => config.WindowTime,
        nameof(config.WindowBuckets) => config.WindowBuckets,
        nameof(config.SlowCallDuration) => config.SlowCallDuration,
        nameof(config.SlowCallRate) => config.SlowCallRate,
        nameof(config.SlowMinimumCalls) => config.SlowMinimumCalls,
        nameof(config.CountHungCalls) => config.CountHungCalls,
        nameof(config.BackoffMultiplier) => config.BackoffMultiplier,
        nameof(config.MaxTimeout) => config.MaxTimeout,
        nameof(config.Jitter) => config.Jitter,
        _ => null,
    };

    private static string Words(object given) => given is bool flag ? (flag ? "true" : "false") : Convert.ToString(given, CultureInfo.InvariantCulture)!;

    /// <summary>Fields of the library's in a text, as they are called here.</summary>
    private static string Renamed(string text)
    {
        string[] words = text.Split(' ');
        for (int i = 0; i < words.Length; i++)
        {
            if (words[i].Contains('_') || words[i] == "timeout")
            {
                words[i] = Pascal(words[i]);
            }
        }
        return string.Join(" ", words);
    }

    private static string Pascal(string name)
    {
        var pascal = new StringBuilder();
        foreach (string word in name.Split('_'))
        {
            pascal.Append(char.ToUpperInvariant(word[0])).Append(word, 1, word.Length - 1);
        }
        return pascal.ToString();
    }
}
