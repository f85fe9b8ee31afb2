using System;
using System.Collections.Generic;
using System.Linq;
using System.Numerics;
using System.Text.Json;
using System.Threading.Tasks;
using K1s0.System.CircuitBreaker;
using K1s0.System.CircuitBreaker.Interop;
using Xunit;

namespace Tests.Conformance;

/// <summary>Plays a scenario on a breaker through one way in. The contract is in conformance/README.md.</summary>
internal sealed class Player
{
    private readonly JsonElement[] _steps;
    private readonly CircuitBreaker _breaker;
    private readonly Entry _entry;
    private readonly List<CircuitStateChangedEventArgs> _fresh = new();
    private readonly List<CircuitStateChangedEventArgs> _told = new();
    private readonly List<CircuitStateChangedEventArgs> _remembered = new();
    private ulong _now;
    private (CircuitState State, ulong Epoch) _last = (CircuitState.Closed, 1);
    private int _next;

    internal Player(JsonElement scenario, Func<CircuitBreaker, Entry> entry)
    {
        _steps = scenario.GetProperty("steps").EnumerateArray().ToArray();
        CircuitBreakerConfig config = Suite.Config(scenario, out NativeConfig native);
        _breaker = new CircuitBreaker(config, native, new CircuitBreakerOptions
        {
            Clock = () => (long)_now,
            ClassifyException = Entry.Classify,
        });
        _breaker.StateChanged += (sender, change) =>
        {
            Assert.Same(_breaker, sender);
            _fresh.Add(change);
        };
        _entry = entry(_breaker);
    }

    internal async Task Play()
    {
        if (_entry is Nested nested)
        {
            PlayNested(nested, null);
            return;
        }
        foreach (JsonElement step in _steps)
        {
            await Explained(step, () => Do(step));
        }
    }

    /// <summary>As <see cref="Play"/>, where held calls are functions that are being run: plays on until <paramref name="ends"/> is to end, and answers
    /// that step.</summary>
    private JsonElement? PlayNested(Nested entry, string? ends)
    {
        while (_next < _steps.Length)
        {
            JsonElement step = _steps[_next++];
            if (ends is not null && IsEnd(step) && Text(step, "permit") == ends)
            {
                return step;
            }
            Explained(step, () => DoNested(entry, step)).GetAwaiter().GetResult();
        }
        return null;
    }

    private async Task DoNested(Nested entry, JsonElement step)
    {
        if (Text(step, "op") == "acquire")
        {
            JsonElement? end = null;
            await Verdict(step, () => entry.Hold(() =>
            {
                // What is looked at after the acquisition, before the rest.
                After(step);
                end = PlayNested(entry, Text(step, "permit"));
                return end is JsonElement it ? Entry.Thrown(Text(it, "op") == "drop" ? "cancelled" : Text(it, "outcome"), Suite.Length(RetryAfter(it))) : null;
            }));
            After(end ?? step);
        }
        else if (!IsEnd(step))
        {
            await Do(step);
        }
    }

    private async Task Explained(JsonElement step, Func<Task> play)
    {
        try
        {
            await play();
        }
        catch (Exception error) when (error is not PlayException)
        {
            throw new PlayException($"step {Array.IndexOf(_steps, step) + 1}, {step.GetRawText()}: {error.Message}", error);
        }
    }

