using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;

namespace K1s0.System.CircuitBreaker.Interop;

/// <summary>
/// A breaker in the native library, and the successes that are counted on this side (the header's "admission word").
/// </summary>
/// <remarks>
/// Counting references on every call would cost more than all the rest of a healthy call. So nobody ever closes a handle: it is
/// released by its finalizer, when nothing can reach it any more. Who uses the pointers keeps the handle alive by
/// <see cref="GC.KeepAlive"/> after the last use, and so a breaker may be disposed of while calls are in flight.
/// </remarks>
internal sealed unsafe class BreakerHandle : SafeHandle
{
    /// <summary>What the collector is told that a breaker takes, its counters included.</summary>
    private const long Pressure = 2048;

    /// <summary>Breakers may be made faster than the finalizer's thread frees them. Beyond so many, and a tenth more each time, whoever makes
    /// one waits a moment for it.</summary>
    private static readonly HandleCollector s_alive = new("k1s0 circuit breakers", 20_000);

    /// <summary>Threads that count in one place slow each other down, so there are more places than processors that are likely
    /// to call one breaker at once. Counters are made when their place is first used.</summary>
    private static readonly int s_places = Math.Clamp(4 * Environment.ProcessorCount, 8, 64);

    /// <summary>No counter in any place.</summary>
    private static readonly IntPtr[] s_none = new IntPtr[s_places + 1];

    private static int s_threads;

    /// <summary>Where the thread counts: 1 or more; 0 as long as it has no place, and there is no counter in 0.</summary>
    [ThreadStatic]
    private static int t_place;

    private readonly ulong* _word;
    private readonly List<IntPtr> _counters = new();
    private IntPtr[] _cells = s_none;

    private BreakerHandle(ulong* word)
        : base(IntPtr.Zero, ownsHandle: true)
    {
        _word = word;
        GC.SuppressFinalize(this);
    }

    private BreakerHandle(void* breaker)
        : base(IntPtr.Zero, ownsHandle: true)
    {
        SetHandle((IntPtr)breaker);
        GC.AddMemoryPressure(Pressure);
        s_alive.Add();
        ulong* word;
        NativeLibraryCheck.Check(NativeMethods.k1s0_cb_admission_word(breaker, &word));
        _word = word;
    }

    /// <summary>In the place of a breaker that was disposed of: its word always says "call in".</summary>
    internal static BreakerHandle Disposed { get; } = new(EndlessWord());

    public override bool IsInvalid => handle == IntPtr.Zero;

    internal bool IsDisposed => handle == IntPtr.Zero;

    private void* Breaker => (void*)handle;

    /// <summary>Makes a breaker. An answer other than <see cref="NativeMethods.Ok"/> comes without one.</summary>
    internal static int Make(byte[] name, NativeConfig config, out BreakerHandle? made, out NativeConfigError error)
    {
        void* breaker;
        NativeConfigError refused = default;
        int result;
        fixed (byte* first = name)
        {
            result = name.Length == 0
                ? NativeMethods.k1s0_cb_new(&config, &breaker, &refused)
                : NativeMethods.k1s0_cb_new_named(first, (ulong)name.Length, &config, &breaker, &refused);
        }
        error = refused;
        made = result == NativeMethods.Ok ? new BreakerHandle(breaker) : null;
        return result;
    }

    /// <summary>The admission word. With bit 0 clear it is an admission; otherwise <see cref="Acquire"/> decides.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal ulong ReadWord()
    {
        ulong word = Volatile.Read(ref *_word);
        GC.KeepAlive(this);
        return word;
    }

    /// <summary>Settles a success of a word that was read, if that is nothing but counting it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool TrySucceed(ulong word)
    {
        if ((word & 1) != 0 || Volatile.Read(ref *_word) != word)
        {
            return false;
        }
        IntPtr cell = Volatile.Read(ref _cells[t_place]);
        if (cell == IntPtr.Zero)
        {
            cell = MakeCell();
        }
        // Another thread may have the same place.
        Interlocked.Increment(ref *(long*)cell);
        GC.KeepAlive(this);
        return true;
    }

    /// <summary>Asks for admission; what is written where is the header's to say.</summary>
    internal int Acquire(ulong now, ulong* word, NativeRejection* rejection, NativeTransitions* made)
    {
        int result = NativeMethods.k1s0_cb_acquire_word(Breaker, now, word, rejection, made);
        GC.KeepAlive(this);
        if (result != NativeMethods.Rejected)
        {
            NativeLibraryCheck.Check(result);
        }
        return result;
    }

    internal Effect Settle(Ticket ticket, Outcome outcome, ulong? retryAfterNs, ulong now, NativeTransitions* made)
    {
        uint effect;
        int result = retryAfterNs is ulong asked
            ? NativeMethods.k1s0_cb_settle_word_retry_after(Breaker, ticket.Word, ticket.BeganNs, (uint)outcome, asked, now, &effect, made)
            : NativeMethods.k1s0_cb_settle_word(Breaker, ticket.Word, ticket.BeganNs, (uint)outcome, now, &effect, made);
        GC.KeepAlive(this);
        if (result != NativeMethods.AlreadySettled)
        {
            NativeLibraryCheck.Check(result);
        }
        return (Effect)effect;
    }

