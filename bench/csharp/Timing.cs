using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using System.Threading;

namespace Bench;

/// <summary>A loop that is measured: it makes so many calls.</summary>
internal sealed record Case(string Name, Action<int> Loop);

/// <summary>Nanoseconds of CPU time of the thread, in turns.</summary>
internal static class Timing
{
    private const int ThreadCpuTime = 3, Monotonic = 1;

    /// <summary>Medians over the rounds, each case one sample a round, so that a busy moment hits all of them.</summary>
    internal static double[] Measure(IReadOnlyList<Case> cases, int calls, int rounds)
    {
        WarmUp(cases, calls);
        var samples = cases.Select(_ => new List<double>()).ToArray();
        for (int round = 0; round < rounds; round++)
        {
            for (int i = 0; i < cases.Count; i++)
            {
                long began = Now(ThreadCpuTime);
                cases[i].Loop(calls);
                samples[i].Add((double)(Now(ThreadCpuTime) - began) / calls);
            }
        }
        return samples.Select(Median).ToArray();
    }

    /// <summary>
    /// How many times as much two threads get done as one, on the same breaker, at the same time. They leave a gate together; a sample in which one
    /// of them lost its processor, or in which they did not run side by side nearly all the time, is dropped. None where too few are left.
    /// </summary>
    internal static double? Scaling(Action<int> loop, int calls, int rounds)
    {
        var ratios = new List<double>();
        for (int round = 0; round < rounds * 40 && ratios.Count < rounds; round++)
        {
            Sample[] alone = Together(loop, calls, 1), both = Together(loop, calls, 2);
            if (alone.Concat(both).All(it => it.IsWhole) && both[0].Overlap(both[1]) > 0.9)
            {
                ratios.Add(2.0 * alone[0].Wall / both.Max(it => it.Wall));
            }
        }
        return ratios.Count <= rounds / 4 ? null : Median(ratios);
    }

    /// <summary>Bytes that a call allocates on its thread.</summary>
    internal static double Allocated(Action<int> loop, int calls)
    {
        loop(calls);
        long before = GC.GetAllocatedBytesForCurrentThread();
        loop(calls);
        return (double)(GC.GetAllocatedBytesForCurrentThread() - before) / calls;
    }

    internal static double Median(IReadOnlyCollection<double> samples)
    {
        double[] sorted = samples.OrderBy(it => it).ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    /// <summary>Until the compiler has made of it what it is going to make.</summary>
    private static void WarmUp(IReadOnlyList<Case> cases, int calls)
    {
        for (int time = 0; time < 4; time++)
        {
            foreach (Case one in cases)
            {
                for (int part = 0; part < 40; part++)
                {
                    one.Loop(calls / 40);
                }
            }
            // It compiles behind our back.
            Thread.Sleep(150);
        }
    }

    private static Sample[] Together(Action<int> loop, int calls, int count)
    {
        var took = new Sample[count];
        int ready = 0;
        Thread[] threads = Enumerable.Range(0, count).Select(i => new Thread(() =>
        {
            loop(calls / 10);
            Interlocked.Increment(ref ready);
            while (Volatile.Read(ref ready) < count)
            {
            }
            long began = Now(Monotonic), cpu = Now(ThreadCpuTime);
            loop(calls);
            took[i] = new Sample(began, Now(Monotonic), Now(ThreadCpuTime) - cpu);
        })).ToArray();
        foreach (Thread thread in threads)
        {
            thread.Start();
        }
        foreach (Thread thread in threads)
        {
            thread.Join();
        }
        return took;
    }

    private static long Now(int clock)
    {
        clock_gettime(clock, out Moment now);
        return (now.Seconds * 1_000_000_000) + now.Nanoseconds;
    }

    [DllImport("libc")]
    private static extern int clock_gettime(int clock, out Moment now);

    /// <summary>When a thread ran, and for how long it had a processor.</summary>
    private readonly record struct Sample(long Began, long Ended, long Cpu)
    {
        internal long Wall => Ended - Began;

        internal bool IsWhole => Cpu > Wall * 0.97;

        internal double Overlap(Sample other) =>
            (double)(Math.Min(Ended, other.Ended) - Math.Max(Began, other.Began)) / Math.Max(Wall, other.Wall);
    }

    private struct Moment
    {
        internal long Seconds;
        internal long Nanoseconds;
    }
}
