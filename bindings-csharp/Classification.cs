using System;
using System.Text;
using K1s0.System.CircuitBreaker.Interop;

namespace K1s0.System.CircuitBreaker;

/// <summary>What a status or a transport error says about a service's health: the tables that every language of k1s0 shares.</summary>
public static class Classification
{
    /// <summary>Of an HTTP status. A 404 is a healthy server's answer, a 503 is not.</summary>
    public static unsafe Outcome HttpStatus(int status)
    {
        NativeLibraryCheck.Ensure();
        uint outcome;
        NativeLibraryCheck.Check(NativeMethods.k1s0_cb_classify_http_status(status, &outcome));
        return (Outcome)outcome;
    }

    /// <summary>Of a gRPC status code that the server sent, or that the client library made of a deadline or a broken connection.</summary>
    public static unsafe Outcome GrpcStatus(int code)
    {
        NativeLibraryCheck.Ensure();
        uint outcome;
        NativeLibraryCheck.Check(NativeMethods.k1s0_cb_classify_grpc_status(code, &outcome));
        return (Outcome)outcome;
    }

    /// <summary>Of a call that ended without a status.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such error.</exception>
    public static unsafe Outcome Transport(TransportError error)
    {
        NativeLibraryCheck.Ensure();
        uint outcome;
        if (NativeMethods.k1s0_cb_classify_transport_error((uint)error, &outcome) != NativeMethods.Ok)
        {
            throw new ArgumentOutOfRangeException(nameof(error), error, $"error is {error}; it must be one of {string.Join(", ", Names)}");
        }
        return (Outcome)outcome;
    }

    /// <summary>
    /// For how long an HTTP response asks not to be called: its <c>Retry-After</c>, where its status is 429 or 503, in seconds or as a date, which is taken
    /// against the response's own <c>Date</c>. Null where it asks for nothing.
    /// </summary>
    public static TimeSpan? RetryAfter(int status, string? retryAfter, string? date)
    {
        ulong nanoseconds = RetryAfterNs(status, retryAfter, date);
        return nanoseconds == NativeMethods.Off ? null : Durations.Of(nanoseconds);
    }

    private static unsafe ulong RetryAfterNs(int status, string? retryAfter, string? date)
    {
        NativeLibraryCheck.Ensure();
        byte[] value = Header(retryAfter), sent = Header(date);
        ulong nanoseconds;
        fixed (byte* first = value, second = sent)
        {
            NativeLibraryCheck.Check(NativeMethods.k1s0_cb_http_retry_after(
                status, first, (ulong)value.Length, second, (ulong)sent.Length, &nanoseconds));
        }
        return nanoseconds;
    }

    /// <summary>The same of a gRPC response: its <c>grpc-retry-pushback-ms</c>. A negative one asks for nothing.</summary>
    public static unsafe TimeSpan? GrpcRetryPushback(string? value)
    {
        NativeLibraryCheck.Ensure();
        byte[] header = Header(value);
        ulong nanoseconds;
        fixed (byte* first = header)
        {
            NativeLibraryCheck.Check(NativeMethods.k1s0_cb_grpc_retry_pushback(first, (ulong)header.Length, &nanoseconds));
        }
        return nanoseconds == NativeMethods.Off ? null : Durations.Of(nanoseconds);
    }

    /// <summary>What is longer than any date or number asks for nothing.</summary>
    private static byte[] Header(string? text) =>
        text is null || text.Length > 128 ? Array.Empty<byte>() : Encoding.UTF8.GetBytes(text);

    private static string[] Names => new[]
    {
        nameof(TransportError.Connect), nameof(TransportError.Tls), nameof(TransportError.Reset), nameof(TransportError.Timeout),
        nameof(TransportError.Cancelled), nameof(TransportError.InvalidRequest),
    };
}
