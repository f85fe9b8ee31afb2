using System;
using System.Net;
using System.Net.Http;
using System.Threading;
using System.Threading.Tasks;
using K1s0.System.CircuitBreaker;
using K1s0.System.CircuitBreaker.Http;
using Xunit;

namespace Tests.Integration;

/// <summary>A real HttpClient against a real server.</summary>
public sealed class CircuitBreakerIntegrationTests : IDisposable
{
    private readonly FailingServer _server = new();
    private readonly FakeTime _time = new();
    private readonly CircuitBreaker _breaker;

    public CircuitBreakerIntegrationTests() => _breaker = new CircuitBreaker(
        new CircuitBreakerConfig(2, 1, TimeSpan.FromSeconds(10)),
        new CircuitBreakerOptions { Name = "server", TimeProvider = _time });

    public void Dispose() => _server.Dispose();

    [Fact]
    public async Task An_outage_from_its_beginning_to_its_end()
    {
        using HttpClient client = Client();
        Assert.Equal("ok", await client.GetStringAsync(_server.Address));
        _server.Answer = "503 Service Unavailable";
        for (int failure = 0; failure < 2; failure++)
        {
            using HttpResponseMessage response = await client.GetAsync(_server.Address);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        }
        for (int rejected = 0; rejected < 10; rejected++)
        {
            var error = await Assert.ThrowsAsync<CircuitBreakerOpenException>(() => client.GetAsync(_server.Address));
            Assert.Equal(TimeSpan.FromSeconds(10), error.RetryAfter);
        }
        Assert.Equal(3, _server.Requests);

        _time.Advance(TimeSpan.FromSeconds(10));
        _server.Answer = "200 OK";
        Assert.Equal("ok", await client.GetStringAsync(_server.Address));
        Assert.Equal(CircuitState.Closed, _breaker.State);
        Assert.Equal(4, _server.Requests);
    }

    [Theory]
    [InlineData("200 OK", Outcome.Success)]
    [InlineData("404 Not Found", Outcome.Success)]
    [InlineData("425 Too Early", Outcome.Ignored)]
    [InlineData("429 Too Many Requests", Outcome.Failure)]
    [InlineData("500 Internal Server Error", Outcome.Failure)]
    [InlineData("501 Not Implemented", Outcome.Success)]
    public async Task A_status_counts_as_the_table_says(string answer, Outcome outcome)
    {
        _server.Answer = answer;
        using HttpClient client = Client();
        using HttpResponseMessage response = await client.GetAsync(_server.Address);
        Assert.StartsWith(((int)response.StatusCode).ToString(), answer);
        Assert.Equal(outcome, Ended());
    }

    [Fact]
    public async Task Retry_after_is_honoured()
    {
        using HttpClient client = Client();
        _server.Answer = "503 Service Unavailable\r\nRetry-After: 77";
        (await client.GetAsync(_server.Address)).Dispose();
        (await client.GetAsync(_server.Address)).Dispose();
        Assert.Equal(TimeSpan.FromSeconds(77), _breaker.Metrics().RemainingWait);
        _breaker.Reset();
        _server.Answer = "429 Too Many Requests\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nRetry-After: Sun, 06 Nov 1994 08:50:37 GMT";
        (await client.GetAsync(_server.Address)).Dispose();
        (await client.GetAsync(_server.Address)).Dispose();
        Assert.Equal(TimeSpan.FromSeconds(60), _breaker.Metrics().RemainingWait);
    }

