using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using K1s0.System.CircuitBreaker;

namespace Bench;

// K1s0.Bench.dll [--quick] [FILE]: measures, prints the report, and writes it to the file if there is one.
internal static class Program
{
    private const string Lock = "lock-based breaker", Ours = "k1s0, failures in a row";

    private static readonly CircuitBreakerConfig s_config = CircuitBreakerConfig.Default;
    private static readonly StringBuilder s_report = new();

    private static int Main(string[] words)
    {
        bool quick = words.Contains("--quick");
        int calls = quick ? 400 : 100_000, rounds = quick ? 2 : 41;
        Line("# C#");
        Line();
        Line("Written by `cargo xtask bench csharp`. Nanoseconds of CPU time per call, medians of rounds in turns; *times* is against the");
        Line("lock-based breaker of the same table (`bench/csharp/LockBreaker.cs`). Compare within this page only. Polly is not here: it comes from NuGet, which this");
        Line("project does without.");
        Line();
        Line($"{RuntimeInformation.FrameworkDescription}, {Processor()}, {Environment.ProcessorCount} processors.");
        // First, while there is no memory that was used and given back.
        long held = Held(quick ? 100 : 20_000);
        double ratio = Synchronous(calls, rounds);
        Asynchronous(calls, rounds);
        Open(Math.Max(calls / 100, 40), rounds);
        double? scaling = Threads(calls, rounds);
        Line();
        Line("## Held: breakers that were called once");
        Line();
        Line("| | resident bytes each |");
        Line("| --- | ---: |");
        Line($"| {Ours} | {held} |");
        Targets(ratio, scaling);
        Console.Write(s_report);
        foreach (string file in words.Where(it => !it.StartsWith("--", StringComparison.Ordinal)))
        {
            File.WriteAllText(file, s_report.ToString());
        }
        return 0;
    }

    private static double Synchronous(int calls, int rounds)
    {
        Func<int> fn = Work;
        Func<int, int> fnOfState = static it => it + 1;
        var locked = new LockBreaker(5, 3, TimeSpan.FromSeconds(30));
        CircuitBreaker row = new(s_config);
        CircuitBreaker window = new(s_config with { FailureRate = 0.5 });
        CircuitBreaker time = new(s_config with { FailureRate = 0.5, WindowTime = TimeSpan.FromSeconds(10) });
        CircuitBreaker slow = new(s_config with { SlowCallDuration = TimeSpan.FromSeconds(1) });
        return Table("Closed, a function that returns", Lock, Ours, calls, rounds, new Case[]
        {
            new("no breaker", n => { for (int i = 0; i < n; i++) { fn(); } }),
            new(Lock, n => { for (int i = 0; i < n; i++) { locked.Call(fn); } }),
            new(Ours, n => { for (int i = 0; i < n; i++) { row.Call(fn); } }),
            new("k1s0, function of a state", n => { for (int i = 0; i < n; i++) { row.Call(fnOfState, i); } }),
            new("k1s0, permit", n => { for (int i = 0; i < n; i++) { using Permit permit = row.Acquire(); permit.Success(); } }),
            new("k1s0, last 100 calls", n => { for (int i = 0; i < n; i++) { window.Call(fn); } }),
            new("k1s0, last 10 s", n => { for (int i = 0; i < n; i++) { time.Call(fn); } }),
            new("k1s0, last 100 calls, slow calls", n => { for (int i = 0; i < n; i++) { slow.Call(fn); } }),
        });
    }

    private static void Asynchronous(int calls, int rounds)
    {
        Task<int> done = Task.FromResult(1);
        Func<Task<int>> fn = () => done;
        Func<CancellationToken, ValueTask<int>> valueFn = _ => new ValueTask<int>(1);
        Func<Task<int>> yields = async () => { await Task.Yield(); return 1; };
        var locked = new LockBreaker(5, 3, TimeSpan.FromSeconds(30));
        CircuitBreaker breaker = new(s_config);
        Table("Closed, a task that is done", Lock, "k1s0, CallAsync", calls, rounds, new Case[]
        {
            new("no breaker", n => { for (int i = 0; i < n; i++) { fn().GetAwaiter().GetResult(); } }),
            new(Lock, n => { for (int i = 0; i < n; i++) { locked.CallAsync(fn).GetAwaiter().GetResult(); } }),
            new("k1s0, CallAsync", n => { for (int i = 0; i < n; i++) { breaker.CallAsync(fn).GetAwaiter().GetResult(); } }),
            new("k1s0, CallValueAsync", n => { for (int i = 0; i < n; i++) { breaker.CallValueAsync(valueFn).GetAwaiter().GetResult(); } }),
        });
        Table("Closed, a task that is waited for", Lock, "k1s0, CallAsync", calls, rounds, new Case[]
        {
            new("no breaker", n => Pending(n, task => task)),
            new(Lock, n => Pending(n, task => locked.CallAsync(() => task))),
            new("k1s0, CallAsync", n => Pending(n, task => breaker.CallAsync(() => task))),
            new("k1s0, CallValueAsync", n => Pending(n, task => breaker.CallValueAsync(static (it, _) => new ValueTask<int>(it), task).AsTask())),
        });
    }

