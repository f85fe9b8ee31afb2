using System;
using System.Collections.Generic;
using System.IO;
using System.Net.Http;
using System.Threading;
using System.Threading.Tasks;
using K1s0.System.CircuitBreaker;
using K1s0.System.CircuitBreaker.Http;

namespace ReadmeExamples
{
    /// <summary>The examples of README.md, word by word, compiled and run. A test sees that none is missing.</summary>
    internal sealed class Examples
    {
        private readonly StringWriter Console = new() { NewLine = "\n" };

        internal string Printed => Console.ToString();

        internal async Task Use()
        {
            var breaker = new CircuitBreaker(new CircuitBreakerConfig(
                FailureThreshold: 5, // failures in a row that open it
                SuccessThreshold: 3, // successful probes that close it again
                Timeout: TimeSpan.FromSeconds(30))); // how long it rejects before it probes

            try
            {
                User user = await breaker.CallAsync(() => FetchUserAsync(42));
                Console.WriteLine(user.Name);
            }
            catch (CircuitBreakerOpenException error)
            {
                Console.WriteLine($"come back in {error.RetryAfter}"); // nothing was called
            }

            Console.WriteLine($"{breaker.State} {breaker.IsOpen}"); // Closed False
            Console.WriteLine(breaker.Metrics().SuccessCount); // 1
        }

        internal void Configure()
        {
            var config = CircuitBreakerConfig.Default with
            {
                FailureRate = 0.5,
                WindowTime = TimeSpan.FromSeconds(10),
                SlowCallDuration = TimeSpan.FromSeconds(1),
                BackoffMultiplier = 2,
                Jitter = 0.1,
            };
            new CircuitBreaker(config).Dispose();
        }

        internal async Task Http(Uri address)
        {
            var breaker = new CircuitBreaker(CircuitBreakerConfig.Default, new CircuitBreakerOptions { Name = "users" });
            using var client = new HttpClient(new CircuitBreakerHandler(breaker)
            {
                InnerHandler = new SocketsHttpHandler(),
                Timeout = TimeSpan.FromSeconds(5), // less than the client's own
            });
            using HttpResponseMessage response = await client.GetAsync(address);
            Console.WriteLine(response.StatusCode);
        }

        internal async Task Deadlines(CancellationToken caller)
        {
            var breaker = new CircuitBreaker(CircuitBreakerConfig.Default);
            string answer = await breaker.CallAsync(
                async token =>
                {
                    using var deadline = CancellationTokenSource.CreateLinkedTokenSource(token);
                    deadline.CancelAfter(TimeSpan.FromSeconds(2)); // the service's: inside
                    return await AskAsync("slow question", deadline.Token);
                },
                caller); // the caller's: outside
            Console.WriteLine(answer);
        }

        internal void Classify()
        {
            var breaker = new CircuitBreaker(CircuitBreakerConfig.Default, new CircuitBreakerOptions
            {
                ClassifyException = error => error is ValidationException ? Outcome.Ignored : null,
                ClassifyResult = result => result is Reply { IsBusy: true } busy ? new Verdict(Outcome.Failure, busy.ComeBackIn) : null,
            });
            breaker.Call(() => new Reply(true, TimeSpan.FromSeconds(1)));
            Console.WriteLine(breaker.Metrics().FailureCount);
        }

        internal async Task Permits()
        {
            var breaker = new CircuitBreaker(CircuitBreakerConfig.Default);
            using Permit permit = breaker.Acquire(); // at the end: cancelled, unless it is settled
            try
            {
                await PublishAsync("message");
                permit.Success();
            }
            catch (IOException)
            {
                permit.Failure();
                throw;
            }
        }

        internal void Log()
        {
            var breaker = new CircuitBreaker(CircuitBreakerConfig.Default, new CircuitBreakerOptions { Name = "payments" });
            var logger = new Logger(Console);
            breaker.StateChanged += (_, change) => logger.LogWarning("{Change}", change); // payments: Closed -> Open (Trip)
            breaker.Trip();
        }

        internal void Test()
        {
            long now = 0;
            var breaker = new CircuitBreaker(new CircuitBreakerConfig(5, 3, TimeSpan.FromMinutes(1)), new CircuitBreakerOptions { Clock = () => now });
            breaker.Trip();
            now += 60_000_000_000;
            Console.WriteLine(breaker.State); // HalfOpen
        }

        private static Task<User> FetchUserAsync(int id) => Task.FromResult(new User($"user {id}"));

        private static Task<string> AskAsync(string question, CancellationToken ct) => Task.FromResult($"answer to the {question}");

        private static Task PublishAsync(string message) => Task.FromResult(message);

        private sealed record User(string Name);

        private sealed record Reply(bool IsBusy, TimeSpan ComeBackIn);

        private sealed class ValidationException : Exception
        {
        }

        /// <summary>As much of an ILogger as the example needs.</summary>
        private sealed record Logger(TextWriter To)
        {
            internal void LogWarning(string format, params object[] values) => To.WriteLine(string.Join(" ", values));
        }
    }
}