    internal void Operate(Operation operation, ulong now, NativeTransitions* made)
    {
        NativeLibraryCheck.Check(operation switch
        {
            Operation.RecordSuccess => NativeMethods.k1s0_cb_record_success(Breaker, now, made),
            Operation.RecordFailure => NativeMethods.k1s0_cb_record_failure(Breaker, now, made),
            Operation.Tick => NativeMethods.k1s0_cb_tick(Breaker, now, made),
            Operation.Reset => NativeMethods.k1s0_cb_reset(Breaker, now, made),
            Operation.Trip => NativeMethods.k1s0_cb_trip(Breaker, now, made),
            Operation.ForceOpen => NativeMethods.k1s0_cb_force_open(Breaker, now, made),
            Operation.ForceClosed => NativeMethods.k1s0_cb_force_closed(Breaker, now, made),
            Operation.Automatic => NativeMethods.k1s0_cb_automatic(Breaker, now, made),
            _ => throw new ArgumentOutOfRangeException(nameof(operation)),
        });
        GC.KeepAlive(this);
    }

    internal CircuitState State(ulong now)
    {
        uint state;
        NativeLibraryCheck.Check(NativeMethods.k1s0_cb_get_state(Breaker, now, &state));
        GC.KeepAlive(this);
        return (CircuitState)state;
    }

    internal NativeMetrics Metrics(ulong now)
    {
        NativeMetrics metrics = default;
        metrics.StructSize = (ulong)sizeof(NativeMetrics);
        NativeLibraryCheck.Check(NativeMethods.k1s0_cb_get_metrics(Breaker, now, &metrics));
        GC.KeepAlive(this);
        return metrics;
    }

    internal NativeTransition[] RecentTransitions()
    {
        var found = new NativeTransition[NativeMethods.RecentTransitions];
        ulong count;
        fixed (NativeTransition* items = found)
        {
            NativeLibraryCheck.Check(NativeMethods.k1s0_cb_recent_transitions(Breaker, items, (ulong)found.Length, &count));
        }
        GC.KeepAlive(this);
        Array.Resize(ref found, (int)count);
        return found;
    }

    internal string Explain(bool asJson, ulong now)
    {
        // Other threads may make it longer between two looks.
        var buffer = new byte[4096];
        while (true)
        {
            ulong needed;
            int result;
            fixed (byte* place = buffer)
            {
                result = asJson
                    ? NativeMethods.k1s0_cb_explain_json(Breaker, now, place, (ulong)buffer.Length, &needed)
                    : NativeMethods.k1s0_cb_explain_text(Breaker, now, place, (ulong)buffer.Length, &needed);
            }
            GC.KeepAlive(this);
            if (result != NativeMethods.BufferTooSmall)
            {
                NativeLibraryCheck.Check(result);
                return global::System.Text.Encoding.UTF8.GetString(buffer, 0, (int)needed - 1);
            }
            buffer = new byte[needed];
        }
    }

    protected override bool ReleaseHandle()
    {
        foreach (IntPtr counter in _counters)
        {
            NativeMethods.k1s0_cb_counter_free((void*)counter);
        }
        NativeMethods.k1s0_cb_free(Breaker);
        s_alive.Remove();
        GC.RemoveMemoryPressure(Pressure);
        return true;
    }

    private static ulong* EndlessWord()
    {
        // Read by calls that come too late, whenever that is: never freed.
        var word = (ulong*)Marshal.AllocHGlobal(sizeof(ulong));
        *word = 1;
        return word;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private IntPtr MakeCell()
    {
        if (t_place == 0)
        {
            t_place = 1 + (int)((uint)Interlocked.Increment(ref s_threads) % (uint)s_places);
        }
        int place = t_place;
        lock (_counters)
        {
            if (_cells == s_none)
            {
                _cells = new IntPtr[s_places + 1];
            }
            if (_cells[place] == IntPtr.Zero)
            {
                void* counter;
                ulong* cell;
                NativeLibraryCheck.Check(NativeMethods.k1s0_cb_counter_new(Breaker, &counter));
                _counters.Add((IntPtr)counter);
                NativeLibraryCheck.Check(NativeMethods.k1s0_cb_counter_address(counter, &cell));
                Volatile.Write(ref _cells[place], (IntPtr)cell);
            }
            return _cells[place];
        }
    }
}

/// <summary>A word that was given, and when.</summary>
internal readonly struct Ticket
{
    internal readonly ulong Word;

    /// <summary>The reading that it was asked for with; 0 where it was read in place.</summary>
    internal readonly ulong BeganNs;

    internal Ticket(ulong word, ulong beganNs)
    {
        Word = word;
        BeganNs = beganNs;
    }
}

/// <summary>What may be done with a breaker besides calling.</summary>
internal enum Operation
{
    RecordSuccess,
    RecordFailure,
    Tick,
    Reset,
    Trip,
    ForceOpen,
    ForceClosed,
    Automatic,
}
