using System.Runtime.InteropServices;
#if NET7_0_OR_GREATER
using System.Runtime.CompilerServices;
#endif

// Every signature is blittable, so nothing is marshalled and no stub is generated at run time: the same code on every target, trimmed
// and compiled ahead of time too. LibraryImport would generate just this.
#if NET7_0_OR_GREATER
[assembly: DisableRuntimeMarshalling]
#endif

namespace K1s0.System.CircuitBreaker.Interop;

/// <summary>The functions of k1s0_circuit_breaker.h.</summary>
internal static unsafe class NativeMethods
{
    internal const string Library = "k1s0_circuit_breaker";

    internal const uint AbiVersion = 2;

    internal const ulong Never = ulong.MaxValue;
    internal const ulong Off = 18446744073709551600;
    internal const ulong WindowOfTime = 1;
    internal const int RecentTransitions = 32;
    internal const int MaxName = 1024;

    internal const int Ok = 0;
    internal const int Rejected = 1;
    internal const int AlreadySettled = 2;
    internal const int InvalidConfig = 104;
    internal const int BufferTooSmall = 107;

    [DllImport(Library, ExactSpelling = true)]
    internal static extern uint k1s0_cb_abi_version();

    [DllImport(Library, ExactSpelling = true)]
    internal static extern byte* k1s0_cb_version();

    [DllImport(Library, ExactSpelling = true)]
    internal static extern byte* k1s0_cb_result_name(int result);

    [DllImport(Library, ExactSpelling = true)]
    internal static extern byte* k1s0_cb_state_name(uint state);

    [DllImport(Library, ExactSpelling = true)]
    internal static extern byte* k1s0_cb_outcome_name(uint outcome);

    [DllImport(Library, ExactSpelling = true)]
    internal static extern byte* k1s0_cb_effect_name(uint effect);

    [DllImport(Library, ExactSpelling = true)]
    internal static extern byte* k1s0_cb_reason_name(uint reason);

    [DllImport(Library, ExactSpelling = true)]
    internal static extern byte* k1s0_cb_reject_reason_name(uint reason);

    [DllImport(Library, ExactSpelling = true)]
    internal static extern byte* k1s0_cb_transport_error_name(uint error);

    [DllImport(Library, ExactSpelling = true)]
    internal static extern int k1s0_cb_config_init(NativeConfig* config, ulong size);

    [DllImport(Library, ExactSpelling = true)]
    internal static extern int k1s0_cb_new(NativeConfig* config, void** breaker, NativeConfigError* error);

    [DllImport(Library, ExactSpelling = true)]
    internal static extern int k1s0_cb_new_named(byte* name, ulong length, NativeConfig* config, void** breaker, NativeConfigError* error);

    [DllImport(Library, ExactSpelling = true)]
    internal static extern void k1s0_cb_free(void* breaker);

    [DllImport(Library, ExactSpelling = true)]
    internal static extern int k1s0_cb_admission_word(void* breaker, ulong** word);

    [DllImport(Library, ExactSpelling = true)]
    internal static extern int k1s0_cb_acquire_word(void* breaker, ulong nowNs, ulong* word, NativeRejection* rejection, NativeTransitions* transitions);

    [DllImport(Library, ExactSpelling = true)]
    internal static extern int k1s0_cb_settle_word(void* breaker, ulong word, ulong beganNs, uint outcome, ulong nowNs, uint* effect, NativeTransitions* transitions);

    [DllImport(Library, ExactSpelling = true)]
    internal static extern int k1s0_cb_settle_word_retry_after(void* breaker, ulong word, ulong beganNs, uint outcome, ulong retryAfterNs, ulong nowNs, uint* effect, NativeTransitions* transitions);

    [DllImport(Library, ExactSpelling = true)]
    internal static extern int k1s0_cb_counter_new(void* breaker, void** counter);

    [DllImport(Library, ExactSpelling = true)]
    internal static extern int k1s0_cb_counter_address(void* counter, ulong** address);

    [DllImport(Library, ExactSpelling = true)]
    internal static extern void k1s0_cb_counter_free(void* counter);

    [DllImport(Library, ExactSpelling = true)]
    internal static extern int k1s0_cb_record_success(void* breaker, ulong nowNs, NativeTransitions* transitions);

    [DllImport(Library, ExactSpelling = true)]
    internal static extern int k1s0_cb_record_failure(void* breaker, ulong nowNs, NativeTransitions* transitions);

    [DllImport(Library, ExactSpelling = true)]
    internal static extern int k1s0_cb_tick(void* breaker, ulong nowNs, NativeTransitions* transitions);

    [DllImport(Library, ExactSpelling = true)]
    internal static extern int k1s0_cb_reset(void* breaker, ulong nowNs, NativeTransitions* transitions);

    [DllImport(Library, ExactSpelling = true)]
    internal static extern int k1s0_cb_trip(void* breaker, ulong nowNs, NativeTransitions* transitions);

    [DllImport(Library, ExactSpelling = true)]
    internal static extern int k1s0_cb_force_open(void* breaker, ulong nowNs, NativeTransitions* transitions);

    [DllImport(Library, ExactSpelling = true)]
    internal static extern int k1s0_cb_force_closed(void* breaker, ulong nowNs, NativeTransitions* transitions);

    [DllImport(Library, ExactSpelling = true)]
    internal static extern int k1s0_cb_automatic(void* breaker, ulong nowNs, NativeTransitions* transitions);

    [DllImport(Library, ExactSpelling = true)]
    internal static extern int k1s0_cb_get_state(void* breaker, ulong nowNs, uint* state);

    [DllImport(Library, ExactSpelling = true)]
    internal static extern int k1s0_cb_get_metrics(void* breaker, ulong nowNs, NativeMetrics* metrics);

    [DllImport(Library, ExactSpelling = true)]
    internal static extern int k1s0_cb_recent_transitions(void* breaker, NativeTransition* items, ulong capacity, ulong* count);

    [DllImport(Library, ExactSpelling = true)]
    internal static extern int k1s0_cb_explain_json(void* breaker, ulong nowNs, byte* buffer, ulong size, ulong* needed);

    [DllImport(Library, ExactSpelling = true)]
    internal static extern int k1s0_cb_explain_text(void* breaker, ulong nowNs, byte* buffer, ulong size, ulong* needed);

    [DllImport(Library, ExactSpelling = true)]
    internal static extern int k1s0_cb_classify_http_status(int status, uint* outcome);

    [DllImport(Library, ExactSpelling = true)]
    internal static extern int k1s0_cb_classify_grpc_status(int code, uint* outcome);

    [DllImport(Library, ExactSpelling = true)]
    internal static extern int k1s0_cb_classify_transport_error(uint error, uint* outcome);

    [DllImport(Library, ExactSpelling = true)]
    internal static extern int k1s0_cb_http_retry_after(int status, byte* retryAfterHeader, ulong retryAfterLength, byte* dateHeader, ulong dateLength, ulong* waitNs);

    [DllImport(Library, ExactSpelling = true)]
    internal static extern int k1s0_cb_grpc_retry_pushback(byte* pushbackHeader, ulong length, ulong* waitNs);
}
