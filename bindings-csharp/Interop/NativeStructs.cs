using System.Runtime.InteropServices;

namespace K1s0.System.CircuitBreaker.Interop;

// The structs of k1s0_circuit_breaker.h, field by field; a test compares them with the header.

[StructLayout(LayoutKind.Sequential)]
internal struct NativeConfig
{
    internal ulong StructSize;
    internal ulong FailureThreshold;
    internal ulong SuccessThreshold;
    internal ulong TimeoutNs;
    internal ulong HalfOpenMaxCalls;
    internal ulong ProbeTimeoutNs;
    internal ulong FailureRatePpm;
    internal ulong MinimumCalls;
    internal ulong WindowKind;
    internal ulong WindowCalls;
    internal ulong WindowTimeNs;
    internal ulong WindowBuckets;
    internal ulong SlowCallDurationNs;
    internal ulong SlowCallRatePpm;
    internal ulong SlowMinimumCalls;
    internal ulong CountHungCalls;
    internal ulong BackoffMultiplierPpm;
    internal ulong MaxTimeoutNs;
    internal ulong JitterPpm;
    internal ulong JitterSeed;
    internal ulong HasJitterSeed;
    internal ulong Shadow;
}

[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeConfigError
{
    internal fixed byte Field[32];
    internal fixed byte Value[64];
    internal fixed byte Range[64];
    internal fixed byte Message[192];
}

[StructLayout(LayoutKind.Sequential)]
internal struct NativeRejection
{
    internal ulong RetryAfterNs;
    internal uint HasRetryAfter;
    internal uint Reason;
}

[StructLayout(LayoutKind.Sequential)]
internal struct NativeTransition
{
    internal ulong Epoch;
    internal ulong AtNs;
    internal uint From;
    internal uint To;
    internal uint Reason;
    internal uint Reserved;
}

[StructLayout(LayoutKind.Sequential)]
internal struct NativeTransitions
{
    internal uint Count;
    internal uint Reserved;
    internal NativeTransition First;
    internal NativeTransition Second;
}

[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeMetrics
{
    internal ulong StructSize;
    internal ulong Success;
    internal ulong Failure;
    internal ulong Ignored;
    internal ulong Cancelled;
    internal ulong Rejected;
    internal ulong RejectedOpen;
    internal ulong RejectedHalfOpen;
    internal ulong RejectedForcedOpen;
    internal ulong Stale;
    internal ulong Transitions;
    internal fixed ulong TransitionsBetween[9];
    internal ulong Epoch;
    internal ulong RemainingWaitNs;
    internal double SuccessRate;
    internal uint HasRemainingWait;
    internal uint HasSuccessRate;
    internal uint State;
    internal uint Forced;
    internal uint ConsecutiveFailures;
    internal uint ProbesInFlight;
    internal ulong Slow;
    internal ulong WouldReject;
    internal ulong WouldRejectOpen;
    internal ulong WouldRejectHalfOpen;
    internal ulong WouldRejectForcedOpen;
    internal ulong WindowCalls;
    internal ulong WindowFailures;
    internal ulong WindowSlow;
}