    private static void Open(int calls, int rounds)
    {
        var locked = new LockBreaker(1, 1, TimeSpan.FromDays(1));
        try
        {
            locked.Call<int>(() => throw new InvalidOperationException());
        }
        catch (InvalidOperationException)
        {
        }
        CircuitBreaker breaker = new(s_config with { Timeout = TimeSpan.FromDays(1) });
        breaker.Trip();
        Func<int> fn = Work;
        Table("Open, rejected", "lock-based breaker, exception caught", "k1s0, exception caught", calls, rounds, new Case[]
        {
            new("lock-based breaker, exception caught", n => { for (int i = 0; i < n; i++) { try { locked.Call(fn); } catch (InvalidOperationException) { } } }),
            new("k1s0, exception caught", n => { for (int i = 0; i < n; i++) { try { breaker.Call(fn); } catch (CircuitBreakerOpenException) { } } }),
            new("k1s0, TryAcquire", n => { for (int i = 0; i < n; i++) { breaker.TryAcquire(); } }),
        });
    }

    private static double? Threads(int calls, int rounds)
    {
        Func<int> fn = Work;
        CircuitBreaker breaker = new(s_config);
        double? scaling = Timing.Scaling(n => { for (int i = 0; i < n; i++) { breaker.Call(fn); } }, calls, rounds);
        Line();
        Line("## Two threads on one breaker");
        Line();
        Line("How many times as many calls as one thread gets done. (Threads that share a lock put each other to sleep, which this way of measuring cannot");
        Line("tell from a busy machine.)");
        Line();
        Line("| | times one |");
        Line("| --- | ---: |");
        Line($"| {Ours} | {Shown(scaling)} |");
        return scaling;
    }

    private static long Held(int count)
    {
        new CircuitBreaker(s_config).Call(Work);
        long before = Resident();
        CircuitBreaker[] held = Enumerable.Range(0, count).Select(_ => new CircuitBreaker(s_config)).ToArray();
        foreach (CircuitBreaker one in held)
        {
            one.Call(Work);
        }
        long bytes = (Resident() - before) / count;
        GC.KeepAlive(held);
        return bytes;
    }

    private static void Targets(double ratio, double? scaling)
    {
        Line();
        Line("## Targets");
        Line();
        Line("| | target | found |");
        Line("| --- | --- | --- |");
        Line(FormattableString.Invariant($"| closed success, times the lock-based breaker | at most 1.5 | {ratio:F2} |"));
        Line($"| two threads on one breaker, times one | at least 1.7 | {Shown(scaling)} |");
    }

    /// <summary>A table of cases; answers ours, net, by theirs, net.</summary>
    private static double Table(string title, string theirs, string ours, int calls, int rounds, Case[] cases)
    {
        double[] costs = Timing.Measure(cases, calls, rounds);
        int bare = Array.FindIndex(cases, it => it.Name == "no breaker");
        double nothing = bare < 0 ? 0 : costs[bare];
        double reference = costs[Array.FindIndex(cases, it => it.Name == theirs)] - nothing;
        Line();
        Line($"## {title}");
        Line();
        Line("| | gross | net | times | bytes allocated |");
        Line("| --- | ---: | ---: | ---: | ---: |");
        for (int i = 0; i < cases.Length; i++)
        {
            double net = costs[i] - nothing;
            string times = i == bare ? string.Empty : FormattableString.Invariant($"{net / reference:F2}");
            double bytes = Timing.Allocated(cases[i].Loop, calls);
            Line(FormattableString.Invariant($"| {cases[i].Name} | {costs[i]:F1} | {net:F1} | {times} | {bytes:F0} |"));
        }
        return (costs[Array.FindIndex(cases, it => it.Name == ours)] - nothing) / reference;
    }

    private static void Pending(int calls, Func<Task<int>, Task<int>> begin)
    {
        for (int i = 0; i < calls; i++)
        {
            var ending = new TaskCompletionSource<int>();
            Task<int> call = begin(ending.Task);
            ending.SetResult(i);
            call.GetAwaiter().GetResult();
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Work() => 1;

    private static long Resident()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        return long.Parse(File.ReadAllText("/proc/self/statm").Split(' ')[1]) * Environment.SystemPageSize;
    }

    private static string Processor() =>
        File.ReadLines("/proc/cpuinfo").FirstOrDefault(it => it.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim() ?? "unknown processor";

    private static string Shown(double? ratio) => ratio is double it ? FormattableString.Invariant($"{it:F2}") : "not found: the machine is too busy";

    private static void Line(string text = "") => s_report.Append(text).Append('\n');
}
