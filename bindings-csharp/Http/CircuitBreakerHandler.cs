using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net.Http;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Threading;
using System.Threading.Tasks;

namespace K1s0.System.CircuitBreaker.Http;

/// <summary>
/// Guards the requests of an <see cref="HttpClient"/>. What a response counts as is the shared table's to say: a 404 is a healthy server's answer, a
/// 503 is a failure, and its <c>Retry-After</c> is honoured if it opens the circuit. A request is settled when the head of its response is there.
/// </summary>
/// <remarks>
/// <para>A request that the circuit does not let through throws <see cref="CircuitBreakerOpenException"/>.</para>
/// <para>
/// When <see cref="HttpClient.Timeout"/> passes, a handler sees what it sees when the caller gives up, and so the call counts as cancelled. Set
/// <see cref="Timeout"/>, and to less, so that a server that hangs counts as failing.
/// </para>
/// </remarks>
public sealed class CircuitBreakerHandler : DelegatingHandler
{
    private readonly Func<HttpRequestMessage, CircuitBreaker> _choose;
    private readonly TimeSpan _timeout = global::System.Threading.Timeout.InfiniteTimeSpan;

    /// <summary>One breaker for every request.</summary>
    public CircuitBreakerHandler(CircuitBreaker breaker)
    {
        if (breaker is null)
        {
            throw new ArgumentNullException(nameof(breaker));
        }
        _choose = _ => breaker;
    }

    /// <summary>A breaker for each host and port, of a registry whose names they are.</summary>
    public CircuitBreakerHandler(CircuitBreakerRegistry registry)
    {
        if (registry is null)
        {
            throw new ArgumentNullException(nameof(registry));
        }
        _choose = request => registry.GetOrAdd(request.RequestUri?.Authority ?? string.Empty);
    }

    /// <summary>A breaker for each request, as this function says.</summary>
    public CircuitBreakerHandler(Func<HttpRequestMessage, CircuitBreaker> choose) => _choose = choose ?? throw new ArgumentNullException(nameof(choose));

    /// <summary>How long the head of a response may take; then the request ends as <see cref="HttpClient.Timeout"/> ends it, and is a failure.
    /// None by default.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Zero, negative, or longer than a timer can run.</exception>
    public TimeSpan Timeout
    {
        get => _timeout;
        init => _timeout = value == global::System.Threading.Timeout.InfiniteTimeSpan || (value > TimeSpan.Zero && value.TotalMilliseconds <= int.MaxValue)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(Timeout), value, $"Timeout is {value}; it must be more than 0, at most {int.MaxValue} ms, or Timeout.InfiniteTimeSpan");
    }

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using Permit permit = Begin(request);
        using CancellationTokenSource? deadline = Deadline(cancellationToken);
        try
        {
            HttpResponseMessage response = await base.SendAsync(request, deadline?.Token ?? cancellationToken).ConfigureAwait(false);
            SettleResponse(permit, response);
            return response;
        }
        catch (Exception error)
        {
            if (SettleError(permit, error, cancellationToken, deadline))
            {
                throw TimedOut(error);
            }
            throw;
        }
    }

#if NET5_0_OR_GREATER
    /// <inheritdoc/>
    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using Permit permit = Begin(request);
        using CancellationTokenSource? deadline = Deadline(cancellationToken);
        try
        {
            HttpResponseMessage response = base.Send(request, deadline?.Token ?? cancellationToken);
            SettleResponse(permit, response);
            return response;
        }
        catch (Exception error)
        {
            if (SettleError(permit, error, cancellationToken, deadline))
            {
                throw TimedOut(error);
            }
            throw;
        }
    }
#endif

    private Permit Begin(HttpRequestMessage request) => _choose(request ?? throw new ArgumentNullException(nameof(request))).Acquire();

    private CancellationTokenSource? Deadline(CancellationToken cancellationToken)
    {
        if (_timeout == global::System.Threading.Timeout.InfiniteTimeSpan)
        {
            return null;
        }
        var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(_timeout);
        return deadline;
    }

    private TaskCanceledException TimedOut(Exception error) =>
        new($"the request was cancelled because the handler's Timeout of {_timeout.TotalSeconds} seconds passed", new TimeoutException(error.Message, error));

    private static void SettleResponse(Permit permit, HttpResponseMessage response)
    {
        int status = (int)response.StatusCode;
        TimeSpan? asked = Classification.RetryAfter(status, Header(response, "Retry-After"), Header(response, "Date"));
        permit.Settle(Classification.HttpStatus(status), asked);
    }

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out IEnumerable<string>? values) ? values.FirstOrDefault() : null;

    /// <summary>Whether it was the handler's own deadline.</summary>
    private static bool SettleError(Permit permit, Exception error, CancellationToken cancellationToken, CancellationTokenSource? deadline)
    {
        bool isCancelled = error is OperationCanceledException;
        bool isOurs = isCancelled && !cancellationToken.IsCancellationRequested && deadline is { IsCancellationRequested: true };
        if (isCancelled && cancellationToken.IsCancellationRequested)
        {
            permit.Settle(Classification.Transport(TransportError.Cancelled));
        }
        else if (isCancelled)
        {
            permit.Settle(Classification.Transport(TransportError.Timeout));
        }
        else if (Kind(error) is TransportError kind)
        {
            permit.Settle(Classification.Transport(kind));
        }
        else
        {
            permit.Failure();
        }
        return isOurs;
    }

    /// <summary>What .NET's words for what ended a request mean in ours; null where it has none.</summary>
    private static TransportError? Kind(Exception error)
    {
        if (error is InvalidOperationException or ArgumentException or NotSupportedException or UriFormatException)
        {
            return TransportError.InvalidRequest;
        }
#if NET8_0_OR_GREATER
        switch ((error as HttpRequestException)?.HttpRequestError)
        {
            case HttpRequestError.NameResolutionError or HttpRequestError.ConnectionError or HttpRequestError.ProxyTunnelError:
                return TransportError.Connect;
            case HttpRequestError.SecureConnectionError:
                return TransportError.Tls;
            case HttpRequestError.ResponseEnded or HttpRequestError.HttpProtocolError or HttpRequestError.InvalidResponse:
                return TransportError.Reset;
        }
#endif
        for (Exception? inner = error; inner is not null; inner = inner.InnerException)
        {
            switch (inner)
            {
                case AuthenticationException:
                    return TransportError.Tls;
                case SocketException { SocketErrorCode: SocketError.ConnectionReset or SocketError.ConnectionAborted or SocketError.Shutdown }:
                    return TransportError.Reset;
                case SocketException { SocketErrorCode: SocketError.TimedOut }:
                    return TransportError.Timeout;
                case SocketException:
                    return TransportError.Connect;
                case IOException { InnerException: null }:
                    return TransportError.Reset;
            }
        }
        return null;
    }
}