    [Fact]
    public async Task Connections_that_fail_or_break_are_failures()
    {
        _server.Answer = FailingServer.Break;
        using HttpClient client = Client();
        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync(_server.Address));
        Assert.Equal(Outcome.Failure, Ended());
        _server.Dispose();
        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync(_server.Address));
        Assert.True(_breaker.IsOpen);
    }

    [Fact]
    public async Task A_server_that_speaks_no_tls_is_a_failure()
    {
        using HttpClient client = Client();
        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync($"https://{_server.Address.Authority}/"));
        Assert.Equal(Outcome.Failure, Ended());
    }

    [Fact]
    public async Task A_caller_who_gives_up_says_nothing_of_the_server()
    {
        _server.Answer = FailingServer.Hang;
        using HttpClient client = Client();
        using var caller = new CancellationTokenSource();
        Task call = client.GetAsync(_server.Address, caller.Token);
        SpinWait.SpinUntil(() => _server.Requests == 1);
        caller.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        Assert.Equal(Outcome.Cancelled, Ended());
    }

    [Fact]
    public async Task A_server_that_hangs_fails_by_the_handlers_own_deadline()
    {
        _server.Answer = FailingServer.Hang;
        using HttpClient client = Client(TimeSpan.FromMilliseconds(50));
        for (int call = 0; call < 2; call++)
        {
            var error = await Assert.ThrowsAsync<TaskCanceledException>(() => client.GetAsync(_server.Address));
            Assert.IsType<TimeoutException>(error.InnerException);
        }
        Assert.True(_breaker.IsOpen);
        Assert.Throws<ArgumentOutOfRangeException>(() => new CircuitBreakerHandler(_breaker) { Timeout = TimeSpan.Zero });
    }

    [Fact]
    public void Synchronous_requests_are_guarded_too()
    {
        using HttpClient client = Client();
        _server.Answer = "500 Internal Server Error";
        for (int failure = 0; failure < 2; failure++)
        {
            using HttpResponseMessage response = client.Send(new HttpRequestMessage(HttpMethod.Get, _server.Address));
        }
        Assert.Throws<CircuitBreakerOpenException>(() => client.Send(new HttpRequestMessage(HttpMethod.Get, _server.Address)));
        Assert.Equal(2, _server.Requests);
    }

    [Fact]
    public async Task A_breaker_for_each_host()
    {
        using var other = new FailingServer();
        var registry = new CircuitBreakerRegistry(new CircuitBreakerConfig(1, 1, TimeSpan.FromSeconds(10)));
        using var client = new HttpClient(new CircuitBreakerHandler(registry) { InnerHandler = new SocketsHttpHandler() });
        _server.Answer = "500 Internal Server Error";
        (await client.GetAsync(_server.Address)).Dispose();
        await Assert.ThrowsAsync<CircuitBreakerOpenException>(() => client.GetAsync(_server.Address));
        Assert.Equal("ok", await client.GetStringAsync(other.Address));
        Assert.True(registry.GetOrAdd(_server.Address.Authority).IsOpen);
        Assert.Equal(2, registry.Count);
    }

    [Fact]
    public async Task Around_a_plain_client_as_the_specification_has_it()
    {
        using var client = new HttpClient();
        _server.Answer = "500 Internal Server Error";
        for (int failure = 0; failure < 2; failure++)
        {
            await Assert.ThrowsAsync<HttpRequestException>(() => _breaker.CallAsync(() => client.GetStringAsync(_server.Address)));
        }
        await Assert.ThrowsAsync<CircuitBreakerOpenException>(() => _breaker.CallAsync(() => client.GetStringAsync(_server.Address)));
        Assert.Equal(2, _server.Requests);
    }

    private HttpClient Client(TimeSpan? timeout = null) =>
        new(new CircuitBreakerHandler(_breaker) { InnerHandler = new SocketsHttpHandler(), Timeout = timeout ?? Timeout.InfiniteTimeSpan });

    /// <summary>How the one call ended.</summary>
    private Outcome Ended()
    {
        CircuitBreakerMetrics metrics = _breaker.Metrics();
        Assert.Equal(1UL, metrics.SuccessCount + metrics.FailureCount + metrics.IgnoredCount + metrics.CancelledCount);
        return metrics switch
        {
            { SuccessCount: 1 } => Outcome.Success,
            { FailureCount: 1 } => Outcome.Failure,
            { IgnoredCount: 1 } => Outcome.Ignored,
            _ => Outcome.Cancelled,
        };
    }
}
