using System;
using System.IO;
using System.Linq;
using System.Runtime.CompilerServices;
using System.Threading;
using System.Threading.Tasks;
using K1s0.System.CircuitBreaker;
using Xunit;

namespace Tests.Unit;

/// <summary>Not while others allocate.</summary>
[CollectionDefinition("memory", DisableParallelization = true)]
public class MemoryCollection
{
}

[Collection("memory")]
public class MemoryTests
{
    private const int Calls = 100_000;

    [Fact]
    public void A_healthy_call_allocates_nothing()
    {
        var breaker = new CircuitBreaker(Make.OneFailure);
        Func<int> fn = () => 1;
        Func<string, int> withState = text => text.Length;
        Action act = () => { };
        Func<CancellationToken, ValueTask<int>> done = _ => new ValueTask<int>(1);
        Task<int> task = Task.FromResult(1);
        Func<Task<int>> asynchronous = () => task;
        Assert.Equal(0, Allocated(() => breaker.Call(fn)));
        Assert.Equal(0, Allocated(() => breaker.Call(withState, "state")));
        Assert.Equal(0, Allocated(() => breaker.Call(act)));
        Assert.Equal(0, Allocated(() => breaker.CallValueAsync(done).GetAwaiter().GetResult()));
        Assert.Equal(0, Allocated(() => breaker.CallAsync(asynchronous).GetAwaiter().GetResult()));
    }

    [Fact]
    public void A_healthy_permit_is_one_object()
    {
        var breaker = new CircuitBreaker(Make.OneFailure);
        Assert.InRange(Allocated(() => breaker.Acquire().Success()), 24 * Calls, 80 * Calls);
    }

    [Fact]
    public void A_task_that_is_waited_for_costs_the_one_that_is_answered()
    {
        var breaker = new CircuitBreaker(Make.OneFailure);
        long bare = Allocated(() => Ended(it => Await(it)));
        long guarded = Allocated(() => Ended(it => breaker.CallAsync(() => it)));
        long closure = 64 + 88;
        Assert.InRange(guarded - bare, 0, (closure + 120) * Calls);
    }

    [Fact]
    public void A_million_made_and_disposed_of_leave_nothing_behind() => StaysFlat(static () =>
    {
        var breaker = new CircuitBreaker(Make.OneFailure);
        breaker.Call(static () => 1);
        breaker.Dispose();
    });

    [Fact]
    public void A_million_made_and_collected_leave_nothing_behind() => StaysFlat(static () => new CircuitBreaker(Make.OneFailure).Call(static () => 1));

    [Fact]
    public void Calls_go_on_while_everything_is_collected_and_disposed_of()
    {
        DateTime end = DateTime.UtcNow + TimeSpan.FromSeconds(3);
        CircuitBreaker shared = new(Make.OneFailure);
        long made = 0, late = 0;
        Task[] callers = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            while (DateTime.UtcNow < end)
            {
                CircuitBreaker breaker = Volatile.Read(ref shared);
                try
                {
                    breaker.Call(static () => 1);
                    breaker.Acquire().Success();
                    await breaker.CallAsync(static async () => await Task.Yield());
                    // Unreachable as soon as it is called.
                    Assert.Equal(1, new CircuitBreaker(Make.OneFailure).Call(static () => 1));
                    new CircuitBreaker(Make.OneFailure).Acquire();
                    Interlocked.Increment(ref made);
                }
                catch (ObjectDisposedException)
                {
                    Interlocked.Increment(ref late);
                }
            }
        })).ToArray();
        while (DateTime.UtcNow < end)
        {
            CircuitBreaker old = Interlocked.Exchange(ref shared, new CircuitBreaker(Make.OneFailure));
            old.Dispose();
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        Task.WaitAll(callers);
        Assert.True(made > 100, $"{made} rounds");
    }

    /// <summary>Of a disposed breaker too, every success of a call that was let through is counted until the last is done.</summary>
    [Fact]
    public void Successes_from_many_threads_are_all_counted()
    {
        var breaker = new CircuitBreaker(Make.OneFailure);
        Parallel.For(0, 64, _ =>
        {
            for (int call = 0; call < 10_000; call++)
            {
                breaker.Call(static () => 1);
            }
        });
        Assert.Equal(640_000UL, breaker.Metrics().SuccessCount);
    }

    private static void StaysFlat(Action one)
    {
        const int Before = 100_000, Times = 1_000_000;
        Repeat(one, Before);
        long before = Resident();
        Repeat(one, Times);
        long grown = Resident() - before;
        // The collector's own heap comes and goes; were they leaked, it would be half a gigabyte.
        Assert.True(grown < 48 << 20, $"grown by {grown >> 10} KiB");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Repeat(Action one, int times)
    {
        for (int time = 0; time < times; time++)
        {
            one();
        }
    }

    private static long Resident()
    {
        for (int collection = 0; collection < 3; collection++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        return long.Parse(File.ReadAllText("/proc/self/statm").Split(' ')[1]) * Environment.SystemPageSize;
    }

    /// <summary>By so many calls, on this thread.</summary>
    private static long Allocated(Action call)
    {
        Repeat(call, 1_000);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Repeat(call, Calls);
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private static void Ended(Func<Task<int>, Task<int>> begin)
    {
        var ending = new TaskCompletionSource<int>();
        Task<int> call = begin(ending.Task);
        ending.SetResult(1);
        Assert.True(call.IsCompletedSuccessfully);
    }

    private static async Task<int> Await(Task<int> task) => await task.ConfigureAwait(false);
}