    private async Task Do(JsonElement step)
    {
        switch (Text(step, "op"))
        {
            case "advance":
                _now += (ulong)Suite.Nanoseconds(step)!.Value;
                break;
            case "set_clock":
                _now = (ulong)Suite.Nanoseconds(step)!.Value;
                break;
            case "acquire":
                await Verdict(step, () => _entry.Acquire(Text(step, "permit")));
                break;
            case "settle":
                await Settle(step);
                break;
            case "drop":
                if (_entry.Holds(Text(step, "permit")))
                {
                    await _entry.Drop(Text(step, "permit"));
                }
                break;
            case "call":
                await Call(step);
                break;
            case "record":
                Record(step);
                break;
            case "tick":
                _breaker.Tick();
                break;
            case "control":
                Control(Text(step, "do"));
                break;
            case "state":
                Assert.Equal(State(step.GetProperty("expect")), _breaker.State);
                Assert.Equal(Text(step, "expect") == "open", _breaker.IsOpen);
                break;
            case "metrics":
                LookAtMetrics(step);
                break;
            case "transitions":
                break;
            case "clock_reads":
                // The library is handed a reading with every crossing, needed or not, so that cannot be counted.
                break;
            default:
                throw new InvalidOperationException("an unknown step");
        }
        After(step);
    }

    private async Task Settle(JsonElement step)
    {
        Effect? effect = await _entry.Settle(Text(step, "permit"), Text(step, "outcome"), RetryAfter(step));
        if (effect is Effect said)
        {
            Assert.Equal(Suite.Pascal(Text(step, "expect")), said.ToString());
        }
    }

    private async Task Call(JsonElement step)
    {
        BigInteger takes = Suite.Nanoseconds(step, "takes") ?? 0;
        int times = step.TryGetProperty("times", out JsonElement often) ? often.GetInt32() : 1;
        for (int time = 0; time < times; time++)
        {
            int ran = 0;
            bool through = await Verdict(step, () => _entry.Call(Text(step, "result"), () =>
            {
                ran++;
                _now += (ulong)takes;
            }));
            Assert.Equal(through ? 1 : 0, ran);
        }
    }

    private void Record(JsonElement step)
    {
        int times = step.TryGetProperty("times", out JsonElement often) ? often.GetInt32() : 1;
        for (int time = 0; time < times; time++)
        {
            if (Text(step, "outcome") == "success")
            {
                _breaker.RecordSuccess();
            }
            else
            {
                _breaker.RecordFailure();
            }
        }
    }

    private void Control(string what)
    {
        switch (what)
        {
            case "reset": _breaker.Reset(); break;
            case "trip": _breaker.Trip(); break;
            case "force_open": _breaker.ForceOpen(); break;
            case "force_closed": _breaker.ForceClosed(); break;
            case "automatic": _breaker.Automatic(); break;
            default: throw new InvalidOperationException($"no control {what}");
        }
    }

    /// <summary>Whether it went through, as it was to.</summary>
    private static async Task<bool> Verdict(JsonElement step, Func<Task> run)
    {
        JsonElement expected = step.GetProperty("expect");
        try
        {
            await run();
        }
        catch (CircuitBreakerOpenException error)
        {
            Assert.True(expected.ValueKind == JsonValueKind.Object, $"rejected: {error.Reason}");
            Assert.Equal(Suite.Pascal(Text(expected, "rejected")), error.Reason.ToString());
            Assert.Equal(Suite.Said(Suite.Nanoseconds(expected, "retry_after")), error.RetryAfter);
            return false;
        }
        Assert.True(expected.ValueKind == JsonValueKind.String, "not rejected");
        return true;
    }

    private void LookAtMetrics(JsonElement step)
    {
        CircuitBreakerMetrics found = _breaker.Metrics();
        foreach (JsonProperty it in step.GetProperty("expect").EnumerateObject())
        {
            switch (it.Name)
            {
                case "state":
                    Assert.Equal(State(it.Value), found.State);
                    break;
                case "forced":
                    Assert.Equal(it.Value.GetBoolean(), found.Forced);
                    break;
                case "success_rate":
                    Assert.Equal(it.Value.ValueKind == JsonValueKind.Null ? null : it.Value.GetDouble(), found.SuccessRate);
                    break;
                case "remaining_wait_ms" or "remaining_wait_ns":
                    BigInteger? wait = it.Value.ValueKind == JsonValueKind.Null ? null : Suite.Nanoseconds(step.GetProperty("expect"), "remaining_wait");
                    Assert.Equal(wait, found.RemainingWaitNs is ulong ns ? ns : null);
                    Assert.Equal(Suite.Said(wait), found.RemainingWait);
                    break;
                default:
                    Assert.True(it.Value.GetUInt64() == Number(found, it.Name), $"{it.Name}: {Number(found, it.Name)}");
                    break;
            }
        }
    }

