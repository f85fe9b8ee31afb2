using System;
using System.Threading;

namespace K1s0.System.CircuitBreaker.Interop;

/// <summary>Lengths of time: .NET's, in steps of 100 ns, and the library's, in nanoseconds of 64 bits.</summary>
internal static class Durations
{
    private const ulong Tick = 100;

    /// <summary>What 64 bits of nanoseconds do not hold is never, and so is <see cref="Timeout.InfiniteTimeSpan"/>.</summary>
    internal static ulong Nanoseconds(string field, TimeSpan length)
    {
        if (length == Timeout.InfiniteTimeSpan)
        {
            return NativeMethods.Never;
        }
        if (length < TimeSpan.Zero)
        {
            throw new ArgumentOutOfRangeException(field, length, $"{field} is {length}; it must be 0 or more, or Timeout.InfiniteTimeSpan");
        }
        ulong ticks = (ulong)length.Ticks;
        return ticks > NativeMethods.Never / Tick ? NativeMethods.Never : ticks * Tick;
    }

    /// <summary>Rounded up: who waits so long has not come too early.</summary>
    internal static TimeSpan Of(ulong nanoseconds) => nanoseconds == NativeMethods.Never
        ? Timeout.InfiniteTimeSpan
        : TimeSpan.FromTicks((long)((nanoseconds / Tick) + (nanoseconds % Tick == 0 ? 0UL : 1)));
}
