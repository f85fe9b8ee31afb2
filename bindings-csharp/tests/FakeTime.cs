using System;
using System.Threading;

namespace Tests;

/// <summary>A clock that stands still until it is told, as Microsoft's FakeTimeProvider: in steps of 100 ns.</summary>
internal sealed class FakeTime : TimeProvider
{
    private long _ticks = 12_345;
    private int _reads;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    internal int Reads => _reads;

    public override long GetTimestamp()
    {
        Interlocked.Increment(ref _reads);
        return Interlocked.Read(ref _ticks);
    }

    internal void Advance(TimeSpan by) => Interlocked.Add(ref _ticks, by.Ticks);
}