    private static ulong Number(CircuitBreakerMetrics found, string name) => name switch
    {
        "success" => found.SuccessCount,
        "failure" => found.FailureCount,
        "ignored" => found.IgnoredCount,
        "cancelled" => found.CancelledCount,
        "rejected" => found.RejectedCount,
        "rejected_open" => found.RejectedByReason[RejectReason.Open],
        "rejected_half_open" => found.RejectedByReason[RejectReason.HalfOpen],
        "rejected_forced_open" => found.RejectedByReason[RejectReason.ForcedOpen],
        "would_reject" => found.WouldRejectCount,
        "would_reject_open" => found.WouldRejectByReason[RejectReason.Open],
        "would_reject_half_open" => found.WouldRejectByReason[RejectReason.HalfOpen],
        "would_reject_forced_open" => found.WouldRejectByReason[RejectReason.ForcedOpen],
        "slow" => found.SlowCount,
        "stale" => found.StaleCount,
        "transitions" => found.TransitionCount,
        "epoch" => found.Epoch,
        "consecutive_failures" => found.ConsecutiveFailures,
        "probes_in_flight" => found.ProbesInFlight,
        "window_calls" => found.WindowCalls,
        "window_failures" => found.WindowFailures,
        "window_slow" => found.WindowSlow,
        _ => throw new InvalidOperationException($"no metric {name}"),
    };

    private void After(JsonElement step)
    {
        // P4: each from is the to before it, and epochs have no gaps.
        foreach (CircuitStateChangedEventArgs it in _fresh)
        {
            Assert.Equal((_last.State, _last.Epoch + 1), (it.From, it.Epoch));
            _last = (it.To, it.Epoch);
        }
        _told.AddRange(_fresh);
        _remembered.AddRange(_fresh);
        _remembered.RemoveRange(0, Math.Max(0, _remembered.Count - 32));
        _fresh.Clear();
        Assert.Equal(_remembered.Select(Fields), _breaker.RecentTransitions().Select(Fields));
        if (Text(step, "op") == "transitions")
        {
            Assert.Equal(step.GetProperty("expect").EnumerateArray().Select(Fields), _told.Select(Fields));
            _told.Clear();
        }
    }

    private static (CircuitState From, CircuitState To, ulong Epoch, string Reason, ulong At) Fields(CircuitStateChangedEventArgs it) =>
        (it.From, it.To, it.Epoch, it.Reason.ToString(), it.AtNs);

    private static (CircuitState From, CircuitState To, ulong Epoch, string Reason, ulong At) Fields(JsonElement it) => (
        State(it.GetProperty("from")),
        State(it.GetProperty("to")),
        it.GetProperty("epoch").GetUInt64(),
        Suite.Pascal(Text(it, "reason")),
        (ulong)(Suite.Nanoseconds(it, "at") ?? 0));

    private static bool IsEnd(JsonElement step) => Text(step, "op") is "settle" or "drop";

    private static ulong? RetryAfter(JsonElement step) => Suite.Nanoseconds(step, "retry_after") is BigInteger ns ? Suite.Clamped(ns) : null;

    private static CircuitState State(JsonElement name) => Enum.Parse<CircuitState>(Suite.Pascal(name.GetString()!));

    private static string Text(JsonElement of, string name) => of.GetProperty(name).GetString()!;

    private sealed class PlayException : Exception
    {
        internal PlayException(string message, Exception cause)
            : base(message, cause)
        {
        }
    }
}
